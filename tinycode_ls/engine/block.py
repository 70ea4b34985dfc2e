"""The lines after a suggested line: where it opens a block, and as long as the whole stays sure.

What opens a block is told by what is written next, in any language: a line that is indented deeper.
"""

import math
from dataclasses import dataclass

from ..deadline import Deadline
from .draft import Draft
from .search import Continuation, SearchOptions, search

LINE = SearchOptions(width=2, most_bytes=120, most_blanks=40)
LEAST_SURE, LEAST_ASKED = 0.8, 0.3
"""A block that is wrong somewhere takes longer to read and to mend than a line, and lines believed together are believed too
much: of 18 blocks at least 0.3 likely that nobody had asked for, 4 were right (21 of their 40 lines)."""
CLOSERS = frozenset(b"})];,> \t")
MOST_ALIKE = 2


@dataclass(frozen=True)
class Block:
    """`lines` follow the suggested line; `probability` is that of all of them, with the line."""

    lines: tuple[bytes, ...]
    probability: float


def block_after(
    draft: Draft, opening: Continuation, line: bytes, below: bytes, most: int, least: float, deadline: Deadline
) -> Block:
    """Up to `most` lines after `opening`, a continuation of `draft` that ended and whose whole line is `line`; all of it is
    right with a probability of at least `least`.

    `below` is the first line with text below the cursor; what stands there already is not said again. A line that only
    closes the block ends it.
    """
    lines: list[bytes] = []
    probability, depth, path = math.exp(opening.end_log_prob), indentation(line), opening
    while len(lines) < most and probability >= least and not deadline.expired():
        draft = draft.moved(path.text + b"\n")
        found = search(draft, LINE.at_least(least / probability), deadline)
        ended = next((path for path in found if path.ended), None)
        if ended is None:
            break
        text, deeper = ended.text.rstrip(), indentation(ended.text) > depth
        closes = bool(lines) and not deeper and indentation(ended.text) == depth and set(text) <= CLOSERS
        likely = probability * math.exp(ended.end_log_prob)
        alike = lines.count(text) >= MOST_ALIKE or text.strip() == below.strip()
        if likely < least or not (deeper or closes) or alike:
            break
        lines.append(text)
        probability, path = likely, ended
        if closes:
            break
    return Block(tuple(lines), probability)


def indentation(line: bytes) -> int:
    """Blanks at a line's beginning."""
    return len(line) - len(line.lstrip(b" \t"))
