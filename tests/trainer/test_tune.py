"""What tuning decides outside the training loop."""

from pathlib import Path

import numpy as np
import pytest

from tinycode_ls.errors import TrainingError
from trainer import tune
from trainer.tune import blend, default_base, protect


def test_a_blend_lies_between() -> None:
    """0 is the tuned model, 1 the base."""
    tuned, base = {"w": np.array([1.0, 2.0], np.float32)}, {"w": np.array([3.0, 4.0], np.float32)}
    assert blend(tuned, base, 0)["w"].tolist() == [1, 2] and blend(tuned, base, 1)["w"].tolist() == [3, 4]
    assert blend(tuned, base, 0.25)["w"].tolist() == [1.5, 2.5]


def test_the_base_is_the_shipped_model_for_the_language(tmp_path: Path) -> None:
    """Of most files; a folder without code gets the fallback."""
    assert default_base([tmp_path]).name == "code.onnx"
    (tmp_path / "a.py").write_text("x = 1\n")
    assert default_base([tmp_path]).name == "python.onnx"


def test_no_shipped_model_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what to give instead."""
    monkeypatch.setattr(tune, "choices", lambda *_: iter(()))
    with pytest.raises(TrainingError, match="--base MODEL"):
        default_base([tmp_path])


def test_the_folder_of_a_tuned_model_is_hidden_from_git_once(tmp_path: Path) -> None:
    """A file of the user's own is left alone."""
    protect(tmp_path / ".tinycode")
    ignore = tmp_path / ".tinycode" / ".gitignore"
    assert ignore.read_text().endswith("*\n")
    ignore.write_text("mine")
    protect(tmp_path / ".tinycode")
    assert ignore.read_text() == "mine"
