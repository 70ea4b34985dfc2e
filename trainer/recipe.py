"""Every number of a training run, in one dataclass: the command line's flags, the run's record, the model's card."""

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from tinycode_ls.atomic import write_atomic
from tinycode_ls.errors import TrainingError
from tinycode_ls.model.spec import ModelSpec


def _flag(default: Any, sentence: str, group: str) -> Any:
    return field(default=default, metadata={"help": sentence, "group": group})


@dataclass(frozen=True)
class Recipe:
    """Each field is a flag of `tinycode-train fit` (underscores become hyphens), with its default and sentence."""

    cell: str = _flag("lstm", "recurrent cell: lstm, gru or rnn", "network")
    layers: int = _flag(1, "recurrent layers", "network")
    hidden: int = _flag(512, "units of each layer", "network")
    embedding: int = _flag(64, "size of a byte's embedding", "network")
    tie_weights: bool = _flag(False, "use the embedding matrix as output layer", "network")
    attention: int = _flag(128, "states of the top layer that one attention head looks back on (0 = off)", "network")
    dropout: float = _flag(0.1, "share of activations dropped while training (0 = off)", "network")

    minutes: float = _flag(0.0, "stop after this many minutes of training (0 = by --epochs or --steps)", "length")
    epochs: float = _flag(3.0, "times the corpus is read, unless --minutes or --steps says otherwise", "length")
    steps: int = _flag(0, "stop after this many optimiser steps (0 = by --minutes or --epochs)", "length")
    patience: int = _flag(0, "stop after this many validations without a better one (0 = never)", "length")

    batch: int = _flag(32, "streams read side by side, over all processes", "optimiser")
    sequence: int = _flag(128, "bytes between two optimiser steps (truncated back-propagation)", "optimiser")
    accumulate: int = _flag(1, "sequences whose gradients are added up before a step", "optimiser")
    learning_rate: float = _flag(5e-3, "peak learning rate of AdamW", "optimiser")
    final_rate: float = _flag(0.03, "learning rate at the end, as a share of the peak (cosine)", "optimiser")
    warmup: float = _flag(0.02, "share of the run in which the learning rate rises", "optimiser")
    weight_decay: float = _flag(0.01, "AdamW weight decay of matrices", "optimiser")
    clip: float = _flag(1.0, "largest gradient norm (0 = no clipping)", "optimiser")

    validate_every: int = _flag(500, "optimiser steps between validations", "run")
    validation_bytes: int = _flag(400_000, "bytes read in a validation", "run")
    lanes: int = _flag(
        0, "shards read side by side, each by its share of the streams (0 = one for each process)", "run"
    )
    save_seconds: float = _flag(60.0, "seconds between checkpoints", "run")
    seed: int = _flag(1, "same seed, same bytes of the model on one machine", "run")
    device: str = _flag("auto", "auto, cpu, cuda or mps", "run")
    precision: str = _flag("auto", "auto, float32 or bfloat16 (autocast)", "run")
    threads: int = _flag(0, "CPU threads (0 = all cores; by the clock, as many as are fastest just now)", "run")

    def __post_init__(self) -> None:
        for name in ("batch", "sequence", "accumulate", "validate_every", "validation_bytes"):
            if getattr(self, name) < 1:
                raise TrainingError(f"--{name.replace('_', '-')} is {getattr(self, name)}; expected 1 or more")
        if self.lanes < 0 or (self.lanes and self.batch % self.lanes):
            raise TrainingError(f"--lanes is {self.lanes}; expected a number that divides --batch {self.batch}, or 0")
        if not 0 <= self.dropout < 1:
            raise TrainingError(f"--dropout is {self.dropout}; expected 0 or more and below 1")
        if self.precision not in ("auto", "float32", "bfloat16"):
            raise TrainingError(f"--precision is {self.precision!r}; expected auto, float32 or bfloat16")
        if self.minutes < 0 or self.steps < 0 or (not self.minutes and not self.steps and self.epochs <= 0):
            raise TrainingError("the run has no length; give --minutes, --steps or --epochs above 0")
        _ = self.spec  # which judges its own sizes

    @property
    def spec(self) -> ModelSpec:
        """The network's shape."""
        return ModelSpec(self.cell, self.layers, self.hidden, self.embedding, self.tie_weights, self.attention)

    def to_dict(self) -> dict[str, Any]:
        """For the run's folder and the model's card."""
        return asdict(self)

    def save(self, path: Path) -> None:
        """Write it as JSON, atomically."""
        write_atomic(path, json.dumps(self.to_dict(), indent=1).encode())

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Recipe":
        """Raises TrainingError when a field is unknown (a run of another version)."""
        unknown = set(data) - {f.name for f in fields(cls)}
        if unknown:
            raise TrainingError(
                f"the recipe has {', '.join(sorted(unknown))}, unknown to this version; start a new run"
            )
        return cls(**data)


TUNE_DEFAULTS = Recipe(
    minutes=3.0, learning_rate=1e-3, batch=32, sequence=64, dropout=0.0, validate_every=100, patience=8
)
"""Where `tune` differs from `fit`: a short run from good weights, on little text."""
