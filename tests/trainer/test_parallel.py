"""Two processes under torchrun: the curve of one, and what the others do when one dies. Real processes, gloo, CPU."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from trainer.checkpoint import load_checkpoint
from trainer.corpus.collect import Options, build_from_sources
from trainer.corpus.prepare import sources_of
from trainer.corpus.store import open_corpus
from trainer.loop import resume_run, train
from trainer.reporter import RunReporter

FLAGS = [
    *("--hidden", "24", "--embedding", "8", "--batch", "4", "--sequence", "16", "--validate-every", "10"),
    *("--precision", "float32", "--threads", "1", "--dropout", "0", "--device", "cpu"),
]
ENVIRONMENT = {key: value for key, value in os.environ.items() if key not in ("RANK", "WORLD_SIZE", "LOCAL_RANK")}
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "trainer"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder of code, small and not all the same."""
    folder = tmp_path / "source"
    folder.mkdir()
    for number in range(8):
        lines = [f"def name_{number}_{i}(first, second):\n    return first * {i} + second\n\n\n" for i in range(30)]
        (folder / f"file{number}.py").write_text("".join(lines))
    return folder


def run(command: list[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    """A whole process, with one thread a process."""
    environment = ENVIRONMENT | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


def records(folder: Path, kind: str) -> list[dict[str, float]]:
    """Of one kind, in a run's metrics."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [line for line in lines if line["kind"] == kind]


def test_two_processes_take_the_steps_of_one(tmp_path: Path, source: Path) -> None:
    """Same global batch, same curve to float32 rounding, recorded once; the model file is written once, by the leader."""
    for name, start in (("one", [sys.executable, "-m", "trainer"]), ("two", TORCHRUN)):
        done = run([*start, "fit", str(source), "--out", f"{name}.onnx", "--steps", "40", *FLAGS], tmp_path)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("bits") == 1 and (tmp_path / f"{name}.onnx").is_file()
    one, two = (records(tmp_path / f"{name}.run", "step") for name in ("one", "two"))
    assert [line["step"] for line in two] == [line["step"] for line in one] == [1, 10, 20, 30, 40]
    for key in ("bits", "accuracy", "gradient_norm", "rate"):
        assert [line[key] for line in two] == pytest.approx([line[key] for line in one], rel=1e-4), key
    one, two = (records(tmp_path / f"{name}.run", "validation") for name in ("one", "two"))
    assert [line["bits"] for line in two] == pytest.approx([line["bits"] for line in one], rel=1e-4)


def test_two_processes_read_a_shard_each_and_take_the_steps_of_one(tmp_path: Path, source: Path) -> None:
    """With a lane a process each maps its own shards; one process with as many lanes has the same curve."""
    build_from_sources(sources_of([source]), tmp_path / "corpus", Options(shard_bytes=4_000))
    for name, start, lanes in (("one", [sys.executable, "-m", "trainer"], ["--lanes", "2"]), ("two", TORCHRUN, [])):
        order = ["fit", "corpus", "--out", f"{name}.onnx", "--steps", "60", *lanes, *FLAGS]
        done = run([*start, *order], tmp_path)
        assert done.returncode == 0, done.stderr
        assert json.loads((tmp_path / f"{name}.run" / "recipe.json").read_text())["lanes"] == 2
    one, two = (records(tmp_path / f"{name}.run", "step") for name in ("one", "two"))
    assert [line["bits"] for line in two] == pytest.approx([line["bits"] for line in one], rel=1e-4)


def children(process: int) -> list[int]:
    """The processes that it started."""
    return [int(number) for number in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the processes in /proc")
def test_when_a_process_dies_the_others_say_so_and_the_run_goes_on_from_its_checkpoint(
    tmp_path: Path, source: Path
) -> None:
    """Killed in the middle: one line from the survivor, no traceback of ours; resumed in one process it ends well."""
    order = ["fit", str(source), "--out", "model.onnx", "--steps", "100000", "--save-seconds", "0.2", *FLAGS]
    group = subprocess.Popen(
        [*TORCHRUN, *order, "--quiet"],
        cwd=tmp_path,
        env=ENVIRONMENT | {"OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )
    checkpoint, ends = tmp_path / "model.run" / "last.pt", time.monotonic() + 120
    while not checkpoint.exists() and time.monotonic() < ends and group.poll() is None:
        time.sleep(0.05)
    second = max(children(group.pid))
    os.kill(second, signal.SIGKILL)
    errors = group.communicate(timeout=120)[1]
    ours = [line for line in errors.splitlines() if line.startswith("tinycode-train:")]
    assert group.returncode and len(ours) == 1 and "another process of the group ended" in ours[0], errors
    assert "--resume" in ours[0] and "loop.py" not in errors
    corpus = open_corpus(tmp_path / "model.run" / "corpus")
    again = resume_run(load_checkpoint(checkpoint), corpus.hash)
    steps = again.progress.step + 3
    again.recipe = replace(again.recipe, steps=steps)
    assert all(tensor.shape[1] == 4 for tensor in again.state)  # of all streams, not of the leader's share
    reporter = RunReporter(tmp_path / "model.run", quiet=True)
    train(again, corpus.train, corpus.valid, tmp_path / "model.run", reporter)
    reporter.close()
    assert load_checkpoint(checkpoint).progress.step == steps > 3
