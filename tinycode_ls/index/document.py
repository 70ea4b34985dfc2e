"""The open document as a voice: all of it but the line being written, nearest text last so that 'latest' means near."""

from dataclasses import dataclass

from .suffixes import SuffixIndex
from .words import WordIndex

MOST_LEFT = 64_000
MOST_RIGHT = 16_000


@dataclass(frozen=True)
class DocumentIndex:
    """`suffixes`: of all the text; `words`: of the text above, near the cursor."""

    suffixes: SuffixIndex
    words: WordIndex


def document_index(left: bytes, right: bytes) -> DocumentIndex:
    """Index of the text before the cursor's line and of what stands below it.

    `left` ends where the cursor's line begins. What follows is put first: of two equal places the one above is later.
    """
    text = right[:MOST_RIGHT] + b"\0\n" + left[-MOST_LEFT:]
    return DocumentIndex(SuffixIndex(text, with_positions=True), WordIndex(left))
