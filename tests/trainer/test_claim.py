"""A run's folder may have come with somebody's repository."""

from pathlib import Path

import pytest

from tinycode_ls.errors import TrainingError
from trainer.claim import claimed


def test_a_lock_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    """filelock before 3.20.1 empties the file that it is a link to."""
    precious, folder = tmp_path / "precious", tmp_path / "run"
    precious.write_text("mine")
    folder.mkdir()
    (folder / "lock").symlink_to(precious)
    with pytest.raises(TrainingError, match="cannot be used"), claimed(folder):
        pass
    assert precious.read_text() == "mine"
