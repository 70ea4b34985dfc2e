"""Files that are either whole or absent: written beside their place, flushed to disk, then renamed."""

import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from glob import escape
from pathlib import Path
from typing import BinaryIO

from .errors import TinycodeError, reason_of

ABANDONED_SECONDS = 3600.0
"""Nobody writes so long without a change: who began it was killed."""
IN_USE = (5, 32)
"""How Windows calls it (access denied, sharing violation) when somebody has a file open that is to be renamed or replaced."""
PATIENCE_S = 2.0


def write_atomic(path: Path, content: bytes | Callable[[BinaryIO], None], mode: int = 0o644) -> None:
    """Write `content` (bytes, or a function that writes to an open file) so that a crash leaves the old file or the new, with
    `mode` as far as the umask lets it.

    Raises TinycodeError, naming the place, when the folder is missing, not writable or the disk is full.
    """
    path = Path(path)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        with open(temporary, "xb", opener=partial(os.open, mode=mode)) as file:  # Path.open takes no opener
            if callable(content):
                content(file)
            else:
                file.write(content)
            file.flush()
            os.fsync(file.fileno())
        put_in_place(temporary, path)
        _drop_abandoned(path)
    except OSError as error:
        reason = reason_of(error)
        raise TinycodeError(f"{path}: not written ({reason}); choose a writable place with free space") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def put_in_place(made: Path, place: Path) -> None:
    """`made` takes the place of what is there. On Windows who has either open is waited for: a virus scanner the new file, a
    server the model while it reads it, each for a moment."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            made.replace(place)
            return
        except PermissionError as error:
            if getattr(error, "winerror", None) not in IN_USE or time.monotonic() > end:
                raise
            time.sleep(0.02)


def _drop_abandoned(path: Path) -> None:
    """What others that were killed left of the same file."""
    for part in path.parent.glob(f".{escape(path.name)}.{'?' * 8}.part"):
        with suppress(OSError):
            if time.time() - part.lstat().st_mtime > ABANDONED_SECONDS:
                part.unlink()
