"""Text read as B streams side by side. Where a stream stands follows from (seed, epoch, chunk): nothing to save.

A text is one shard or many. An epoch puts the shards in a new order and reads them one after the other, each as B streams
that begin at new random places, so that a chunk never begins at the same byte twice. With `lanes` the row of shards is
cut into so many equal parts, read side by side by a share of the streams each: a process that reads its own lane maps
its own shards only. What is read depends on the lanes, never on the number of processes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .corpus.shards import Bytes

Numbers = npt.NDArray[np.int64]


class Text(Protocol):
    """What is trained on: shards, each opened when its turn comes. `corpus.shards.Shards` is one on disk."""

    @property
    def sizes(self) -> Sequence[int]:
        """Bytes of each shard."""

    def open(self, number: int) -> Bytes:
        """A shard; raises CorpusError when it is not what was written."""

    def check(self, number: int) -> None:
        """Raises CorpusError when an open shard is not whole any more."""


@dataclass(frozen=True)
class InMemory:
    """A text of one shard that is there already."""

    data: Bytes

    @property
    def sizes(self) -> Sequence[int]:
        """Of the one."""
        return (len(self.data),)

    def open(self, number: int) -> Bytes:
        """The one."""
        return self.data

    def check(self, number: int) -> None:
        """Memory stays whole."""


@dataclass(frozen=True)
class Streams:
    """`batch` streams over `data`, in `lanes`; this process reads the share `rank` of `ranks` of them."""

    data: Bytes | Text
    batch: int
    sequence: int
    seed: int = 0
    rank: int = 0
    ranks: int = 1
    lanes: int = 1
    _opened: dict[int, Bytes] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def text(self) -> Text:
        """`data` as shards."""
        return InMemory(self.data) if isinstance(self.data, np.ndarray) else self.data

    @cached_property
    def chunks(self) -> int:
        """Chunks of `sequence` bytes in an epoch; 0 when the text is too small for the batch."""
        return int(self._chunks_of.sum()) // self.lanes

    @property
    def local_batch(self) -> int:
        """Streams of this process."""
        return self.batch // self.ranks

    @property
    def lane_batch(self) -> int:
        """Streams of a lane."""
        return self.batch // self.lanes

    def starts(self, epoch: int, shard: int = 0) -> Numbers:
        """The first byte of each stream of a lane in `shard` [lane_batch]."""
        size = self.text.sizes[shard]
        offset = np.random.default_rng((self.seed, epoch)).integers(size)
        every = offset + np.arange(self.lane_batch, dtype=np.int64) * (size // self.lane_batch)
        return np.asarray(every % size, np.int64)

    def place(self, epoch: int, number: int, lane: int) -> tuple[int, int]:
        """The shard that a lane reads at chunk `number` of an epoch, and the chunk within the shard."""
        order, ends = self._order(epoch)
        at = lane * self.chunks + number
        turn = int(np.searchsorted(ends, at, side="right"))
        shard = int(order[turn])
        return shard, at - int(ends[turn] - self._chunks_of[shard])

    def chunk(self, epoch: int, number: int) -> tuple[Tensor, Tensor]:
        """ids and targets, each [T, B] int64; a stream that reaches the end of its shard goes on at the beginning."""
        parts = []
        for lane, streams in self._lanes():
            shard, within = self.place(epoch, number, lane)
            data = self._open(shard)
            first = self.starts(epoch, shard)[streams] + within * self.sequence
            at = first[None, :] + np.arange(self.sequence + 1)[:, None]
            parts.append(data[at % len(data)].astype(np.int64))
        ids = torch.from_numpy(np.concatenate(parts, axis=1))  # [T+1, B]
        return ids[:-1], ids[1:]

    def begins(self, epoch: int, number: int) -> Tensor:
        """Which streams of this process begin anew with this chunk [B] bool: what they read before does not count."""
        parts = [
            torch.full((streams.stop - streams.start,), number == 0 or self.place(epoch, number, lane)[1] == 0)
            for lane, streams in self._lanes()
        ]
        return torch.cat(parts)

    def prepare(self, epoch: int, number: int, count: int) -> None:
        """Open what the next `count` chunks need, close the rest; raises CorpusError when a shard is not whole."""
        following = [divmod(epoch * self.chunks + number + more, self.chunks) for more in range(count)]
        needed = {self.place(*where, lane)[0] for where in following for lane, _ in self._lanes()}
        for shard in set(self._opened) - needed:
            del self._opened[shard]
        for shard in needed:
            if shard in self._opened:
                self.text.check(shard)
            else:
                self._open(shard)

    def _open(self, shard: int) -> Bytes:
        if shard not in self._opened:
            self._opened[shard] = self.text.open(shard)
        return self._opened[shard]

    def _lanes(self) -> Iterator[tuple[int, slice]]:
        """The lanes that this process reads, and which streams of each."""
        first, last = self.rank * self.local_batch, (self.rank + 1) * self.local_batch
        for lane in range(first // self.lane_batch, -(-last // self.lane_batch)):
            begins = lane * self.lane_batch
            yield lane, slice(max(first - begins, 0), min(last - begins, self.lane_batch))

    @cached_property
    def _chunks_of(self) -> Numbers:
        """Chunks of each shard; a shard too small for the streams of a lane has none."""
        sizes = np.array(self.text.sizes, np.int64)
        return np.maximum((sizes // self.lane_batch - 1) // self.sequence, 0)

    def _order(self, epoch: int) -> tuple[Numbers, Numbers]:
        """The shards in the order of an epoch, and how many chunks are read when each of them ends."""
        if epoch not in self._orders:
            order = np.random.default_rng((self.seed, epoch)).permutation(len(self._chunks_of))
            self._orders.clear()
            self._orders[epoch] = order, np.cumsum(self._chunks_of[order])
        return self._orders[epoch]

    @cached_property
    def _orders(self) -> dict[int, tuple[Numbers, Numbers]]:
        """Of the epoch asked for last."""
        return {}


def fitting_batch(size: int, batch: int, sequence: int, share: int = 1) -> tuple[int, int]:
    """A batch and sequence that a corpus of `size` bytes can fill: halved until an epoch has at least four chunks, the
    batch to multiples of `share` only."""
    while batch > share and (size // batch - 1) // sequence < 4:
        batch = max(share, batch // 2 // share * share)
    while sequence > 8 and (size // batch - 1) // sequence < 1:
        sequence //= 2
    return batch, sequence
