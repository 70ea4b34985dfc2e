"""Streams cover the text, targets are the next bytes, processes share the work without overlap; one shard or many."""

import numpy as np
import pytest

from trainer.batches import InMemory, Streams, fitting_batch
from trainer.corpus.shards import Bytes

DATA = np.arange(1000, dtype=np.uint16).astype(np.uint8)


class Pieces:
    """A text of several shards in memory that remembers which were opened."""

    def __init__(self, *sizes: int) -> None:
        self.sizes, self.opened, ends = sizes, list[int](), np.cumsum(sizes)
        every = np.arange(sum(sizes), dtype=np.uint8)  # each byte value stands in one place, up to 256
        self.parts = [every[end - size : end] for size, end in zip(sizes, ends, strict=True)]

    def open(self, number: int) -> Bytes:
        """Remember."""
        self.opened.append(number)
        return self.parts[number]

    def check(self, number: int) -> None:
        """Whole."""


def test_targets_are_the_bytes_that_follow() -> None:
    """And a chunk goes on where the one before ended."""
    streams = Streams(DATA, batch=4, sequence=10)
    ids, targets = streams.chunk(0, 0)
    after, _ = streams.chunk(0, 1)
    assert (targets[:-1] == ids[1:]).all() and (targets[-1] == after[0]).all()


@pytest.mark.parametrize("lanes", [1, 2])
@pytest.mark.parametrize("sizes", [(256,), (64, 64, 64, 64), (82, 42, 123)])
def test_an_epoch_reads_nearly_everything_once(sizes: tuple[int, ...], lanes: int) -> None:
    """Neither streams nor lanes overlap, whatever the shards; what is left over is less than a chunk a shard."""
    streams = Streams(Pieces(*sizes), batch=4, sequence=3, lanes=lanes)
    read = np.concatenate([streams.chunk(1, n)[0].numpy().ravel() for n in range(streams.chunks)])
    assert len(set(read.tolist())) == len(read) >= 0.8 * sum(sizes)


def test_each_epoch_begins_elsewhere_and_the_same_epoch_at_the_same_place() -> None:
    """A function of the seed and the epoch; the shards come in another order, too."""
    streams = Streams(DATA, batch=4, sequence=10, seed=3)
    assert (streams.starts(0) == streams.starts(0)).all()
    assert (streams.starts(0) != streams.starts(1)).all()
    many = Streams(Pieces(*[50] * 5), batch=2, sequence=8)
    orders = [[many.place(epoch, number, 0)[0] for number in range(many.chunks)] for epoch in (0, 1, 0)]
    assert orders[0] == orders[2] != orders[1]
    assert sorted(set(orders[0])) == sorted(set(orders[1])) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("lanes", [1, 2, 4])
def test_two_processes_read_what_one_reads(lanes: int) -> None:
    """Rank by rank, side by side: what is read depends on the lanes, not on the processes."""
    for data in (DATA, Pieces(60, 90, 70)):
        whole = Streams(data, 4, 6, lanes=lanes)
        parts = [Streams(data, 4, 6, rank=rank, ranks=2, lanes=lanes) for rank in (0, 1)]
        for number in range(whole.chunks):
            assert (
                np.concatenate([part.chunk(0, number)[0] for part in parts], 1) == whole.chunk(0, number)[0].numpy()
            ).all()
            begins = np.concatenate([part.begins(0, number) for part in parts])
            assert (begins == whole.begins(0, number).numpy()).all()


def test_streams_begin_anew_with_each_shard_and_each_epoch() -> None:
    """Nowhere else: within a shard the state is carried on."""
    streams = Streams(Pieces(82, 82), batch=2, sequence=8)
    assert [bool(streams.begins(0, number).all()) for number in range(streams.chunks)] == [True, *[False] * 4] * 2
    lanes = Streams(Pieces(82, 42), batch=2, sequence=8, lanes=2)
    told = [tuple(lanes.begins(0, number).tolist()) for number in range(lanes.chunks)]
    shards = [tuple(lanes.place(0, number, lane)[0] for lane in (0, 1)) for number in range(lanes.chunks)]
    assert told[0] == (True, True)
    for before, now, begins in zip(shards, shards[1:], told[1:], strict=False):
        assert begins == tuple(old != new for old, new in zip(before, now, strict=True))


def test_only_the_shards_being_read_are_open() -> None:
    """One for each lane of this process: a corpus may be larger than memory, and lanes of others are never opened."""
    text = Pieces(*[40] * 6)
    streams = Streams(text, batch=4, sequence=4, rank=1, ranks=2, lanes=2)
    for number in range(streams.chunks):
        streams.prepare(0, number, 1)
        streams.chunk(0, number)
        assert len(streams._opened) == 1
    assert len(text.opened) == len(set(text.opened)) == 3


def test_a_shard_too_small_for_the_batch_is_passed_over() -> None:
    """It has no chunk, and the others are read."""
    streams = Streams(Pieces(5, 80), batch=2, sequence=8)
    assert {streams.place(0, number, 0)[0] for number in range(streams.chunks)} == {1}


def test_an_array_is_a_text_of_one_shard() -> None:
    """One code path: the same bytes in the same order."""
    for number in range(3):
        assert (Streams(DATA, 4, 10).chunk(2, number)[0] == Streams(InMemory(DATA), 4, 10).chunk(2, number)[0]).all()


def test_a_small_corpus_gets_a_batch_that_it_can_fill() -> None:
    """Never zero chunks, down to a page of text."""
    for size in (200, 1000, 10_000, 10**6):
        batch, sequence = fitting_batch(size, 64, 128)
        assert Streams(np.zeros(size, np.uint8), batch, sequence).chunks >= 1


@pytest.mark.parametrize(("batch", "share"), [(20, 4), (40, 4), (12, 3), (10, 5)])
def test_a_smaller_batch_is_still_shared_evenly(batch: int, share: int) -> None:
    """Between lanes and processes."""
    for size in (200, 1000, 3000, 10_000):
        assert fitting_batch(size, batch, 64, share)[0] % share == 0
