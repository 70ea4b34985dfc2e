"""A run's folder is for one run at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from tinycode_ls.errors import TrainingError, reason_of

from .leader import leads


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """A run's folder, for one process, or one group of them, at a time. Raises TrainingError where another has it."""
    if not leads():
        yield
        return
    lock = FileLock(folder / "lock", timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise TrainingError(
            f"{folder}: another tinycode-train works in it; wait for it, or choose another folder with --run"
        ) from error
    except OSError as error:
        raise TrainingError(f"{folder}: cannot be used ({reason_of(error)}); choose another with --run") from error
    try:
        _drop_half_written(folder)
        yield
    finally:
        lock.release()


def _drop_half_written(folder: Path) -> None:
    """The checkpoint that a run which was killed was just writing; a corpus that it was making has a room of its own
    (corpus/workplace.py), which may hold the one before."""
    for part in folder.glob(f".*.{'?' * 8}.part"):
        if not part.is_dir() or part.is_symlink():
            part.unlink(missing_ok=True)
