"""Two things at once end together, whatever happens to one of them."""

import threading

import pytest

from tinycode_ls.engine.beside import beside


def test_both_run_at_the_same_time() -> None:
    """Each waits for the other half-way."""
    meeting = threading.Barrier(2, timeout=30)
    assert beside(lambda: (meeting.wait(), "read")[1], lambda: (meeting.wait(), "counted")[1]) == ("read", "counted")


def test_a_failure_of_the_work_is_the_caller_s() -> None:
    """And the next call works."""
    with pytest.raises(ZeroDivisionError):
        beside(lambda: 1 // 0, lambda: 1)
    assert beside(lambda: 1, lambda: 2) == (1, 2)


def test_the_work_has_ended_when_the_counting_fails() -> None:
    """Nobody else changes a document's snapshots then."""
    failing, ended = threading.Event(), threading.Event()

    def work() -> None:
        assert failing.wait(30)
        ended.set()

    def meanwhile() -> None:
        failing.set()
        raise KeyError

    with pytest.raises(KeyError):
        beside(work, meanwhile)
    assert ended.is_set()
