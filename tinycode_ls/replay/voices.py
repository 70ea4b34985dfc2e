"""The voices by themselves: what the network says without any text to count in, what the counts say without it.

`network` is the network alone: no index, no open document, no mixer. `index` is the same mixer over the same counts with a
network that finds every byte as likely as every other (the mixer was fitted beside a network that knows something, so this
is a little less than counts could do with a mixer of their own). `mixture` is what the server shows.
"""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..completer import Completer
from ..engine.model import Array, Model, State
from ..index.workspace import Workspace
from ..suggestion import Request

NETWORK, INDEX, MIXTURE = "network", "index", "mixture"


class SilentNetwork(Model):
    """A model whose network has no opinion: its logits are zero. The mixer is that of the model it was made from."""

    def __init__(self, model: Model) -> None:
        vars(self).update(vars(model))

    def run(self, ids: npt.NDArray[np.int64], state: State, tail: int) -> tuple[Array, State]:
        """ids [T, B] -> zeros [tail, B, 256], the state as it was."""
        return np.zeros((tail, ids.shape[1], 256), np.float32), state


def network_alone(model: Model) -> Model:
    """The model without its mixer: the completer then counts nothing."""
    alone = copy.copy(model)
    alone.mixer = None
    return alone


def completers(models: Callable[[Request], Model], workspace: Workspace | None) -> dict[str, Completer]:
    """One for each voice. `models(request)` gives the model for a document."""
    return {
        NETWORK: Completer(_each_once(models, network_alone), None),
        INDEX: Completer(_each_once(models, SilentNetwork), workspace),
        MIXTURE: Completer(models, workspace),
    }


def _each_once(models: Callable[[Request], Model], make: Callable[[Model], Any]) -> Callable[[Request], Model]:
    """A completer forgets what it has read when it is given another model object."""
    made: dict[int, tuple[Model, Model]] = {}

    def model_for(request: Request) -> Model:
        model = models(request)
        if id(model) not in made:
            made[id(model)] = model, make(model)
        return made[id(model)][1]

    return model_for
