"""What a run's folder tells of how it went: metrics.jsonl and recipe.json, read back. Knows no torch and no pictures."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycode_ls.characters import printable
from tinycode_ls.errors import TrainingError, reason_of

Record = dict[str, Any]
Column = npt.NDArray[np.float64]
NEEDED = {
    "step": ("step", "bits", "accuracy", "rate", "gradient_norm", "bytes_read", "seconds"),
    "validation": ("step", "bits", "accuracy"),
    "sample": ("step", "prompt", "text"),
}
"""What a record of each kind must hold to be used."""


@dataclass(frozen=True)
class History:
    """A run's records by kind, in the order of steps. `damaged` lines were passed over."""

    name: str
    folder: Path
    steps: list[Record]
    validations: list[Record]
    samples: list[Record]
    recipe: Mapping[str, Any] = field(default_factory=dict)
    damaged: int = 0

    def column(self, key: str) -> Column:
        """One figure over the recorded steps."""
        return np.array([record[key] for record in self.steps], np.float64)

    def held_out(self, key: str) -> Column:
        """One figure over the validations."""
        return np.array([record[key] for record in self.validations], np.float64)

    def bytes_at_validations(self) -> Column:
        """Bytes read when each validation was made."""
        return np.interp(self.held_out("step"), self.column("step"), self.column("bytes_read"))


def read_history(folder: Path) -> History:
    """Raises TrainingError when `folder` is no run, or one that stopped before its first record."""
    path = folder / "metrics.jsonl"
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
        recipe = json.loads((folder / "recipe.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        reason = reason_of(error)
        missing = Path(error.filename).name if isinstance(error, OSError) and error.filename else "recipe.json"
        raise TrainingError(
            f"{folder}: no run to report on ({missing}: {reason}); expected the folder of a `tinycode-train fit` or "
            "`tune`, the one with metrics.jsonl and recipe.json"
        ) from error
    kinds: dict[str, list[Record]] = {kind: [] for kind in NEEDED}
    damaged = 0
    for line in filter(str.strip, lines):
        record = _record(line)
        if record is None:
            damaged += 1
        else:
            _append(kinds[record["kind"]], record)
    if not kinds["step"]:
        raise TrainingError(f"{path}: no recorded step ({damaged} damaged lines); let the run go on for a while first")
    name = printable(folder.resolve().name.removesuffix(".run"))
    return History(
        name,
        folder,
        kinds["step"],
        kinds["validation"],
        kinds["sample"],
        recipe if isinstance(recipe, dict) else {},
        damaged,
    )


def _record(line: str) -> Record | None:
    """None for a line that a killed run left half-written."""
    try:
        record = json.loads(line)
        needed = NEEDED[record["kind"]]
        whole = all(isinstance(record[key], str if key in ("prompt", "text") else (int, float)) for key in needed)
        np.array([value for value in record.values() if isinstance(value, int)], np.float64)  # one may be too large
        return record if whole else None
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def _append(records: list[Record], record: Record) -> None:
    """A run that was killed and resumed takes some steps again: the later record counts."""
    while records and records[-1]["step"] >= record["step"]:
        records.pop()
    records.append(record)
