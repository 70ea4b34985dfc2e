"""What tuning decides outside the training loop."""

from pathlib import Path

import numpy as np
import pytest

from tinycode_ls.errors import TrainingError
from trainer.base import blend
from trainer.run_folder import make_private, protect


def test_a_blend_lies_between() -> None:
    """0 is the tuned model, 1 the base."""
    tuned, base = {"w": np.array([1.0, 2.0], np.float32)}, {"w": np.array([3.0, 4.0], np.float32)}
    assert blend(tuned, base, 0)["w"].tolist() == [1, 2] and blend(tuned, base, 1)["w"].tolist() == [3, 4]
    assert blend(tuned, base, 0.25)["w"].tolist() == [1.5, 2.5]


def test_the_folder_of_a_tuned_model_is_hidden_from_git_once(tmp_path: Path) -> None:
    """A file of the user's own is left alone."""
    protect(tmp_path / ".tinycode")
    ignore = tmp_path / ".tinycode" / ".gitignore"
    assert ignore.read_text().endswith("*\n")
    ignore.write_text("mine")
    protect(tmp_path / ".tinycode")
    assert ignore.read_text() == "mine"


def test_a_run_s_folder_is_private(tmp_path: Path) -> None:
    """It holds the text that was read; one that cannot be made is one line."""
    make_private(tmp_path / "a" / "run")
    assert (tmp_path / "a" / "run").stat().st_mode & 0o777 == 0o700
    (tmp_path / "mine").mkdir(mode=0o755)
    make_private(tmp_path / "mine")
    assert (tmp_path / "mine").stat().st_mode & 0o777 == 0o755, "a folder of the user's own stays as it is"
    assert list((tmp_path / "mine").iterdir()) == [] and (tmp_path / "a" / "run" / ".gitignore").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match=r"run: cannot be used .*choose another with --run"):
        make_private(tmp_path / "file" / "run")
