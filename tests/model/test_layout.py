"""What a file holds is what the layout of its spec says: all that we write, and all that we ship."""

import itertools
import random
from contextlib import suppress
from pathlib import Path

import pytest
import torch

import tinycode_ls
from tinycode_ls.engine.model import load_model, open_model
from tinycode_ls.model.card import ModelCard
from tinycode_ls.model.contents import layout_of_file, metadata
from tinycode_ls.model.layout import layout_of_spec
from tinycode_ls.model.spec import ModelSpec
from trainer.export import model_bytes, to_arrays
from trainer.network import Network

SHIPPED = sorted((Path(tinycode_ls.__file__).parent / "assets").glob("*.onnx"))


def written(spec: ModelSpec) -> bytes:
    """A file of an untrained network."""
    torch.manual_seed(0)
    return model_bytes(to_arrays(Network(spec).state_dict()), ModelCard(spec))


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_every_network_that_can_be_written_loads(cell: str) -> None:
    """One layer and several, tied or not, with attention or without."""
    for layers, tied, attention in itertools.product((1, 2, 8), (False, True), (0, 1, 128, 1024)):
        spec = ModelSpec(cell, layers, 12, 5, tied, attention)
        content = written(spec)
        assert layout_of_file(content) == layout_of_spec(spec)
        assert open_model(content, "x").card.spec == spec


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_model_loads(path: Path) -> None:
    """They were written by several versions."""
    assert layout_of_file(path.read_bytes()) == layout_of_spec(load_model(path).card.spec)


def test_damaged_bytes_are_a_value_error_or_another_layout() -> None:
    """Never another kind of error, whatever byte is changed or cut off."""
    content, chance = written(ModelSpec("lstm", 1, 2, 1)), random.Random(1)
    for _ in range(3000):
        damaged = bytearray(content)
        for _ in range(chance.randint(1, 3)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        for part in (bytes(damaged), bytes(damaged[: chance.randrange(len(damaged))])):
            for read in (layout_of_file, metadata):
                with suppress(ValueError):
                    read(part)
