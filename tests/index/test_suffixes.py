"""The count model is exact: every answer is compared with a search by hand."""

import random

import numpy as np
import pytest

from tinycode_ls.index.suffixes import MOST_ORDER, SuffixIndex


def followers(text: bytes, context: bytes) -> list[int]:
    """How often each byte follows `context` in `text`, by looking everywhere; 0 stands for the end."""
    counts = [0] * 256
    for at in range(len(text) - len(context) + 1):
        if text.startswith(context, at):
            end = at + len(context)
            counts[text[end] if end < len(text) else 0] += 1
    return counts


@pytest.mark.parametrize("seed", range(12))
def test_counts_are_those_of_a_search_by_hand(seed: int) -> None:
    """Every order of every context, on random texts over few letters (long repeats) with zero and high bytes."""
    rng = random.Random(seed)
    text = bytes(rng.choice(b"ab\x00\xff") for _ in range(rng.choice([0, 1, 2, 7, 60, 300])))
    index = SuffixIndex(text)
    for _ in range(12):
        context = bytes(rng.choice(b"abc\xff") for _ in range(rng.randint(1, 9)))
        low, high = index.start(context)
        for order in range(1, len(context) + 1):
            found = np.bincount(index.column[low[0, order - 1] : high[0, order - 1]], minlength=256)
            assert found.tolist() == followers(text, context[-order:])


def test_extending_step_by_step_is_starting_anew() -> None:
    """A context longer than MOST_ORDER is known by its last bytes only."""
    text = b"def one(): return 1\ndef two(): return 2\n" * 3
    index = SuffixIndex(text)
    low, high = index.start(text[:10])
    for byte in text[10:60]:
        low, high = index.extend(low, high, [byte])
    again_low, again_high = index.start(text[60 - MOST_ORDER : 60])
    assert (low == again_low).all() and (high == again_high).all()


def test_hypotheses_side_by_side_are_those_one_by_one() -> None:
    """A batch is only faster."""
    index = SuffixIndex(b"abcabdabe" * 5)
    low, high = index.start(b"ab")
    both = index.extend(np.repeat(low, 2, axis=0), np.repeat(high, 2, axis=0), [ord("c"), ord("d")])
    for row, byte in enumerate(b"cd"):
        one = index.extend(low, high, [byte])
        assert (both[0][row] == one[0][0]).all() and (both[1][row] == one[1][0]).all()


def test_positions_say_where_the_next_byte_stands() -> None:
    """The rows of `ab` lead to the bytes after each `ab`."""
    text = b"xabc abd abe"
    index = SuffixIndex(text, with_positions=True)
    low, high = index.start(b"ab")
    places = index.positions[low[0, 1] : high[0, 1]]
    assert sorted(text[place] for place in places) == sorted(b"cde")


def test_rows_sorted_in_pieces_are_those_sorted_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The piece only bounds the memory."""
    text = bytes(random.Random(5).choice(b"abc\x00") for _ in range(1000))
    whole = SuffixIndex(text)
    monkeypatch.setattr("tinycode_ls.index.suffixes.PIECE", 77)
    low, high = SuffixIndex(text).start(text[:40])
    assert (low == whole.start(text[:40])[0]).all() and (high == whole.start(text[:40])[1]).all()


def test_contexts_since_a_fixed_place_are_counted_whole() -> None:
    """Compared with a search through the text, byte by byte: none is cut at MOST_ORDER, and one that is too short is none."""
    rng = random.Random(6)
    part = bytes(rng.choice(b"ab") for _ in range(90))
    text = part + b"x" + part[:70] + b"y" + part[40:]
    index = SuffixIndex(text)
    before, anchors = part[:50], (0, 5, 40, 50, 51)
    low, high = index.start(before, anchors)
    for typed in range(30):
        for column, back in enumerate(anchors, start=MOST_ORDER):
            context = before[50 - back :] + part[50 : 50 + typed]
            places = {at for at in range(len(text)) if text.startswith(context, at)}
            expected = len(places) if context else len(text) + 1
            assert high[0, column] - low[0, column] == (0 if back > 50 else expected)
        low, high = index.extend(low, high, [part[50 + typed]])


def test_the_longest_context_says_what_followed_it_most_often() -> None:
    """With its length and the share; nothing where not even the last byte occurs."""
    index = SuffixIndex(b"abc abc abd xbe")
    low, high = index.start(b"zab")
    assert index.longest(low[0], high[0]) == (2, pytest.approx(2 / 3), ord("c"))
    low, high = index.start(b"az")
    assert index.longest(low[0], high[0]) == (0, 0.0, 0)
