"""Positions and changes the slow, obvious way, on whole texts."""

from tinycode_ls.text import Position, Span, content_length, replace, split_lines, units


def position_at(text: str, offset: int, encoding: str) -> Position:
    """The position of an index into `text`; between `\\r` and `\\n` it is the end of the line before them."""
    before = split_lines(text[:offset])
    if text[offset - 1 : offset + 1] == "\r\n":
        before = before[:-1]
    line = before[-1]
    return Position(len(before) - 1, units(line[: content_length(line)], encoding))


def apply_change(text: str, span: Span | None, new: str, encoding: str) -> str:
    """`text` with `new` in place of `span`."""
    lines = split_lines(text)
    replace(lines, span, new, encoding)
    return "".join(lines)
