"""Small real models, made once: nothing here is a stand-in for the network or the file format."""

from pathlib import Path

import pytest
import torch

from tinycode_ls.engine.model import Model, load_model
from tinycode_ls.model.card import ModelCard
from tinycode_ls.model.spec import ModelSpec
from trainer.export import model_bytes, to_arrays
from trainer.network import Network

TEXT = (
    b"def add(first, second):\n    return first + second\n\n\ndef sub(first, second):\n    return first - second\n" * 3
)


@pytest.fixture(scope="session")
def tiny_network() -> Network:
    """An untrained network of 32 units: its answers mean nothing, but they are its own."""
    torch.manual_seed(0)
    return Network(ModelSpec(hidden=32, embedding=16)).eval()


@pytest.fixture(scope="session")
def tiny_model_file(tmp_path_factory: pytest.TempPathFactory, tiny_network: Network) -> Path:
    """That network as a model file."""
    path = tmp_path_factory.mktemp("model") / "tiny.onnx"
    card = ModelCard(tiny_network.spec, name="tiny", languages=("python",))
    path.write_bytes(model_bytes(to_arrays(tiny_network.state_dict()), card))
    return path


@pytest.fixture(scope="session")
def tiny_model(tiny_model_file: Path) -> Model:
    """That file, loaded."""
    return load_model(tiny_model_file)


@pytest.fixture
def source_text() -> bytes:
    """A little Python."""
    return TEXT
