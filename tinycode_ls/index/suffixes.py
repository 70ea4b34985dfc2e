"""Exact counts of what followed any context in a text: an FM-index over the reversed text, in numpy.

Reversed, contexts that end alike are neighbours in suffix order, and the Burrows-Wheeler column is the byte that came
*next* in the real text. A context is then a range of rows; its next bytes are one slice of the column, and appending a
byte to the context is one rank query (Ferragina & Manzini 2000; infini-gram mini 2025). Costs 5 bytes of memory a byte.

Knows nothing of files: `text` is any bytes; rows that would read past its end count as byte 0.
"""

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pydivsufsort

from ..characters import LINE_END

Rows = npt.NDArray[np.int32]

MOST_ORDER = 32
"""Longest context that is told apart; beyond it, contexts that share their last 32 bytes are one."""
FIXED = 1 + MOST_ORDER
"""Column of a trail's ranges that is the first of those since fixed places."""
MOST_SINCE = 4096
"""Bytes since a fixed place that are looked up: a line longer than that is data, and one as long takes 10 ms for each place."""
GUESS_SAMPLE = 16
"""Places looked at to say what mostly follows a context: a guess that is wrong costs time, not a suggestion."""
PIECE = 1 << 19
"""Rows sorted at once while an index is made: 4 MB for the time being."""


class SuffixIndex:
    """Immutable. A range state is (low, high), each [B, MOST_ORDER + anchors].

    Column j < MOST_ORDER holds the rows of the last j+1 bytes; the others those of all bytes since a fixed place.
    """

    def __init__(self, text: bytes, with_positions: bool = False) -> None:
        self.size = len(text)
        reversed_text = np.frombuffer(text, np.uint8)[::-1].copy()
        suffixes = _suffix_array(reversed_text)
        self.column = np.zeros(self.size + 1, np.uint8)  # row 0 is the empty suffix
        if self.size:
            self.column[0] = reversed_text[-1]
            for begin in range(0, self.size, PIECE):
                self.column[1 + begin : 1 + begin + PIECE] = reversed_text[suffixes[begin : begin + PIECE] - 1]
        whole = 1 + int(suffixes.argmin()) if self.size else 0  # the row of the whole text: nothing came next
        self.column[whole] = 0
        self.positions = np.empty(0, np.int32)  # of each row: where in the text the next byte stands
        if with_positions:
            self.positions = np.append(0, self.size - suffixes).astype(np.int32)
        del suffixes, reversed_text
        first = np.zeros(257, np.int64)  # where each byte's rows begin in suffix order
        for begin in range(0, self.size + 1, PIECE):  # bincount takes eight bytes a row
            first[1:] += np.bincount(self.column[begin : begin + PIECE], minlength=256)
        np.cumsum(first, out=first)
        self._first = first.tolist()
        rows = _rows_of_byte(self.column, first)
        self._rows_of_byte = [rows[begin:end] for begin, end in itertools.pairwise(self._first)]
        zeros = self._rows_of_byte[0]  # the end of the text, which its column counts as one, is none of them
        self._rows_of_byte[0], self._first[0] = zeros[zeros != whole], 1

    def start(self, context: bytes, anchors: tuple[int, ...] = ()) -> tuple[Rows, Rows]:
        """The ranges [1, MOST_ORDER + anchors] of a context; `anchors`, ascending, are how far back the fixed places are."""
        nothing = np.zeros(MOST_ORDER, np.int32)
        trail = self.trail(nothing, nothing, MOST_ORDER)
        trail.follow(context[-MOST_ORDER:])
        low, high = trail.now()
        since = [self._rows_since(context, back, low[0], high[0]) for back in anchors]
        begins, ends = np.array(since, np.int32).reshape(-1, 2).T
        return np.append(low, begins[None], axis=1), np.append(high, ends[None], axis=1)

    def _rows_since(self, context: bytes, back: int, low: Rows, high: Rows) -> tuple[int, int]:
        """The rows of the last `back` bytes of the context, those of its last 1, 2, ... MOST_ORDER bytes being known; none
        where it is shorter than that."""
        if back > min(len(context), MOST_SINCE):
            return 0, 0
        if back == 0:
            return 0, self.size + 1
        known = min(back, MOST_ORDER) - 1
        if back <= MOST_ORDER or low[known] == high[known]:
            return int(low[known]), int(high[known])
        return self._rows_after(context, back)

    def _rows_after(self, context: bytes, back: int) -> tuple[int, int]:
        """The rows of the last `back` bytes of the context."""
        bounds = np.array((0, self.size + 1), np.int32)
        for byte in context[len(context) - back :]:
            bounds[:] = self.append(byte, bounds)
            if bounds[0] == bounds[1]:
                return 0, 0
        return int(bounds[0]), int(bounds[1])

    def trail(self, low: Rows, high: Rows, most: int, anchors: tuple[int, ...] = ()) -> "Trail":
        """From one range state on, each [MOST_ORDER + anchors], at most `most` bytes further."""
        return Trail(self, low, high, most, anchors)

    def append(self, byte: int, bounds: Rows) -> npt.NDArray[np.int64]:
        """Where the `bounds` of ranges are when `byte` is appended to their contexts."""
        # searchsorted needs the haystack's own type, which is that of Rows, or it converts the whole haystack
        found = self._rows_of_byte[byte].searchsorted(bounds)
        found += self._first[byte]
        return found


