"""What a person sees of a run, and what it leaves behind: a bar (plain lines when not a terminal) and metrics.jsonl."""

import json
import os
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from tqdm import tqdm

from tinycode_ls.errors import TrainingError, reason_of

from .loop import StepFigures
from .samples import Sample
from .validation import Quality

PLAIN_EVERY_SECONDS = 15.0
SMOOTHING = 0.05


class RunReporter:
    """A Listener (loop.py) that shows and records. `quiet`: record only. `leads`: one process of a group records. Raises
    TrainingError where the record cannot be written."""

    def __init__(self, folder: Path, quiet: bool = False, leads: bool = True) -> None:
        self._metrics = _opened(folder / "metrics.jsonl") if leads else None
        self._quiet = quiet or not leads
        self._bar: Any = None
        if not self._quiet and sys.stderr.isatty():
            self._bar = tqdm(total=100, bar_format="{l_bar}{bar}| {elapsed}<{remaining} {postfix}", file=sys.stderr)
        self._bits = self._accuracy = float("nan")
        self._said_at = 0.0
        self._unrecorded: StepFigures | None = None

    def on_step(self, figures: StepFigures) -> None:
        """Show smoothed figures; record every tenth step, and in the end the last."""
        first = self._bits != self._bits
        share = 1.0 if first else SMOOTHING
        self._bits = figures.bits if first else self._bits + share * (figures.bits - self._bits)
        self._accuracy = figures.accuracy if first else self._accuracy + share * (figures.accuracy - self._accuracy)
        self._unrecorded = figures
        if figures.step % 10 == 0 or first:
            self._record_step()
        self._show(figures)

    def on_validation(self, figures: StepFigures, quality: Quality, best: bool) -> None:
        """Show and record."""
        self._record({"kind": "validation", "step": figures.step, "seconds": figures.seconds, **asdict(quality)})
        mark = " (best)" if best else ""
        self.say(f"step {figures.step}: held out {quality.bits:.3f} bits a byte, {quality.accuracy:.1%} right{mark}")

    def on_sample(self, step: int, sample: Sample) -> None:
        """Record."""
        self._record({"kind": "sample", "step": step, **asdict(sample)})

    def say(self, message: str) -> None:
        """A line above the bar."""
        if self._quiet:
            return
        try:
            if self._bar is not None:
                self._bar.write(message, file=sys.stderr)
            else:
                sys.stderr.write(message + "\n")
                sys.stderr.flush()
        except OSError:  # a run goes on when nobody reads it any more
            self._quiet, self._bar = True, None

    def close(self) -> None:
        """End the bar and the record."""
        self._record_step()
        if self._metrics is not None:
            self._metrics.close()
        if self._bar is not None:
            self._bar.close()

    def _record_step(self) -> None:
        if self._unrecorded is not None:
            self._record({"kind": "step", **asdict(self._unrecorded)})
            self._unrecorded = None

    def _record(self, data: dict[str, object]) -> None:
        if self._metrics is None:
            return
        try:
            self._metrics.write(json.dumps(data) + "\n")
            self._metrics.flush()
        except OSError as error:
            name, reason = self._metrics.name, reason_of(error)
            with suppress(OSError):  # it tries again to write what is left
                self._metrics.close()
            self._metrics = None
            raise TrainingError(f"{name}: not written ({reason}); free some space, then go on with --resume") from error

    def _show(self, figures: StepFigures) -> None:
        rate = figures.bytes_read / max(figures.seconds, 1e-9)
        state = f"{self._bits:.3f} bits/byte, {self._accuracy:.1%} right, {rate / 1000:.0f} kB/s"
        if self._bar is not None:
            self._bar.n = min(100, round(100 * figures.done))
            self._bar.set_postfix_str(state)
        elif figures.seconds - self._said_at >= PLAIN_EVERY_SECONDS:
            self._said_at = figures.seconds
            left = figures.seconds * (1 / max(figures.done, 1e-6) - 1)
            self.say(f"{figures.done:4.0%}  step {figures.step}  {state}, {left / 60:.1f} min left")


def _opened(path: Path) -> TextIO:
    """To write behind what is there, on a line of its own: the last one may be torn."""
    try:
        with path.open("a+b") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                file.write(b"" if file.read() == b"\n" else b"\n")
        return path.open("a", encoding="utf-8")
    except OSError as error:
        raise TrainingError(f"{path}: cannot be written ({reason_of(error)}); make it writable") from error
