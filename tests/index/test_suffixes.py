"""The count model is exact: every answer is compared with a search by hand."""

import random

import numpy as np
import pytest

from tinycode_ls.index.suffixes import MOST_ORDER, Guess, SuffixIndex


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
        context = bytes(rng.choice(b"abc\x00\xff") for _ in range(rng.randint(1, 9)))
        low, high = index.start(context)
        for order in range(1, len(context) + 1):
            found = np.bincount(index.column[low[0, order - 1] : high[0, order - 1]], minlength=256)
            assert found.tolist() == followers(text, context[-order:])


def test_a_context_longer_than_the_longest_order_is_known_by_its_last_bytes() -> None:
    """And by no more of them."""
    text = b"def one(): return 1\ndef two(): return 2\n" * 3
    index = SuffixIndex(text)
    long, short = index.start(text[:60]), index.start(text[60 - MOST_ORDER : 60])
    assert all(np.array_equal(a, b) for a, b in zip(long, short, strict=True))


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
    trail = index.trail(low[0], high[0], 30)
    for typed in range(30):
        low, high = trail.now()
        for column, back in enumerate(anchors, start=MOST_ORDER):
            context = before[50 - back :] + part[50 : 50 + typed]
            places = {at for at in range(len(text)) if text.startswith(context, at)}
            expected = len(places) if context else len(text) + 1
            assert high[0, column] - low[0, column] == (0 if back > 50 else expected)
        trail.push(part[50 + typed])


@pytest.mark.parametrize("seed", range(6))
def test_a_trail_is_starting_anew_at_every_byte(seed: int) -> None:
    """On random texts, from a context with fixed places: the same ranges wherever a context occurs, none where it does not."""
    rng = random.Random(seed)
    text = bytes(rng.choice(b"ab\n") for _ in range(400))
    index, begin, anchors = SuffixIndex(text), rng.randrange(60, 200), (0, 7, 50)
    low, high = index.start(text[:begin], anchors)
    trail, typed = index.trail(low[0], high[0], 60), text[begin : begin + 40] + b"\xffab"
    trail.follow(typed)
    lows, highs = trail.ranges()
    assert len(lows) == len(typed)
    for row in range(len(typed)):
        context, further = text[:begin] + typed[: row + 1], tuple(back + row + 1 for back in anchors)
        (low, *_), (high, *_) = index.start(context, further)
        occurs = low < high
        assert np.array_equal(occurs, lows[row] < highs[row])
        assert np.array_equal(low[occurs], lows[row][occurs]) and np.array_equal(high[occurs], highs[row][occurs])


def test_the_longest_context_guesses_what_followed_it_most_often() -> None:
    """With its length and the share; nothing where not even the last byte occurs."""
    index = SuffixIndex(b"abc abc abd xbe")
    low, high = index.start(b"zab")
    assert index.trail(low[0], high[0], 0).guess() == Guess(2, pytest.approx(2 / 3), ord("c"))
    low, high = index.start(b"az")
    assert index.trail(low[0], high[0], 0).guess() == Guess(0)


def test_a_huge_line_is_not_looked_up_byte_by_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though it stands in the text: a question has half a second."""
    rng = random.Random(3)
    line = bytes(rng.choice(b"0123456789, ") for _ in range(50_000))
    index, asked = SuffixIndex(line + b"\n" + line), list[int]()
    append = SuffixIndex.append
    monkeypatch.setattr(SuffixIndex, "append", lambda self, byte, rows: asked.append(byte) or append(self, byte, rows))
    index.start(line, (len(line) - 128, len(line) - 32, len(line)))
    assert len(asked) < 10_000
