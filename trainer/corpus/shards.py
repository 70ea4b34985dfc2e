"""The text to train on as it lies on disk: one file or many, each mapped when its turn comes and checked before it is.

Knows nothing of what the text is, nor of the streams that read it. Shards may lie on several disks.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tinycode_ls.errors import CorpusError, reason_of

from .digest import sha256_of

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Shard:
    """A file of `size` bytes. `sha256` is empty in a corpus built by an older version: then only the size counts."""

    path: Path
    size: int
    sha256: str = ""

    def check_size(self) -> None:
        """Raises CorpusError when the file is absent, or truncated, which a mapping would answer with a crash."""
        try:
            found = self.path.stat().st_size
        except OSError as error:
            raise CorpusError(
                f"{self.path}: missing or unreadable ({reason_of(error)}), expected {self.size} bytes of a corpus; "
                "restore it or build the corpus again; a run goes on with --resume"
            ) from error
        if found != self.size:
            raise CorpusError(
                f"{self.path}: half-written or changed, {found} bytes where {self.size} are expected; "
                "restore it or build the corpus again; a run goes on with --resume"
            )

    def open(self) -> Bytes:
        """The bytes, mapped. Reading them for the hash also brings them into the page cache, in the order of the disk."""
        self.check_size()
        try:
            found = sha256_of(self.path) if self.sha256 else ""
            data: Bytes = np.memmap(self.path, np.uint8, "r") if self.size else np.zeros(0, np.uint8)
        except OSError as error:
            raise CorpusError(
                f"{self.path}: unreadable ({reason_of(error)}); restore it; a run goes on with --resume"
            ) from error
        if found != self.sha256:
            raise CorpusError(
                f"{self.path}: sha256 {found[:16]}…, expected {self.sha256[:16]}…; "
                "restore it or build the corpus again; a run goes on with --resume"
            )
        return data


@dataclass(frozen=True)
class Shards:
    """The shards of a corpus in the order of its card. Its length is that of all text, in bytes."""

    parts: tuple[Shard, ...]

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Bytes of each."""
        return tuple(part.size for part in self.parts)

    def __len__(self) -> int:
        return sum(self.sizes)

    def open(self, number: int) -> Bytes:
        """One of them, mapped; raises CorpusError when it is not what was written."""
        return self.parts[number].open()

    def check(self, number: int) -> None:
        """Raises CorpusError when one that is open is not whole any more."""
        self.parts[number].check_size()


def listing_hash(shards: Sequence[Shard], text_hash: str) -> str:
    """The hash of a corpus: that of its text, or, of several shards, of their hashes in order and of `text_hash`."""
    if len(shards) == 1:
        return text_hash
    listing = "".join(f"{shard.size} {shard.sha256}\n" for shard in shards)
    return hashlib.sha256(f"{listing}{text_hash}\n".encode()).hexdigest()
