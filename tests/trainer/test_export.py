"""The exported file is the network: every cell, every layer, both ways; a drifting one is refused."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tinycode_ls.engine.mixer import mixer_to_bytes
from tinycode_ls.engine.model import open_model
from tinycode_ls.errors import ModelFileError, TrainingError
from tinycode_ls.model.card import ModelCard
from tinycode_ls.model.spec import ModelSpec
from trainer import graph
from trainer.export import export_checked, import_weights, model_bytes, to_arrays
from trainer.loop import StepFigures, start_run, train
from trainer.mixer import MixerNetwork
from trainer.network import Network
from trainer.recipe import Recipe
from trainer.samples import Sample
from trainer.validation import Quality

SPECS = [
    ModelSpec(hidden=24, embedding=8),
    ModelSpec(layers=2, hidden=24, embedding=8),
    ModelSpec(cell="gru", layers=2, hidden=24, embedding=8),
    ModelSpec(cell="rnn", hidden=24, embedding=8),
    ModelSpec(hidden=24, embedding=8, tie_weights=True),
    ModelSpec(hidden=24, embedding=8, attention=12),
    ModelSpec(cell="gru", layers=2, hidden=24, embedding=8, tie_weights=True, attention=1),
]


class Quiet:
    """A listener that is not interested."""

    def on_step(self, figures: StepFigures) -> None:
        """Nothing."""

    def on_validation(self, figures: StepFigures, quality: Quality, best: bool) -> None:
        """Nothing."""

    def on_sample(self, step: int, sample: Sample) -> None:
        """Nothing."""


def network_of(spec: ModelSpec) -> Network:
    """Untrained, with biases that are not zero, so that a swapped gate shows."""
    torch.manual_seed(1)
    network = Network(spec).eval()
    for weight in network.parameters():
        weight.data += 0.1 * torch.randn_like(weight)
    return network


@pytest.mark.parametrize(
    "spec", SPECS, ids=lambda spec: f"{spec.cell}-{spec.layers}-{spec.tie_weights}-{spec.attention}"
)
def test_the_file_answers_as_the_network(spec: ModelSpec, source_text: bytes) -> None:
    """Logits within int8's error, also with a state carried over and with several streams."""
    network = network_of(spec)
    model = open_model(model_bytes(to_arrays(network.state_dict()), ModelCard(spec)), "test")
    ids = np.frombuffer(source_text[:120], np.uint8).astype(np.int64).reshape(40, 3)
    with torch.no_grad():
        expected, _ = network(torch.from_numpy(ids), network.initial_state(3))
    first, state = model.run(ids[:17], model.initial_state(3), 17)
    rest, _ = model.run(ids[17:], state, 23)
    error = np.abs(np.concatenate([first, rest]) - expected.numpy()).mean() / expected.std().item()
    assert error < 0.05


@pytest.mark.parametrize(
    "spec", SPECS, ids=lambda spec: f"{spec.cell}-{spec.layers}-{spec.tie_weights}-{spec.attention}"
)
def test_weights_come_back(spec: ModelSpec) -> None:
    """`tune` starts from the file: each weight within half a step of its scale."""
    weights = to_arrays(network_of(spec).state_dict())
    back = import_weights(model_bytes(weights, ModelCard(spec)), spec)
    assert back.keys() == weights.keys()
    for name, array in weights.items():
        assert np.abs(back[name] - array).max() <= np.abs(array).max() / (1.98 * graph.LARGEST)


def test_the_card_and_the_mixer_travel_in_the_file() -> None:
    """Everything the file says of itself is read back."""
    spec = SPECS[0]
    card = ModelCard(spec, "name", ("python",), "MIT", "abc", "test", {"steps": 1}, {"held_out_bits": 1.5})
    mixer = mixer_to_bytes(MixerNetwork().to_mixer())
    model = open_model(model_bytes(to_arrays(network_of(spec).state_dict()), card, mixer), "test")
    assert model.card == card and model.mixer_bytes == mixer
    with pytest.raises(ModelFileError, match=r"test: .*mixer is damaged"):
        open_model(model_bytes(to_arrays(network_of(spec).state_dict()), card, b"rubbish"), "test")


def test_a_drifting_export_is_refused(tmp_path: Path, source_text: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quantiser that is far too coarse for a trained network is caught by measuring; the message says by how much."""
    real = graph.quantise

    def coarse(columns):
        whole, scale = real(columns)
        return (whole // 64 * 64).astype(np.int8), scale

    held_out = np.frombuffer(source_text * 20, np.uint8)
    recipe = Recipe(hidden=24, embedding=8, batch=4, sequence=16, steps=60, learning_rate=0.02, threads=1)
    run = start_run(recipe, "x")
    train(run, held_out, held_out, tmp_path, Quiet())
    weights = to_arrays(run.network.state_dict())
    export_checked(weights, ModelCard(recipe.spec), None, held_out)
    monkeypatch.setattr(graph, "quantise", coarse)
    with pytest.raises(TrainingError, match=r"drifts: .*%"):
        export_checked(weights, ModelCard(recipe.spec), None, held_out)


def test_no_two_products_overflow_sixteen_bits() -> None:
    """Processors without VNNI add two products of an activation (up to 255) and a weight in 16 bits."""
    columns = np.random.default_rng(0).normal(size=(40, 12)).astype(np.float32)
    whole, scale = graph.quantise(columns)
    assert 2 * 255 * int(np.abs(whole).max()) < 2**15
    assert np.abs(whole * scale - columns).max() <= np.abs(columns).max() / (1.98 * graph.LARGEST)
