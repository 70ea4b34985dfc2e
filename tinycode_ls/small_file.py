"""A small file that came with somebody's folder, read without trusting it: it may be a pipe, or a link to a device, and
either has no end."""

import errno
import stat
from pathlib import Path

MOST_BYTES = 1_000_000


def read_small(path: Path) -> bytes:
    """What the file holds; raises OSError also where it is no regular file, or too large."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    with path.open("rb") as file:  # it may grow while it is read
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise OSError(errno.EFBIG, f"larger than {MOST_BYTES} bytes", str(path))
    return content
