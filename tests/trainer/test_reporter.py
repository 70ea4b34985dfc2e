"""What a person sees of a run."""

import json
import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from trainer.loop import StepFigures
from trainer.reporter import RunReporter
from trainer.validation import Quality

FIGURES = StepFigures(
    step=10, bits=2.0, accuracy=0.5, rate=1e-3, gradient_norm=0.1, bytes_read=1000, seconds=1.0, done=0.5
)


@pytest.mark.skipif(os.name == "nt", reason="no terminals of one's own there")
def test_a_run_goes_on_when_its_terminal_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It shows a bar while there is one; the record goes on."""
    master, slave = os.openpty()
    with suppress(OSError), os.fdopen(slave, "w") as terminal:  # which cannot be emptied when it is closed
        monkeypatch.setattr(sys, "stderr", terminal)
        reporter = RunReporter(tmp_path)
        reporter.on_step(FIGURES)
        reporter.on_validation(FIGURES, Quality(2.0, 0.5, 100), best=True)
        assert b"held out 2.000 bits a byte" in os.read(master, 10_000)
        os.close(master)
        reporter.on_validation(FIGURES, Quality(1.5, 0.5, 100), best=True)
        reporter.on_step(FIGURES)
        reporter.close()
    assert (tmp_path / "metrics.jsonl").read_text().count("validation") == 2


def test_a_torn_line_spoils_no_other(tmp_path: Path) -> None:
    """A run that was killed in the middle of a line goes on with a line of its own."""
    path = tmp_path / "metrics.jsonl"
    for there, line in (('{"kind": "st', 1), ('{"kind": "step"}\n', 1), ("", 0)):
        path.write_text(there)
        reporter = RunReporter(tmp_path, quiet=True)
        reporter.on_step(FIGURES)
        reporter.close()
        assert json.loads(path.read_text().splitlines()[line])["step"] == 10


def test_the_last_step_is_recorded(tmp_path: Path) -> None:
    """A report says how many steps a run took, and how much it read."""
    reporter = RunReporter(tmp_path, quiet=True)
    for step in (1, 10, 15):
        reporter.on_step(replace(FIGURES, step=step))
    reporter.close()
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [1, 10, 15]
