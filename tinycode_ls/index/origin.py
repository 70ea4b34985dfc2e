"""Where a text came from: the place on this machine whose surroundings agree longest with those of the cursor."""

from collections.abc import Iterable
from dataclasses import dataclass

CONTEXT_LENGTHS = (64, 32, 16, 8, 4, 0)
LEAST_TEXT = 3
"""A text shorter than this is everywhere; it came from nowhere in particular."""


@dataclass(frozen=True)
class Place:
    """`line` counts from 1."""

    path: str
    line: int


def find_place(context: bytes, text: bytes, documents: Iterable[tuple[str, bytes, int]]) -> Place | None:
    """The last place of `context` + `text` in the first document that has it, with as much context as can be found.

    `documents`: path, text, and the line that the text begins with.
    """
    if len(text.strip()) < LEAST_TEXT:
        return None
    searched = list(documents)
    for length in CONTEXT_LENGTHS:
        if length > len(context):
            continue
        wanted = context[len(context) - length :] + text
        for path, content, first_line in searched:
            at = content.rfind(wanted)
            if at >= 0:
                return Place(path, first_line + content.count(b"\n", 0, at + length))
    return None
