"""Checkpoints: everything a run needs to go on as if it had not stopped, written atomically, loaded without pickle code."""

import io
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tinycode_ls.atomic import write_atomic
from tinycode_ls.errors import TinycodeError, TrainingError, reason_of

from .recipe import Recipe

CHECKPOINT_VERSION = 1


@dataclass
class Progress:
    """Where a run stands. `chunk` counts within `epoch`; `seconds` is training time without the pauses; `validated_step`: the
    step after which the network was last judged."""

    step: int = 0
    epoch: int = 0
    chunk: int = 0
    seconds: float = 0.0
    bytes_read: int = 0
    best_bits: float = float("inf")
    validations_without_gain: int = 0
    validated_step: int = 0


@dataclass(frozen=True)
class Checkpoint:
    """`optimiser` and `state` are empty in a checkpoint kept only for its weights (best.pt)."""

    recipe: Recipe
    progress: Progress
    weights: dict[str, Tensor]
    optimiser: dict[str, Any]
    state: tuple[Tensor, ...]
    random: Tensor
    corpus_hash: str


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Atomic: a kill at any moment leaves the old checkpoint or the new one."""
    data = {
        "version": CHECKPOINT_VERSION,
        "recipe": checkpoint.recipe.to_dict(),
        "progress": asdict(checkpoint.progress),
        "weights": checkpoint.weights,
        "optimiser": checkpoint.optimiser,
        "state": checkpoint.state,
        "random": checkpoint.random,
        "corpus_hash": checkpoint.corpus_hash,
    }
    content = io.BytesIO()  # on a disk that is full torch.save says RuntimeError, of positions in a zip file
    torch.save(data, content)
    write_atomic(path, content.getvalue())


def load_checkpoint(path: Path) -> Checkpoint:
    """Raises TrainingError when the file is absent, unreadable, damaged or of another version; it is left alone."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TrainingError(
            f"{path}: no checkpoint to read there ({reason_of(error)}); "
            "expected last.pt or best.pt of a run made by `tinycode-train`; one that stopped before it saved any begins anew"
        ) from error
    try:
        if damaged := zipfile.ZipFile(io.BytesIO(content)).testzip():  # torch takes other bytes for other weights
            raise ValueError(damaged)
        data = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        version = data.pop("version")
        if version != CHECKPOINT_VERSION:
            raise TrainingError(f"{path}: checkpoint version {version}, expected {CHECKPOINT_VERSION}; start a new run")
        data["recipe"] = Recipe.from_dict(data["recipe"])
        data["progress"] = Progress(**data["progress"])
        return Checkpoint(**data)
    except TinycodeError:
        raise
    except Exception as error:  # torch raises many kinds for damaged files
        raise TrainingError(
            f"{path}: damaged or not a checkpoint; use the run's other checkpoint or start again"
        ) from error
