"""Text as LSP sees it: lines, positions in utf-8, utf-16 or utf-32 units, and incremental changes.

Lines end at `\\n`, `\\r\\n` and `\\r` only: a form feed, a vertical tab, NEL or U+2028 is an ordinary character (which
`str.splitlines` gets wrong). Plain strings and numbers: nothing here knows LSP types or open documents.
"""

import re
from typing import NamedTuple

_LINE = re.compile(r"[^\r\n]+(?:\r\n|\r|\n)?|\r\n|\r|\n")
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNITS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
"""Position encoding -> (codec, bytes per unit)."""


class Position(NamedTuple):
    """A place between two characters: line and character count from 0, character in units of some encoding."""

    line: int
    character: int


class Span(NamedTuple):
    """From `start` up to, not including, `end`."""

    start: Position
    end: Position


def clean(text: str) -> str:
    """Lone surrogates, which JSON can carry and no encoding can write, become U+FFFD: as long in every encoding."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def plain(text: str) -> str:
    """`text` with every line end as `\\n`."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def split_lines(text: str) -> list[str]:
    """The lines with their ends; the last one has none, and is empty when `text` ends with a line end."""
    lines = _LINE.findall(text)
    return [*lines, ""] if not text or text.endswith(("\r", "\n")) else lines


def content_length(line: str) -> int:
    """Characters of `line` without its line end."""
    return len(line) - (2 if line.endswith("\r\n") else line.endswith(("\n", "\r")))


def column(line: str, character: int, encoding: str) -> int:
    """Index into `line` of the place `character` units from its start.

    Past the end it is the end of the content; inside a character that takes several units, the start of it.
    """
    most = content_length(line)
    if line.isascii() or encoding == "utf-32":
        return max(0, min(character, most))
    codec, width = _UNITS[encoding]
    head = line[:most].encode(codec)[: max(0, character) * width]
    return len(head.decode(codec, "ignore"))


def units(text: str, encoding: str) -> int:
    """How long `text`, which has no line end, is in units of `encoding`."""
    codec, width = _UNITS[encoding]
    return len(text) if text.isascii() else len(text.encode(codec)) // width


def locate(lines: list[str], position: Position, encoding: str) -> tuple[int, int]:
    """-> (index of the line, index into it); a line past the last one means the end of the text."""
    if position.line >= len(lines):
        return len(lines) - 1, len(lines[-1])
    return position.line, column(lines[position.line], position.character, encoding)


def offset_at(text: str, position: Position, encoding: str) -> int:
    """Index into `text` of a position."""
    lines = split_lines(text)
    row, col = locate(lines, position, encoding)
    return sum(map(len, lines[:row])) + col


def replace(lines: list[str], span: Span | None, new: str, encoding: str) -> int:
    """Put `new`, which is clean, in place of `span` (None: of everything), in the list that `split_lines` made.

    -> by how many characters the text grew.

    Costs as much as the lines it touches, not as the document. One more line on either side is split again, since a
    change can part or join a `\\r\\n`.
    """
    if span is None:
        grown = len(new) - sum(map(len, lines))
        lines[:] = split_lines(new)
        return grown
    start, end = sorted((locate(lines, span.start, encoding), locate(lines, span.end, encoding)))
    first, last = max(0, start[0] - 1), min(len(lines), end[0] + 2)
    before = "".join(lines[first : start[0]]) + lines[start[0]][: start[1]]
    after = lines[end[0]][end[1] :] + "".join(lines[end[0] + 1 : last])
    text = before + new + after
    grown = len(text) - sum(map(len, lines[first:last]))
    piece = split_lines(text)
    lines[first:last] = piece if last == len(lines) else piece[:-1]
    return grown
