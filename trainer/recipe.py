"""Every number of a training run, in one dataclass: the command line's flags, the run's record, the model's card."""

import json
import math
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from tinycode_ls.atomic import write_atomic
from tinycode_ls.errors import SettingsError, TrainingError
from tinycode_ls.model.spec import ModelSpec

from .flags import expect, expect_within

MOST_SEED = 2**63 - 1
"""All that torch takes."""
MOST_THREADS = 1024


def _flag(default: Any, sentence: str, group: str) -> Any:
    return field(default=default, metadata={"help": sentence, "group": group})


@dataclass(frozen=True)
class Recipe:
    """Each field is a flag of `tinycode-train fit` (underscores become hyphens), with its default and sentence. Raises
    SettingsError for a value that makes no sense, ModelFileError for a shape that does not."""

    cell: str = _flag("lstm", "recurrent cell: lstm, gru or rnn", "network")
    layers: int = _flag(1, "recurrent layers", "network")
    hidden: int = _flag(512, "units of each layer", "network")
    embedding: int = _flag(64, "size of a byte's embedding", "network")
    tie_weights: bool = _flag(False, "use the embedding matrix as output layer", "network")
    attention: int = _flag(128, "states of the top layer that one attention head looks back on (0 = off)", "network")
    dropout: float = _flag(0.1, "share of activations dropped while training (0 = off)", "network")

    minutes: float = _flag(0.0, "stop after this many minutes of training (0 = by --epochs or --steps)", "length")
    epochs: float = _flag(3.0, "times the corpus is read, unless --minutes or --steps says otherwise", "length")
    most_epochs: float = _flag(
        0.0, "with --minutes: end when the corpus was read this many times (0 = go on)", "length"
    )
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

    base_share: float = _flag(0.0, "share of the base's weights in the model: from 0, the trained ones, to 1", "run")
    validate_every: int = _flag(500, "optimiser steps between validations", "run")
    validation_bytes: int = _flag(400_000, "bytes read in a validation", "run")
    lanes: int = _flag(
        0, "shards read side by side, each by its share of the streams (0 = one for each process)", "run"
    )
    save_seconds: float = _flag(60.0, "seconds between checkpoints", "run")
    seed: int = _flag(1, "same seed, same bytes of the model on one machine", "run")
    device: str = _flag("auto", "auto (cuda, else cpu), cpu, cuda or mps", "run")
    precision: str = _flag("auto", "auto, float32 or bfloat16 (autocast)", "run")
    threads: int = _flag(0, "CPU threads (0 = all cores; by the clock, as many as are fastest just now)", "run")

    def __post_init__(self) -> None:
        for name in ("batch", "sequence", "accumulate", "validate_every", "validation_bytes"):
            expect_within(name, getattr(self, name), 1)
        for name in ("minutes", "epochs", "most_epochs", "steps", "patience", "weight_decay", "clip", "save_seconds"):
            expect_within(name, getattr(self, name), 0)
        for name in ("final_rate", "warmup", "base_share"):
            expect_within(name, getattr(self, name), 0, 1)
        expect_within("seed", self.seed, 0, MOST_SEED)
        expect_within("threads", self.threads, 0, MOST_THREADS)
        expect(0 < self.learning_rate < math.inf, "learning_rate", self.learning_rate, "a number above 0")
        expect(0 <= self.dropout < 1, "dropout", self.dropout, "0 or more and below 1")
        divides = self.lanes >= 0 and not (self.lanes and self.batch % self.lanes)
        expect(divides, "lanes", self.lanes, f"a number that divides --batch {self.batch}, or 0")
        named = self.precision in ("auto", "float32", "bfloat16")
        expect(named, "precision", self.precision, "auto, float32 or bfloat16")
        if not (self.minutes or self.steps or self.epochs):
            raise SettingsError("the run has no length; give --minutes, --steps or --epochs above 0")
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
    minutes=3.0,
    most_epochs=5.0,
    learning_rate=1e-3,
    batch=32,
    sequence=64,
    dropout=0.0,
    base_share=0.3,
    validate_every=100,
    patience=8,
)
"""Where `tune` differs from `fit`: a short run from good weights, on little text. A point between both networks keeps what the
base knows of code in general (Wortsman et al. 2022, WiSE-FT): on folders of a package left out of its tuning a share of 0.3
gave 1.400 bits, 0 gave 1.424."""
