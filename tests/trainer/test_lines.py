"""Figures of lines: of those that were retyped, and of no others."""

from pathlib import Path

import pytest

from tinycode_ls.engine.model import Model
from trainer import lines
from trainer.evaluate import Measure, evaluate_model
from trainer.lines import line_figures
from trainer.practice import Exercise


def test_no_line_no_figures(tiny_model: Model) -> None:
    """A file without a line end has no whole line: nothing is typed, and nothing was saved."""
    assert line_figures(tiny_model, [("a.py", b"value = 1")], 5) == {}
    assert line_figures(tiny_model, [], 5) == {}


def test_the_seed_draws_the_lines(tiny_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`eval --seed`: the same ones for the same seed."""
    asked: list[bytes] = []

    def answer(completer: object, exercise: Exercise, typed: str, whole_lines: bool = False) -> str:
        asked.append(exercise.line)
        return exercise.line.decode()[len(typed) :]

    monkeypatch.setattr(lines, "_ask", answer)
    (tmp_path / "a.py").write_text("".join(f"value_{n} = {n}\n" for n in range(200)))
    drawn = []
    for seed in (1, 1, 2):
        asked.clear()
        figures = evaluate_model(tiny_model, [tmp_path], Measure(lines=10, seed=seed))
        drawn.append(set(asked))
        assert figures["line_exact_match"] == figures["precision"] == 1 and figures["keystrokes_saved"] > 0.8
    assert drawn[0] == drawn[1] != drawn[2]
