"""The open document as a voice: all of it but the line being written, nearest text last so that 'latest' means near."""

from .suffixes import SuffixIndex

MOST_LEFT = 64_000
MOST_RIGHT = 16_000


def document_index(left: bytes, right: bytes) -> SuffixIndex:
    """Index of the text before the cursor's line and of what stands below it.

    `left` ends where the cursor's line begins. What follows is put first: of two equal places the one above is later.
    """
    return SuffixIndex(right[:MOST_RIGHT] + b"\0\n" + left[-MOST_LEFT:], with_positions=True)
