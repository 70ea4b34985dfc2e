"""Snapshots: whatever the cursor does, the state is the one of reading the text."""

import random

import numpy as np

from tinycode_ls.engine.model import Model
from tinycode_ls.engine.reader import MOST_SNAPSHOTS, READ_BYTES, DocumentReader, common_prefix, window_start


def test_jumping_and_editing_ends_where_reading_anew_does(tiny_model: Model, source_text: bytes) -> None:
    """Random cursor moves and edits; only the way the text was cut differs, so within 0.03 of a logit."""
    rng, reader, text = random.Random(0), DocumentReader(tiny_model, b"\0a.py\n"), bytearray(source_text)
    for _ in range(25):
        if rng.random() < 0.5:
            at = rng.randrange(len(text))
            text[at : at + rng.randrange(3)] = b"xy"[: rng.randrange(3)]
        left = bytes(text[: rng.randrange(len(text))])
        since = max(0, len(left) - rng.randrange(40))
        logits, _ = reader.read(left, since)
        fresh, _ = DocumentReader(tiny_model, b"\0a.py\n").read(left, since)
        assert len(logits) == len(left) - since + 1
        assert np.abs(logits - fresh).max() < 0.03


def test_a_new_line_reads_only_what_is_new(tiny_model: Model, source_text: bytes, monkeypatch) -> None:
    """Above the line nothing is read again."""
    reader = DocumentReader(tiny_model, b"\0a.py\n")
    reader.read(source_text, len(source_text))
    read: list[int] = []
    real = tiny_model.read
    monkeypatch.setattr(tiny_model, "read", lambda text, state=None: read.append(len(text)) or real(text, state))
    reader.read(source_text + b"x = 1\ny", len(source_text) + 6)
    assert sum(read) == 6


def test_a_far_cursor_reads_a_bounded_window() -> None:
    """It starts at the beginning of a line; in a file that is one line, anywhere."""
    text = b"line of text\n" * 1000
    start = window_start(text)
    assert len(text) - READ_BYTES <= start < len(text) and text[start - 1 : start] == b"\n"
    assert window_start(b"x" * 10_000) == 10_000 - READ_BYTES
    assert window_start(b"short") == 0


def test_snapshots_are_few_however_much_is_typed(tiny_model: Model) -> None:
    """Each of a shipped model takes 38 KB; the text read anew where one is missing, 5 ms."""
    reader, text = DocumentReader(tiny_model, b"\0a.py\n"), b""
    for number in range(300):
        text += b"x%d" % number
        logits, _ = reader.read(text, len(text))
        assert len(reader._window.ends) <= MOST_SNAPSHOTS
    fresh, _ = DocumentReader(tiny_model, b"\0a.py\n").read(text, len(text))
    assert len(logits) == len(fresh) == 1


def test_common_prefix() -> None:
    """By halving, the same as by counting."""
    rng = random.Random(1)
    for _ in range(200):
        a = bytes(rng.choice(b"ab") for _ in range(rng.randrange(20)))
        b = bytes(rng.choice(b"ab") for _ in range(rng.randrange(20)))
        counted = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
        assert common_prefix(a, b) == counted


def test_a_cursor_that_moves_up_has_as_much_to_read(tiny_model: Model) -> None:
    """Just below where the last reading began: what stands above it counts, as it does when reading anew."""
    rng = random.Random(2)
    text = b"".join(b"%x = %d\n" % (rng.randrange(16**6), rng.randrange(1000)) for _ in range(80))
    reader, begin = DocumentReader(tiny_model, b"\0a.py\n"), window_start(text)
    for below in (0, 3, 40):
        reader.read(text, len(text))
        left = text[: begin + below]
        logits, _ = reader.read(left, len(left))
        fresh, _ = DocumentReader(tiny_model, b"\0a.py\n").read(left, len(left))
        assert np.abs(logits - fresh).max() < 0.03
