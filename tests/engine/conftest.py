"""What the engine promises holds for every kind of state: these tests run with and without attention."""

import pytest
import torch

from tinycode_ls.engine.model import Model, open_model
from tinycode_ls.model.card import ModelCard
from tinycode_ls.model.spec import ModelSpec
from trainer.export import model_bytes, to_arrays
from trainer.network import Network


@pytest.fixture(scope="session", params=[0, 20], ids=["plain", "attention"])
def tiny_model(request: pytest.FixtureRequest) -> Model:
    """An untrained network of 32 units, loaded from a file's content."""
    torch.manual_seed(0)
    network = Network(ModelSpec(hidden=32, embedding=16, attention=request.param)).eval()
    return open_model(model_bytes(to_arrays(network.state_dict()), ModelCard(network.spec)), "tiny")
