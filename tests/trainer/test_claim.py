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


def test_what_a_killed_run_left_half_written_is_dropped(tmp_path: Path) -> None:
    """Each kill would leave a checkpoint's worth; other files stay."""
    (tmp_path / ".last.pt.0123abcd.part").write_bytes(b"half")
    (tmp_path / ".corpus.ab_cdefg.part").mkdir()
    (tmp_path / ".corpus.ab_cdefg.part" / "spool").write_bytes(b"half")
    (tmp_path / "precious.part").write_text("mine")
    with claimed(tmp_path):
        assert sorted(path.name for path in tmp_path.iterdir()) == ["lock", "precious.part"]
