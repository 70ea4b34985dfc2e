"""A run's folder may have come with somebody's repository."""

from contextlib import suppress
from pathlib import Path

import pytest

from tinycode_ls.errors import TrainingError
from trainer.claim import claimed
from trainer.corpus.store import new_corpus


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
    """Each kill would leave a checkpoint's worth; other files stay, and the room in which a corpus is made puts back the corpus
    before it."""
    (tmp_path / ".last.pt.0123abcd.part").write_bytes(b"half")
    room = tmp_path / ".corpus.ab_cdefg.part"
    (room / "old").mkdir(parents=True)
    (room / "old" / "corpus.json").write_text("{}")
    (room / "lock").touch()
    (tmp_path / "precious.part").write_text("mine")
    with claimed(tmp_path):
        assert {path.name for path in tmp_path.iterdir()} == {"lock", "precious.part", room.name}
        with suppress(KeyboardInterrupt), new_corpus(tmp_path / "corpus"):
            raise KeyboardInterrupt
    assert (tmp_path / "corpus" / "corpus.json").exists() and not room.exists()
