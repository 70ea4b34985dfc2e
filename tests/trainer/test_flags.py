"""Flags that make no sense are one line that says what was found and what is expected."""

from pathlib import Path

import pytest

from trainer.cli import main

FIT = ("fit", "absent", "--out", "m.onnx")
SAMPLE = ("sample", "MODEL", "--bytes", "2")
MIX = ("mix", "absent.onnx=.")
EVAL = ("eval", "absent.onnx", "absent")
BUILD = ("corpus", "build", "absent.toml", "--out", "o")


@pytest.mark.parametrize(
    ("command", "flag", "value", "expected"),
    [
        (FIT, "--learning-rate", "-1.0", "a number above 0"),
        (FIT, "--learning-rate", "nan", "a number above 0"),
        (FIT, "--seed", "-1", "0 to 9223372036854775807"),
        (FIT, "--seed", str(10**20), "0 to 9223372036854775807"),
        (FIT, "--threads", "-1", "0 to 1024"),
        (FIT, "--clip", "-1.0", "0 or more"),
        (FIT, "--weight-decay", "-1.0", "0 or more"),
        (FIT, "--patience", "-1", "0 or more"),
        (FIT, "--warmup", "1.5", "0 to 1"),
        (FIT, "--final-rate", "-0.1", "0 to 1"),
        (FIT, "--minutes", "nan", "a finite number"),
        (FIT, "--dropout", "nan", "0 or more and below 1"),
        (FIT, "--batch", "0", "1 or more"),
        (FIT, "--precision", "int4", "auto, float32 or bfloat16"),
        (FIT, "--device", "foo", "one of auto, "),
        (FIT, "--device", "cuda:99", "one of auto, "),
        (SAMPLE, "--bytes", "-1", "0 or more"),
        (SAMPLE, "--top-p", "0.0", "a share above 0, at most 1"),
        (SAMPLE, "--top-k", "-1", "0 or more"),
        (SAMPLE, "--temperature", "nan", "a finite number"),
        (SAMPLE, "--seed", "-1", "0 or more"),
        (EVAL, "--lines", "-1", "0 or more"),
        (EVAL, "--bytes", "-5", "0 or more"),
        (EVAL, "--index-budget-mb", "nan", "megabytes above 0"),
        (MIX, "--packages", "0", "2 or more"),
        (MIX, "--tuned", "-1", "0 or more"),
        (BUILD, "--max-mb", "nan", "megabytes above 0, or leave it out"),
        (BUILD, "--max-mb", "0.0", "megabytes above 0, or leave it out"),
        (BUILD, "--shard-mb", "inf", "megabytes above 0, or leave it out"),
    ],
)
def test_a_value_without_sense_is_one_line(
    command: tuple[str, ...],
    flag: str,
    value: str,
    expected: str,
    tiny_model_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of `fit`, `sample`, `eval`, `mix` and `corpus build`."""
    monkeypatch.chdir(tmp_path)
    words = [str(tiny_model_file) if word == "MODEL" else word for word in command]
    assert main([*words, flag, value]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"tinycode-train: {flag} is {value}; expected {expected}") and said.count("\n") == 1


@pytest.mark.parametrize("flag", [("--batch", "64"), ("--tie-weights",), ("--name", "mine"), ("absent",)])
def test_a_run_that_goes_on_takes_no_new_numbers(flag: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Not even those that are the defaults: the run may have others."""
    assert main(["fit", "--resume", "absent.run", *flag]) == 2
    named = "PATH" if flag == ("absent",) else flag[0]
    assert f"leave out {named}, or start a new run" in capsys.readouterr().err


@pytest.mark.parametrize("command", [("export", "absent"), ("report", "absent"), ("fit", "absent"), ("tune", "absent")])
def test_a_folder_is_no_file_to_write(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Told before any work is done."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "absent").mkdir()
    assert main([*command, "--out", "."]) == 2
    assert ": a folder; expected the name of a file to write" in capsys.readouterr().err


def test_a_file_in_place_of_the_models_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line that says what is in the way."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / ".tinycode").write_text("")
    assert main(["tune"]) == 2
    assert ".tinycode is not a writable folder" in capsys.readouterr().err
