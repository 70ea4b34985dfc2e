"""The main job as a user does it, each command a process of its own: fit, mix, eval, sample, export, tune, complete."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from wire import Wire

from tinycode_ls.engine.model import load_model
from trainer.checkpoint import load_checkpoint

PROJECT = Path(__file__).parents[2]
SMALL = ["--hidden", "48", "--steps", "150", "--batch", "16", "--sequence", "32", "--validate-every", "50"]


def run(program: str, *arguments: str | Path, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run a command of ours; its exit code is part of the test."""
    command = [sys.executable, "-m", program, *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300)
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small real repository: this project's server package, and a model fitted on it."""
    root = tmp_path_factory.mktemp("job")
    for package in ("engine", "index", "model"):
        shutil.copytree(PROJECT / "tinycode_ls" / package, root / "repo" / package)
    subprocess.run(["git", "init", "-q", root / "repo"], check=True)
    run("trainer", "fit", "repo", "--out", "first.onnx", *SMALL, "--quiet", cwd=root)
    return root


def test_fit_leaves_a_model_and_a_run(place: Path) -> None:
    """Recipe, metrics, checkpoints, model; the metrics are JSON lines that show learning."""
    names = {path.name for path in (place / "first.run").iterdir()}
    assert {"run.json", "recipe.json", "metrics.jsonl", "last.pt", "best.pt", "model.onnx", "corpus"} <= names
    steps = [json.loads(line) for line in (place / "first.run" / "metrics.jsonl").read_text().splitlines()]
    bits = [step["bits"] for step in steps if step["kind"] == "step"]
    assert bits[-1] < 0.75 * bits[0]


def test_the_model_completes_in_a_real_server(place: Path) -> None:
    """A mixer is fitted, the server loads the file and offers a name that only the repository knows."""
    (place / "packages").mkdir(exist_ok=True)
    for number in range(3):
        shutil.copytree(place / "repo", place / "packages" / f"p{number}", dirs_exist_ok=True)
    shutil.copy(place / "first.onnx", place / "second.onnx")
    run("trainer", "mix", "first.onnx=packages", "second.onnx=packages", "--out", "mixed", cwd=place)
    first, second = (load_model(place / "mixed" / name) for name in ("first.onnx", "second.onnx"))
    assert first.mixer_bytes is not None and first.mixer_bytes == second.mixer_bytes
    assert first.card.quality["mixed_bits"] < 0.9 * first.card.quality["held_out_bits"]
    wire = Wire([sys.executable, "-m", "tinycode_ls", "--model", str(place / "mixed" / "first.onnx")], place / "repo")
    try:
        wire.start(place / "repo")
        wire.wait_for_index()
        path, text = place / "repo" / "new.py", "from .suffixes import SuffixIndex\n\nindex = Suffix"
        wire.open(path, text)
        assert wire.ghost(path, 2, len("index = Suffix"), kind=1)[0]["insertText"].startswith("Index")
    finally:
        wire.stop()
        wire.close()


def test_eval_sample_export(place: Path) -> None:
    """Figures as JSON; the same seed samples the same text; a checkpoint becomes the same model file."""
    figures = json.loads(run("trainer", "eval", "first.onnx", "repo", "--lines", "3", "--json", cwd=place).stdout)
    assert 0 < figures["bits_per_byte"] < 8 and 0 < figures["next_byte_accuracy"] < 1
    texts = {run("trainer", "sample", "first.onnx", "--seed", "5", "--bytes", "60", cwd=place).stdout for _ in range(2)}
    assert len(texts) == 1
    run("trainer", "export", "first.run/best.pt", "--out", "again.onnx", cwd=place)
    assert (place / "again.onnx").read_bytes() == (place / "first.run" / "model.onnx").read_bytes()


def test_tune_keeps_the_better_model_and_hides_it(place: Path) -> None:
    """Better: written, private, ignored by git. Worse (a learning rate of nothing): not written, exit code 3."""
    repo = place / "repo"
    short = ["--steps", "60", "--batch", "16", "--sequence", "32", "--quiet"]
    said = run("trainer", "tune", "--base", place / "first.onnx", *short, cwd=repo).stdout
    assert "written" in said and "bits a byte" in said
    model = repo / ".tinycode" / "model.onnx"
    assert model.stat().st_mode & 0o777 == 0o600
    status = subprocess.run(["git", "status", "--short"], cwd=repo, capture_output=True, text=True, check=True).stdout
    assert ".tinycode" not in status
    before = model.read_bytes()
    run("trainer", "tune", "--base", place / "first.onnx", *short, "--learning-rate", "1e-9", cwd=repo, code=3)
    assert model.read_bytes() == before


def test_a_killed_tune_leaves_the_old_model_and_goes_on(place: Path) -> None:
    """kill -9 in the middle: what serves is untouched; --resume finishes the same run and writes the better model."""
    repo = place / "tuned"
    shutil.copytree(place / "repo" / "index", repo / "index")
    model = repo / ".tinycode" / "model.onnx"
    model.parent.mkdir()
    model.write_bytes((place / "first.onnx").read_bytes())
    shape = ["--steps", "120", "--batch", "16", "--sequence", "32", "--save-seconds", "0", "--quiet"]
    command = [sys.executable, "-m", "trainer", "tune", "--base", str(place / "first.onnx"), *shape]
    process = subprocess.Popen(command, cwd=repo)
    wait_for_a_checkpoint(repo / ".tinycode" / "run", process)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert model.read_bytes() == (place / "first.onnx").read_bytes()
    said = run("trainer", "tune", "--resume", ".tinycode/run", "--quiet", cwd=repo).stdout
    assert "written" in said and model.read_bytes() != (place / "first.onnx").read_bytes()
    assert [path.name for path in model.parent.iterdir() if "tmp" in path.name] == []


