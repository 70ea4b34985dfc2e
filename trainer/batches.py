"""A byte array read as B streams side by side. Where a stream stands follows from (seed, epoch, chunk): nothing to save.

Each epoch starts the streams at new random places, so that a chunk never begins at the same byte twice.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Streams:
    """`batch` streams over `data`; this process reads the share `rank` of `ranks` of them."""

    data: Bytes
    batch: int
    sequence: int
    seed: int = 0
    rank: int = 0
    ranks: int = 1

    @property
    def chunks(self) -> int:
        """Chunks of `sequence` bytes in an epoch; 0 when the data is too small for the batch."""
        return (len(self.data) // self.batch - 1) // self.sequence

    @property
    def local_batch(self) -> int:
        """Streams of this process."""
        return self.batch // self.ranks

    def starts(self, epoch: int) -> npt.NDArray[np.int64]:
        """The first byte of each of this process's streams [B]."""
        offset = np.random.default_rng((self.seed, epoch)).integers(len(self.data))
        every = offset + np.arange(self.batch, dtype=np.int64) * (len(self.data) // self.batch)
        mine = every[self.rank * self.local_batch : (self.rank + 1) * self.local_batch]
        return np.asarray(mine % len(self.data), np.int64)

    def chunk(self, epoch: int, number: int) -> tuple[Tensor, Tensor]:
        """ids and targets, each [T, B] int64; a stream that reaches the end goes on at the beginning."""
        at = self.starts(epoch)[None, :] + number * self.sequence + np.arange(self.sequence + 1)[:, None]
        ids = torch.from_numpy(self.data[at % len(self.data)].astype(np.int64))  # [T+1, B]
        return ids[:-1], ids[1:]


def fitting_batch(size: int, batch: int, sequence: int, ranks: int = 1) -> tuple[int, int]:
    """A batch and sequence that a corpus of `size` bytes can fill: halved until an epoch has at least four chunks."""
    while batch > ranks and (size // batch - 1) // sequence < 4:
        batch = max(ranks, batch // 2)
    while sequence > 8 and (size // batch - 1) // sequence < 1:
        sequence //= 2
    return batch, sequence
