"""Positions and changes agree with the slow, obvious way on odd text; nothing crashes on hostile positions."""

import time

from hypothesis import given
from hypothesis import strategies as st
from splices import apply_change, position_at

from tinycode_ls.text import (
    Position,
    Span,
    clean,
    column,
    offset_at,
    replace,
    split_lines,
    units,
)

ENCODINGS = ("utf-8", "utf-16", "utf-32")
encodings = st.sampled_from(ENCODINGS)
texts = st.lists(
    st.sampled_from(
        ["a", "bc", " ", "\t", "\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "é", "😋", "中", ")"]
    )
).map("".join)
hostile = st.text(st.characters(), max_size=30)
positions = st.builds(Position, st.integers(0, 12), st.integers(0, 30))


def test_lines_end_at_lf_crlf_and_cr_only():
    assert split_lines("a\x0cb\x85c\u2028d\ne\r\nf\rg") == ["a\x0cb\x85c\u2028d\n", "e\r\n", "f\r", "g"]
    assert split_lines("a\n") == ["a\n", ""]
    assert split_lines("") == [""]


def test_a_long_line_without_an_end_costs_what_it_is_long():
    """A minified file: by the square of its length, 20 kB took ten seconds, and 8 MB for ever."""
    text, begin = "a" * 8_000_000, time.perf_counter()
    assert split_lines(text) == [text]
    assert split_lines("\n" + text) == ["\n", text]
    assert time.perf_counter() - begin < 5


def test_the_change_that_corrupts_a_splitlines_server():
    """The case of design.md: a form feed is no line end."""
    assert apply_change("a\x0cb\nc\n", Span(Position(1, 0), Position(1, 1)), "X", "utf-16") == "a\x0cb\nX\n"


def test_units_of_an_astral_character():
    assert [units("a😋é", encoding) for encoding in ENCODINGS] == [7, 4, 3]


def test_a_position_inside_a_character_is_its_start():
    assert column("😋b", 1, "utf-16") == 0
    assert column("😋b", 3, "utf-8") == 0
    assert column("😋b", 2, "utf-16") == 1


def test_positions_past_the_end_are_clamped_before_the_line_end():
    text = "ab\r\ncd"
    assert offset_at(text, Position(0, 99), "utf-16") == 2
    assert offset_at(text, Position(1, 99), "utf-16") == 6
    assert offset_at(text, Position(99, 0), "utf-16") == 6
    assert offset_at("", Position(3, 3), "utf-8") == 0


def test_a_change_can_join_and_part_a_crlf():
    lines = split_lines("a\r")
    replace(lines, Span(Position(1, 0), Position(1, 0)), "\nb", "utf-16")
    assert lines == ["a\r\n", "b"]
    lines = split_lines("a\n\nb")
    replace(lines, Span(Position(0, 1), Position(0, 1)), "\r", "utf-16")
    assert lines == ["a\r\n", "\n", "b"]


def test_lone_surrogates_become_replacement_characters_of_the_same_length():
    assert clean("a\ud800b😋") == "a\ufffdb😋"


@given(texts)
def test_lines_join_to_the_text(text):
    assert "".join(split_lines(text)) == text


@given(texts, encodings, st.data())
def test_position_and_offset_are_inverse(text, encoding, data):
    offset = data.draw(st.integers(0, len(text)))
    if text[offset - 1 : offset + 1] == "\r\n" and offset:
        assert offset_at(text, position_at(text, offset, encoding), encoding) == offset - 1
    else:
        assert offset_at(text, position_at(text, offset, encoding), encoding) == offset


@given(texts, texts, encodings, st.data())
def test_a_change_is_a_splice(text, new, encoding, data):
    """Against cutting the whole text at its offsets."""
    a, b = sorted(data.draw(st.integers(0, len(text))) for _ in range(2))
    start, end = position_at(text, a, encoding), position_at(text, b, encoding)
    a, b = offset_at(text, start, encoding), offset_at(text, end, encoding)
    assert apply_change(text, Span(start, end), new, encoding) == text[:a] + new + text[b:]


@given(texts, encodings, st.lists(st.tuples(positions, positions, texts), max_size=6))
def test_kept_lines_stay_the_lines_of_the_text(text, encoding, changes):
    """Any sequence of changes, past the end and backwards too, leaves what splitting anew would give."""
    lines = split_lines(text)
    for start, end, new in changes:
        replace(lines, Span(start, end), new, encoding)
        assert lines == split_lines("".join(lines))


@given(hostile, hostile, encodings, positions, positions)
def test_hostile_text_does_not_crash(text, new, encoding, start, end):
    changed = apply_change(clean(text), Span(start, end), clean(new), encoding)
    changed.encode("utf-8")