def test_an_export_that_is_killed_leaves_the_file_that_was_there(place: Path) -> None:
    """At any moment: what stands under the name is the old file or the new one, whole."""
    whole = {b"as it was", (place / "first.run" / "model.onnx").read_bytes()}
    out = place / "exported.onnx"
    command = [sys.executable, "-m", "trainer", "export", "first.run/best.pt", "--out", "exported.onnx"]
    for patience in (0.5, 1.5, 2.5, 3.5):
        out.write_bytes(b"as it was")
        process = subprocess.Popen(command, cwd=place, stdout=subprocess.DEVNULL)
        time.sleep(patience)
        process.kill()
        process.wait()
        assert out.read_bytes() in whole


def wait_for_a_checkpoint(folder: Path, process: "subprocess.Popen[str] | subprocess.Popen[bytes]") -> None:
    """Until a checkpoint newer than the one there is written, or the process is gone."""
    end, before = time.monotonic() + 120, saved_at(folder)
    while saved_at(folder) == before and process.poll() is None and time.monotonic() < end:
        time.sleep(0.02)


def test_an_unfinished_run_is_not_thrown_away(place: Path) -> None:
    """By the same command given once more; a finished one may be done again."""
    command = ["fit", "repo", "--out", "again.onnx", *SMALL, "--quiet"]
    run("trainer", *command, cwd=place)
    run("trainer", *command, cwd=place)
    (place / "again.run" / "model.onnx").unlink()
    said = run("trainer", *command, cwd=place, code=2).stderr
    assert "not finished" in said and "--resume again.run" in said
    run("trainer", "fit", "--resume", "again.run", "--quiet", cwd=place)


def test_killed_and_interrupted_runs_go_on(place: Path) -> None:
    """kill -9 leaves a whole checkpoint; Ctrl-C and its kin save, and say how to resume; resumed is uninterrupted."""
    recipe = [*SMALL, "--threads", "1", "--save-seconds", "0", "--precision", "float32", "--run", "killed"]
    command = [sys.executable, "-m", "trainer", "fit", "repo", "--out", "killed.onnx", *recipe]
    for how in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        process = subprocess.Popen(command, cwd=place, stderr=subprocess.PIPE, text=True)
        wait_for_a_checkpoint(place / "killed", process)
        os.kill(process.pid, how)
        said = process.communicate()[1]
        assert how == signal.SIGKILL or process.returncode == 0 or "--resume killed" in said, said
        command = [sys.executable, "-m", "trainer", "fit", "--resume", "killed"]
    run("trainer", "fit", "--resume", "killed", cwd=place)
    whole = ["fit", "repo", "--out", "whole.onnx", *recipe[:-1], "whole", "--quiet"]
    run("trainer", *whole, cwd=place)
    one, other = (load_checkpoint(place / name / "last.pt").weights for name in ("killed", "whole"))
    assert [name for name in one if not torch.equal(one[name], other[name])] == []


def saved_at(folder: Path) -> int:
    """When the last checkpoint was written."""
    return (folder / "last.pt").stat().st_mtime_ns if (folder / "last.pt").exists() else 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["fit", "absent", "--out", "x.onnx"], "not found"),
        (["fit", "empty", "--out", "x.onnx"], "no source files found"),
        (["fit", "--out", "x.onnx"], "expected PATH"),
        (["fit", "repo", "--out", "x.onnx", "--dropout", "1.5"], "--dropout is 1.5"),
        (["fit", "repo", "--out", "x.onnx", "--cell", "transformer"], "expected one of lstm, gru, rnn"),
        (["fit", "--resume", "empty"], "no run to resume"),
        (["fit", "--resume", "empty", "--steps", "9", "--out", "x.onnx"], "leave out --out, --steps"),
        (["tune", "repo", "--base", "absent.onnx"], "no such model file"),
        (["tune", "repo", "--base", "repo"], "a folder"),
        (["eval", "absent.onnx", "repo"], "no such model file"),
        (["eval", "first.onnx", "empty"], "no source files"),
        (["export", "absent.pt", "--out", "x.onnx"], "absent.pt: not found"),
        (["mix", "first.onnx"], "expected MODEL=FOLDER"),
        (["mix", "first.onnx=empty"], "too few packages"),
        (["sample", "readme.txt"], "too small for a model"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(place: Path, arguments: list[str], says: str) -> None:
    """Found, expected, what to do; no traceback; nothing written."""
    (place / "empty").mkdir(exist_ok=True)
    (place / "readme.txt").write_text("not a model")
    done = run("trainer", *arguments, cwd=place, code=2)
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("tinycode-train: ") and says in lines[0]
    assert not (place / "x.onnx").exists()
