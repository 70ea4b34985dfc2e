"""A run's folder is for one run at a time."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from tinycode_ls.errors import TrainingError

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
        raise TrainingError(
            f"{folder}: cannot be used ({error.strerror or error}); choose another with --run"
        ) from error
    try:
        _drop_half_written(folder)
        yield
    finally:
        lock.release()


def _drop_half_written(folder: Path) -> None:
    """What a run that was killed was just writing: each time another checkpoint, or a corpus."""
    for part in folder.glob(f".*.{'?' * 8}.part"):
        if part.is_dir() and not part.is_symlink():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)
