"""A model's place in one document: snapshots of the state along the text, so that a cursor anywhere resumes near by.

The text is read from a window that starts at most `READ_BYTES` before the cursor, at the beginning of a line, behind the
document's header. The next request keeps every snapshot above the first changed byte and reads on from the nearest. A
snapshot of a shipped model takes 38 KB, nearly all of it the states that attention looks back on.
"""

from bisect import bisect_right
from dataclasses import dataclass, field

import numpy as np

from .model import Array, Model, State

READ_BYTES = 192
"""Read before a cursor that is far from all snapshots: 3-7 ms of one core. Reading a third more saves 0.06 % more keys."""
SNAPSHOT_BYTES = 256
MOST_SNAPSHOTS = 32


@dataclass
class _Window:
    """Snapshots of one reading: `states[i]` and `logits[i]` hold after `ends[i]` bytes of the document."""

    text: bytes
    ends: list[int] = field(default_factory=list)
    states: list[tuple[Array, State]] = field(default_factory=list)


class DocumentReader:
    """Guards that a snapshot is only used for exactly the text it was made from. One thread at a time."""

    def __init__(self, model: Model, header: bytes) -> None:
        self.model, self.header = model, header
        self._window = _Window(b"")

    def read(self, left: bytes, since: int) -> tuple[Array, State]:
        """`left` is all of a document's text before the cursor. The logits of the bytes at `since` and later, and of the one
        after `left` [len(left) - since + 1, 256], and the state there."""
        logits, state = self._read_to(left[:since])
        if since == len(left):
            return logits[None], state
        after, state = self.model.read_all(left[since:], state)
        return np.concatenate([logits[None], after]), state

    def _read_to(self, left: bytes) -> tuple[Array, State]:
        """The logits [256] of the byte after `left`, the state there: a snapshot, which is kept."""
        window = self._window
        kept = bisect_right(window.ends, common_prefix(window.text, left))
        del window.ends[kept:], window.states[kept:]
        if not kept or len(left) - window.ends[-1] > READ_BYTES or window.ends[0] > window_start(left):
            window = self._start(left)
        window.text = left
        at = window.ends[-1]
        logits, state = window.states[-1]
        for end in snapshot_ends(left, at):
            logits, state = self.model.read(left[at:end], state)
            window.ends.append(end)
            window.states.append((logits, state))
            at = end
        if len(window.ends) > MOST_SNAPSHOTS:
            del window.ends[1 : MOST_SNAPSHOTS // 2], window.states[1 : MOST_SNAPSHOTS // 2]
        return logits, state

    def _start(self, left: bytes) -> _Window:
        begin = window_start(left)
        self._window = _Window(left, [begin], [self.model.read(self.header)])
        return self._window


def window_start(left: bytes) -> int:
    """Where reading begins: a line's first byte at most READ_BYTES before the end (or in the middle of a huge line)."""
    if len(left) <= READ_BYTES:
        return 0
    earliest = len(left) - READ_BYTES
    line = left.find(b"\n", earliest, len(left) - READ_BYTES // 4)
    return line + 1 if line >= 0 else earliest


def snapshot_ends(left: bytes, at: int) -> list[int]:
    """Where to stop and keep a snapshot on the way from `at` to the end: now and then, and there."""
    ends = range(at + SNAPSHOT_BYTES, len(left), SNAPSHOT_BYTES)
    return [*ends, len(left)] if len(left) > at else []


def common_prefix(a: bytes, b: bytes) -> int:
    """Number of leading bytes that are the same; by halving, so that equal megabytes cost one comparison."""
    low, high = 0, min(len(a), len(b))
    if a[:high] == b[:high]:
        return high
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if a[low:middle] == b[low:middle] else (low, middle - 1)
    return low
