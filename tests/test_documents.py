"""Open documents follow their clients exactly; the copy is kept as lines and read with plain line ends."""

import os
import time
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from splices import apply_change, position_at

from tinycode_ls.documents import Documents, file_of, name_of, place_of, windows_path
from tinycode_ls.text import Position, Span

URI = "file:///w/a.py"


def opened(text, **more):
    documents = Documents(**more)
    documents.open(URI, 1, "python", text)
    return documents


def test_text_around_the_cursor_has_plain_line_ends():
    cursor = opened("a\r\nbc\rd").cursor(URI, Position(1, 1))
    assert (cursor.left, cursor.right, cursor.line_end) == ("a\nb", "c\nd", "\r")


def test_the_line_end_is_that_of_the_line_or_of_the_one_above():
    assert opened("a\r\nb").cursor(URI, Position(1, 1)).line_end == "\r\n"
    assert opened("a\nb\r\n").cursor(URI, Position(1, 1)).line_end == "\r\n"
    assert opened("a").cursor(URI, Position(0, 1)).line_end == "\n"
    assert opened("a\r\nb", client_holds_lines=True).cursor(URI, Position(1, 1)).line_end == "\n"


def test_the_position_is_clamped_into_the_document():
    cursor = opened("😋\nb").cursor(URI, Position(0, 99))
    assert (cursor.position, cursor.left) == (Position(0, 2), "😋")
    assert opened("a\nb").cursor(URI, Position(9, 9)).position == Position(1, 1)


def test_what_is_not_open_is_nothing():
    documents = Documents()
    assert documents.cursor(URI, Position(0, 0)) is None
    assert documents.change(URI, 2, [(None, "x")]) is False
    documents.close(URI)
    assert documents.state(URI) is None


def test_changes_are_applied_in_order():
    documents = opened("abc")
    here = Span(Position(0, 1), Position(0, 1))
    assert documents.change(URI, 7, [(here, "X"), (here, "Y"), (Span(Position(0, 0), Position(0, 1)), "")])
    assert (documents.cursor(URI, Position(0, 9)).left, documents.get(URI).version) == ("YXbc", 7)


def test_half_a_character_in_a_change_is_replaced_and_the_next_change_arrives():
    documents = opened("abc\n")
    first, second = (Span(Position(0, place), Position(0, place)) for place in (0, 1))
    assert documents.change(URI, 2, [(first, "\ud83d"), (second, "xyz")])
    assert documents.cursor(URI, Position(1, 0)).left == "\ufffdxyzabc\n"


@given(st.text(st.sampled_from("ab😋\n\r\x0c\u2028"), max_size=40), st.data())
def test_typing_anywhere_is_a_splice(text, data):
    offset = data.draw(st.integers(0, len(text)))
    place = position_at(text, offset, "utf-16")
    documents = opened(text)
    documents.change(URI, 2, [(Span(place, place), "q\n")])
    assert documents.get(URI).size == len("".join(documents.get(URI).lines)) == len(text) + 2
    wanted = apply_change(text, Span(place, place), "q\n", "utf-16").replace("\r\n", "\n").replace("\r", "\n")
    cursor = documents.cursor(URI, Position(0, 0))
    assert cursor.left + cursor.right == wanted


def test_a_key_in_a_large_document_costs_little():
    """2 MB, 60,000 lines: a key and the text around it take a few milliseconds."""
    documents = opened("def f(a, b):\n    return a + b  # é\n" * 60_000)
    begin = time.perf_counter()
    for version in range(2, 12):
        documents.change(URI, version, [(Span(Position(50_000, 3), Position(50_000, 3)), "x")])
        documents.cursor(URI, Position(50_000, 4))
    assert (time.perf_counter() - begin) / 10 < 0.1


def test_uris():
    assert str(file_of("file:///w/a%20b.py")) == "/w/a b.py"
    assert file_of("untitled:Untitled-1") is None
    assert file_of("file:///w/a%00b.py") is None
    assert file_of("file://[") is None and name_of("file://[") == ""
    assert name_of("vscode-notebook-cell:/w/nb.ipynb#W0") == "/w/nb.ipynb"
    assert str(place_of("vscode-notebook-cell:/w/nb.ipynb#W0s%3D")) == "/w/nb.ipynb/W0s="
    assert place_of("file:///w/a.py") == file_of("file:///w/a.py") and place_of("untitled:Untitled-1") is None


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("file:///C:/w/a.py", "C:\\w\\a.py"),
        ("file:///c%3A/w/a%20b.py", "c:\\w\\a b.py"),
        ("file://localhost/c:/w/a.py", "c:\\w\\a.py"),
        ("file://server/share/a.py", "\\\\server\\share\\a.py"),
        ("file://wsl%24/Ubuntu/w/a.py", "\\\\wsl$\\Ubuntu\\w\\a.py"),
    ],
)
def test_uris_on_windows(uri, expected):
    found = windows_path(urlsplit(uri))
    assert str(found) == expected and found.is_absolute()


@pytest.mark.skipif(os.name == "nt", reason="there the host is part of the path")
def test_a_file_of_another_machine_is_none_of_this_one():
    assert file_of("file://host/w/a.py") is None and name_of("file://host/w/a.py") == "/w/a.py"
    assert str(file_of("file://localhost/w/a.py")) == "/w/a.py"
