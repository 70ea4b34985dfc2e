"""Streams cover the text, targets are the next bytes, processes share the work without overlap."""

import numpy as np

from trainer.batches import Streams, fitting_batch

DATA = np.arange(1000, dtype=np.uint16).astype(np.uint8)


def test_targets_are_the_bytes_that_follow() -> None:
    """And a chunk goes on where the one before ended."""
    streams = Streams(DATA, batch=4, sequence=10)
    ids, targets = streams.chunk(0, 0)
    after, _ = streams.chunk(0, 1)
    assert (targets[:-1] == ids[1:]).all() and (targets[-1] == after[0]).all()


def test_an_epoch_reads_nearly_everything_once() -> None:
    """Streams do not overlap."""
    streams = Streams(np.arange(256, dtype=np.uint8), batch=4, sequence=9)
    read = np.concatenate([streams.chunk(0, n)[0].numpy().ravel() for n in range(streams.chunks)])
    assert len(set(read.tolist())) == len(read) >= 256 * 0.9


def test_each_epoch_begins_elsewhere_and_the_same_epoch_at_the_same_place() -> None:
    """A function of the seed and the epoch."""
    streams = Streams(DATA, batch=4, sequence=10, seed=3)
    assert (streams.starts(0) == streams.starts(0)).all()
    assert (streams.starts(0) != streams.starts(1)).all()


def test_two_processes_read_what_one_reads() -> None:
    """Rank by rank, side by side."""
    whole, _ = Streams(DATA, 4, 10).chunk(0, 2)
    parts = [Streams(DATA, 4, 10, rank=rank, ranks=2).chunk(0, 2)[0] for rank in (0, 1)]
    assert (np.concatenate(parts, axis=1) == whole.numpy()).all()


def test_a_small_corpus_gets_a_batch_that_it_can_fill() -> None:
    """Never zero chunks, down to a page of text."""
    for size in (200, 1000, 10_000, 10**6):
        batch, sequence = fitting_batch(size, 64, 128)
        assert Streams(np.zeros(size, np.uint8), batch, sequence).chunks >= 1
