"""Windows of 50 bytes: a hash depends on them alone, copies are found wherever they stand, strangers are not."""

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.corpus.duplicates import WINDOW, Duplicates, WindowSet, sampled_hashes, window_hashes


def noise(seed: int, size: int) -> bytes:
    return random.Random(seed).randbytes(size)


@given(st.binary(max_size=300), st.binary(max_size=70))
@settings(max_examples=60, deadline=None)
def test_equal_windows_have_equal_hashes(text: bytes, before: bytes) -> None:
    """A window's hash depends on its 50 bytes alone: text moved to another place keeps its hashes."""
    moved = window_hashes(before + text)
    assert len(moved) == max(0, len(before) + len(text) - WINDOW + 1)
    assert np.array_equal(moved[len(before) :], window_hashes(text))


def test_different_windows_have_different_hashes() -> None:
    """One changed byte changes exactly the windows that hold it."""
    text = noise(1, 1000)
    changed = text[:500] + bytes([text[500] ^ 1]) + text[501:]
    assert np.count_nonzero(window_hashes(text) != window_hashes(changed)) == WINDOW


def test_one_window_in_sixteen_is_sampled() -> None:
    """The sample is as large as it says, and taken by value: a copy samples the same windows."""
    text = noise(2, 64_000)
    sampled = sampled_hashes(text)
    assert 0.9 < len(sampled) * 16 / len(text) < 1.1
    assert np.isin(sampled, sampled_hashes(b"moved" + text)).all()


def test_shares_are_measured() -> None:
    """The share of windows seen is that of the text copied, give or take the sampling."""
    seen = WindowSet(100_000)
    first = noise(3, 40_000)
    seen.add(seen.hashes(first))
    assert seen.share(seen.hashes(first)) == 1
    assert seen.share(seen.hashes(noise(4, 40_000))) < 0.02
    assert 0.45 < seen.share(seen.hashes(first[:20_000] + noise(5, 20_000))) < 0.55


def test_refused_text_is_not_remembered() -> None:
    """A chain of small edits does not drag a corpus away: what was refused does not count as seen."""
    duplicates = Duplicates(1_000_000)
    parts = [noise(10 + i, 3_000) for i in range(4)]
    assert duplicates.reason(parts[0] + parts[1]) == ""
    assert duplicates.reason(parts[0] + parts[1] + parts[2]) == "a near duplicate"
    assert duplicates.reason(parts[2] + parts[3]) == ""


def test_exact_copies_of_short_texts_are_found() -> None:
    """Texts too short for a window are still compared as a whole."""
    duplicates = Duplicates(1000)
    assert [duplicates.reason(text) for text in (b"x = 1\n", b"x = 2\n", b"x = 1\n")] == ["", "", "an exact duplicate"]


def test_memory_is_bounded() -> None:
    """The table for a terabyte is no larger than that for a few gigabytes; windows are sampled more thinly instead."""
    large, huge = WindowSet(2**32), WindowSet(2**40)
    assert large._table.nbytes == huge._table.nbytes == 2**28
    assert huge.sample > large.sample
