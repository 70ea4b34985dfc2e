"""What a killed process leaves is dropped by the next, and what another process works in is not."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from trainer.corpus.workplace import put, workplace

KILLED = """
import os, sys
from pathlib import Path
from trainer.corpus.workplace import workplace
place = Path(sys.argv[1])
with workplace(place) as work:
    (work / "half").write_text("half")
    if place.exists():
        place.replace(work.parent / "old")
    os.kill(os.getpid(), 9)
"""


def killed_in(place: Path) -> None:
    """A process of its own that is killed in a workplace for `place`, after it put aside what was there."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(place)], timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert list(place.parent.glob(".*.part"))


def names(folder: Path) -> list[str]:
    """What is in a folder, hidden or not."""
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", ["corpus", "[a] *"])
def test_what_a_killed_process_left_is_dropped(tmp_path: Path, name: str) -> None:
    """Of the same place, and nothing else that looks alike."""
    for _ in range(2):
        killed_in(tmp_path / name)
    killed_in(tmp_path / "other")
    (tmp_path / f".{name}.precious.part").mkdir()
    with workplace(tmp_path / name) as work:
        assert names(work) == []
        (work / "whole").write_text("whole")
        put(work, tmp_path / name, work)
    assert names(tmp_path / name) == ["whole"]
    left = {name for name in names(tmp_path) if not name.startswith(".other.")}
    assert left == {name, f".{name}.precious.part"} and len(names(tmp_path)) == 3


def test_a_workplace_in_use_is_left_alone(tmp_path: Path) -> None:
    """Two at once make the same: the last one counts, whole."""
    with workplace(tmp_path / "corpus") as one, workplace(tmp_path / "corpus") as other:
        for number, work in enumerate((one, other)):
            (work / "text").write_text(str(number))
        put(other, tmp_path / "corpus", other)
        put(one, tmp_path / "corpus", one)
    assert (tmp_path / "corpus" / "text").read_text() == "0"
    assert names(tmp_path) == ["corpus"]


def test_what_was_put_aside_comes_back(tmp_path: Path) -> None:
    """Killed between its last two steps, a process has taken the old away and not put the new there."""
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "text").write_text("old")
    killed_in(tmp_path / "corpus")
    assert not (tmp_path / "corpus").exists()
    with pytest.raises(ZeroDivisionError), workplace(tmp_path / "corpus"):
        assert (tmp_path / "corpus" / "text").read_text() == "old"
        raise ZeroDivisionError
    assert names(tmp_path) == ["corpus"]
