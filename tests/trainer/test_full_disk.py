"""A disk that fills, played by a bound on how large a file may get: one line, and what was whole before stays whole."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tinycode_ls.errors import TrainingError
from trainer.checkpoint import load_checkpoint
from trainer.cli import main
from trainer.loop import StepFigures
from trainer.reporter import RunReporter

FLAGS = ["--hidden", "24", "--embedding", "8", "--batch", "4", "--sequence", "16", "--threads", "1", "--device", "cpu"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder of code."""
    (tmp_path / "source").mkdir()
    for number in range(4):
        lines = [f"def name_{number}_{i}(first, second):\n    return first * {i} + second\n\n\n" for i in range(30)]
        (tmp_path / "source" / f"file{number}.py").write_text("".join(lines))
    return tmp_path / "source"


def bounded(most: int) -> None:
    """In the child: writing beyond `most` bytes of a file fails instead of killing the process."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


def trainer(most: int, *words: str | Path) -> "subprocess.CompletedProcess[str]":
    """`tinycode-train` on a disk that holds no file larger than `most` bytes."""
    command = [sys.executable, "-m", "trainer", *map(str, words)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=300, preexec_fn=lambda: bounded(most)
    )


def one_line(done: "subprocess.CompletedProcess[str]") -> str:
    """What it said, the bar's lines left out; no traceback."""
    lines = [line for line in done.stderr.splitlines() if line.startswith("tinycode-train:")]
    assert done.returncode == 2 and len(lines) == 1 and "Traceback" not in done.stderr, done.stderr
    return lines[0]


def test_no_room_for_a_checkpoint_leaves_the_one_before(tmp_path: Path, source: Path) -> None:
    """Whole, without a trace of the attempt; and a first checkpoint that finds no room leaves none."""
    out = tmp_path / "model.onnx"
    assert main(["fit", str(source), "--out", str(out), "--steps", "6", "--quiet", *FLAGS]) == 0
    run = tmp_path / "model.run"
    before = (run / "last.pt").read_bytes()
    said = one_line(trainer(len(before) // 2, "fit", "--resume", run, "--quiet"))
    assert ".pt: not written" in said and "free space" in said
    assert (run / "last.pt").read_bytes() == before
    assert not [path for path in run.rglob("*") if path.name.endswith(".part")]
    assert load_checkpoint(run / "last.pt").progress.step == 6
    said = one_line(
        trainer(len(before) // 2, "fit", source, "--out", out, "--steps", "6", "--run", tmp_path / "new", *FLAGS)
    )
    assert "new/last.pt: not written" in said and not (tmp_path / "new" / "last.pt").exists()


def test_no_room_for_a_corpus_leaves_none(tmp_path: Path, source: Path) -> None:
    """Neither a half corpus nor its spool."""
    said = one_line(trainer(2_000, "fit", source, "--out", tmp_path / "model.onnx", *FLAGS))
    assert "corpus not written (File too large)" in said
    assert [path.name for path in (tmp_path / "model.run").iterdir()] == ["lock"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_no_room_for_the_record_is_one_line(tmp_path: Path) -> None:
    """The run stops instead of going on without its metrics; closing it then is no second error."""
    (tmp_path / "metrics.jsonl").symlink_to("/dev/full")
    reporter = RunReporter(tmp_path, quiet=True)
    with pytest.raises(
        TrainingError, match=r"metrics\.jsonl: not written \(No space left on device\); free some space"
    ):
        reporter.on_step(StepFigures(1, 8.0, 0.0, 0.1, 1.0, 64, 0.1, 0.1))
    reporter.close()


def test_a_record_that_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    """As when a run of another user is resumed."""
    (tmp_path / "metrics.jsonl").mkdir()
    with pytest.raises(TrainingError, match=r"metrics\.jsonl: cannot be written \(Is a directory\); make it writable"):
        RunReporter(tmp_path, quiet=True)
