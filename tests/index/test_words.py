"""Word contexts: byte by byte the same as all at once, and blind to what stood before the word."""

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tinycode_ls.index.words import MOST_PLACES, MOST_TEXT, WordContext, WordIndex

FIELDS = ("word", "separator", "indent", "blank")


@given(st.text("ab_ \t\n(.", max_size=60))
def test_a_text_at_once_is_its_bytes_one_by_one(text: str) -> None:
    """Every field of every place."""
    content = text.encode()
    along, followed = WordContext.along(content), WordContext.along(b"").follow(content)
    for field in FIELDS:
        assert np.array_equal(getattr(along, field)[1:], getattr(followed, field)), field


def test_a_word_is_found_behind_another_character() -> None:
    """`val` was `value` after a blank; now it stands after a bracket. Inside `interval` it is no beginning of a word."""
    index = WordIndex(b"x = value + 1\ninterval.x\n")
    evidence = index.evidence(WordContext.along(b"print(val").take(slice(9, None)))
    assert evidence.totals[0, 0] == 1 and evidence.table()[0, 0].argmax() == ord("u")


def test_lines_of_one_depth_begin_alike() -> None:
    """After four blanks came `r`; after eight, `i`."""
    index = WordIndex(b"def f():\n    return 1\n        if x:\n")
    for indent, expected in ((4, "r"), (8, "i")):
        place = WordContext.along(b" " * indent).take(slice(indent, None))
        assert index.evidence(place).table()[0, 1, ord(expected)] == 1


def test_only_text_near_the_cursor_counts() -> None:
    """The last MOST_TEXT bytes."""
    index = WordIndex(b"unique = 1\n" + b"other = 2\n" * (MOST_TEXT // 10))
    assert not index.evidence(WordContext.along(b"uniq").take(slice(4, None))).totals.any()


def test_places_are_those_of_a_search_by_hand() -> None:
    """Every beginning of some words: how often it begins one, and what came next at the latest of these places."""
    text = b"alpha beta ab a al b alpine abc\n" * 30
    index, words = WordIndex(text), re.findall(rb"\w+\W", text)
    for begin in (b"a", b"al", b"b", b"ab", b"alpha", b"z"):
        came = [word[len(begin)] for word in words if word.startswith(begin)]
        evidence = index.evidence(WordContext.along(b"x = " + begin).take(slice(-1, None)))
        latest = np.bincount(came[-MOST_PLACES:], minlength=256) if came else np.zeros(256)
        assert evidence.totals[0, 0] == len(came) and np.array_equal(evidence.table()[0, 0], latest)
