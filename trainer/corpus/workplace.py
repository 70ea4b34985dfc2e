"""A folder to make something in, beside the place where it goes. What a process that was killed left of its own is dropped by
the next that makes the same thing: each kill could leave a corpus, hidden and for ever."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path

from filelock import FileLock, Timeout

from tinycode_ls.atomic import put_in_place


@contextmanager
def workplace(place: Path) -> Iterator[Path]:
    """An empty folder, removed in the end with what is left in it. Raises OSError where there can be none."""
    place.parent.mkdir(parents=True, exist_ok=True)
    for left in sorted(place.parent.glob(f".{escape(place.name)}.{'?' * 8}.part")):
        _drop_abandoned(left, place)
    folder, lock = _locked(place)
    try:
        (folder / "new").mkdir()
        yield folder / "new"
    finally:
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)


def put(made: Path, place: Path, work: Path) -> None:
    """`made` takes the place of the folder that is there; `work` is the workplace, which keeps the old one meanwhile."""
    made.chmod(0o755)
    if place.exists():
        put_in_place(place, work.parent / "old")
    put_in_place(made, place)


def _locked(place: Path) -> tuple[Path, FileLock]:
    """A new folder that is seen to be in use, for as long as the lock is held."""
    while True:
        folder = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}.", suffix=".part"))
        lock = FileLock(folder / "lock", timeout=0)
        with suppress(Timeout, FileNotFoundError):  # another took it for an abandoned one, before it was locked
            lock.acquire()
            if (folder / "lock").exists():
                return folder, lock


def _drop_abandoned(folder: Path, place: Path) -> None:
    """Unless it is in use. One that was killed between its last two steps had put the old thing aside."""
    if folder.is_symlink() or not (folder / "lock").is_file():
        return
    with suppress(Timeout, OSError):
        with FileLock(folder / "lock", timeout=0):
            if (folder / "old").exists() and not place.exists():
                put_in_place(folder / "old", place)
            shutil.rmtree(folder, ignore_errors=True)
        (folder / "lock").unlink(missing_ok=True)  # Windows removes nothing that is open, as the lock was
        folder.rmdir()