@dataclass(frozen=True)
class Guess:
    """What followed the longest context that occurs, `order` bytes, in a sample: the most frequent byte, with its share.
    Of order 0 where not even the last byte occurs."""

    order: int
    share: float = 0.0
    byte: int = 0


class Trail:
    """The ranges of one context as it grows byte by byte, all of them kept [1 + bytes, low and high, 1 + MOST_ORDER + anchors].

    The first column is of the context of no byte: every row. With a byte more, each context of the last bytes is of one more,
    so what a column had is where the next one is; those since a fixed place stay in their columns.
    """

    def __init__(self, index: SuffixIndex, low: Rows, high: Rows, most: int, anchors: tuple[int, ...] = ()) -> None:
        self._index, self._anchors, self._at = index, anchors, 0
        self._ranges = np.empty((1 + most, 2, 1 + len(low)), np.int32)
        self._ranges[:, :, 0] = 0, index.size + 1
        self._ranges[0, :, 1:] = low, high

    def push(self, byte: int) -> None:
        """One byte more."""
        before, after = self._ranges[self._at : self._at + 2]
        found = self._index.append(byte, before)
        after[:, 1:FIXED] = found[:, : FIXED - 1]
        after[:, FIXED:] = found[:, FIXED:]
        if byte == LINE_END and self._anchors:
            after[:, FIXED:] = self._at_line(after)
        self._at += 1

    def _at_line(self, ranges: Rows) -> Rows:
        """The ranges of the fixed places of a line that begins here; of what is further back than is told apart, none."""
        back = (ranges[:, n].tolist() if n <= MOST_ORDER else (0, 0) for n in self._anchors)
        return np.asarray(np.array(list(back), np.int32).T)

    def follow(self, text: bytes) -> None:
        """Some bytes more."""
        for byte in text:
            self.push(byte)

    def now(self) -> tuple[Rows, Rows]:
        """The range state [1, MOST_ORDER + anchors], each."""
        low, high = self._ranges[self._at, :, 1:]
        return low[None], high[None]

    def guess(self) -> Guess:
        """The next byte, as the longest context has it that anything follows: what the text ends with stands there, too."""
        lows, highs = self._ranges[self._at].tolist()
        for order in range(MOST_ORDER, 0, -1):
            low, high = lows[order], highs[order]
            if low == high:
                continue
            sample = self._index.column[low : high : -(-(high - low) // GUESS_SAMPLE)].tolist()
            byte = max(sample, key=sample.count)
            if byte:
                return Guess(order, sample.count(byte) / len(sample), byte)
        return Guess(0)

    def ranges(self) -> tuple[Rows, Rows]:
        """After each byte that was pushed [T, MOST_ORDER + anchors], each."""
        done = self._ranges[1 : self._at + 1, :, 1:]
        return done[:, 0], done[:, 1]


def _suffix_array(text: npt.NDArray[np.uint8]) -> npt.NDArray[np.int_]:
    if len(text) < 2:
        return np.zeros(len(text), np.int64)
    return np.asarray(pydivsufsort.divsufsort(text))


def _rows_of_byte(column: npt.NDArray[np.uint8], first: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """The rows of byte 0 in order, then those of byte 1, ...; `first` says where each begins.

    A stable sort of single bytes is a radix sort: a fifth of the time of one search for each byte value. In pieces, since
    its answer takes eight bytes a row.
    """
    if len(column) <= PIECE:
        return np.argsort(column, kind="stable").astype(np.int32)
    rows, filled = np.empty(len(column), np.int32), first[:-1].copy()
    for begin in range(0, len(column), PIECE):
        piece = column[begin : begin + PIECE]
        order, counts = np.argsort(piece, kind="stable"), np.bincount(piece, minlength=256)
        ends = np.cumsum(counts)
        for byte in np.flatnonzero(counts):
            rows[filled[byte] : filled[byte] + counts[byte]] = order[ends[byte] - counts[byte] : ends[byte]] + begin
        filled += counts
    return rows
