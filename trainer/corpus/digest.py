"""The sha256 of a file, read in blocks: files here may be larger than memory."""

import hashlib
from pathlib import Path


def sha256_of(path: Path) -> str:
    """As 64 hexadecimal digits; OSError where the file cannot be read."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
