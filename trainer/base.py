"""The model that a run starts from: its weights at the start, its share in the weights at the end, its mixer."""

import hashlib
from pathlib import Path

import torch
from torch import Tensor

from tinycode_ls.engine.model import load_model
from tinycode_ls.errors import TrainingError
from tinycode_ls.model.file import read_model_file

from .attention import with_attention, with_reach
from .checkpoint import Checkpoint
from .export import import_weights, to_arrays
from .graph import Weights
from .order import Order
from .recipe import Recipe


def base_weights(order: Order, recipe: Recipe) -> dict[str, Tensor] | None:
    """The weights to start from, or None for random ones; what attention the base lacks is added."""
    if not order.base:
        return None
    path = Path(order.base)
    spec = load_model(path, mixed=False).card.spec
    weights = {name: torch.from_numpy(array) for name, array in import_weights(read_model_file(path), spec).items()}
    if recipe.attention and not spec.attention:
        torch.manual_seed(recipe.seed)
        return with_attention(weights, recipe.spec)
    if recipe.attention > spec.attention:
        return with_reach(weights, recipe.spec)
    return weights


def digest_of(base: str) -> str:
    """The sha256 of a model file; empty for none."""
    return hashlib.sha256(read_model_file(Path(base))).hexdigest() if base else ""


def check_base(order: Order, recipe: Recipe) -> None:
    """Raises TrainingError where the base, of which a share goes into the network, is another by now: that would spoil it."""
    if recipe.base_share and order.base_sha256 and digest_of(order.base) != order.base_sha256:
        raise TrainingError(f"{order.base}: another model than when the run began; restore it, or start a new run")


def base_mixer(order: Order) -> bytes | None:
    """The mixer of the model that the run started from."""
    return load_model(Path(order.base)).mixer_bytes if order.base else None


def final_weights(checkpoint: Checkpoint, order: Order) -> Weights:
    """Those of the model file: between the network's and the base's, by the recipe's share of the base. Raises TrainingError
    where the base is another by now."""
    weights, recipe = to_arrays(checkpoint.weights), checkpoint.recipe
    check_base(order, recipe)
    base = base_weights(order, recipe) if recipe.base_share else None
    if base is None:
        return weights
    if {name: array.shape for name, array in weights.items()} != {name: array.shape for name, array in base.items()}:
        raise TrainingError(f"{order.base}: of another shape than when the run began; restore it, or start a new run")
    return blend(weights, to_arrays(base), recipe.base_share)


def blend(trained: Weights, base: Weights, base_share: float) -> Weights:
    """Weight by weight: (1 - base_share) of `trained` and base_share of `base`."""
    return {name: (1 - base_share) * array + base_share * base[name] for name, array in trained.items()}
