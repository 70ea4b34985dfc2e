"""What followed the same beginning of a word near the cursor, whatever stood before: contexts that are no run of bytes.

Two questions. What follows this beginning of a word? And what follows it after this separator, in a line indented as far?
The second, at a word's very beginning, says how lines of this depth begin. Every place of the text has a key for each
question; the places with the cursor's key are found by halving.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .evidence import Evidence

Ids = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]

MOST_TEXT = 16_000
MOST_PLACES = 64
"""Read of those with one key, the latest."""
SLOTS = 2
LINE_END = 10

_BASE = 0x9E3779B97F4A7C15
_INVERSE = np.uint64(pow(_BASE, -1, 2**64))
_SPREAD = np.uint64(0xBF58476D1CE4E5B9)
IS_WORD = np.array([byte >= 128 or chr(byte).isalnum() or byte == 0x5F for byte in range(256)])
IS_BLANK = np.isin(np.arange(256), (32, 9))


@dataclass(frozen=True)
class WordContext:
    """Of B places: hash of the word so far (0 at its beginning), the last byte that is no part of one, the line's
    indentation so far, and whether the line is blank so far."""

    word: Keys
    separator: Ids
    indent: Ids
    blank: npt.NDArray[np.bool_]

    @classmethod
    def along(cls, text: bytes) -> "WordContext":
        """Before each byte of `text`, which begins where a line begins, and after the last: [len(text) + 1]."""
        codes = np.frombuffer(text, np.uint8)
        count = len(codes)
        places = np.arange(count + 1)
        begins = _last_place(~IS_WORD[codes]) + 1
        line = _last_place(codes == LINE_END) + 1
        inked = _last_place(~IS_BLANK[codes] & (codes != LINE_END))
        blank = inked < line
        first_ink = _next_place(~IS_BLANK[codes])
        separator = np.where(begins > 0, np.append(LINE_END, codes)[begins], LINE_END).astype(np.int64)
        return cls(_hashes(codes, begins), separator, np.minimum(first_ink[line], places) - line, blank)

    def extend(self, ids: Ids) -> "WordContext":
        """One byte more for each."""
        part, new_line = IS_WORD[ids], ids == LINE_END
        word = np.where(part, self.word * np.uint64(_BASE) + ids.astype(np.uint64) + np.uint64(1), np.uint64(0))
        blank = new_line | (self.blank & IS_BLANK[ids])
        indent = np.where(new_line, 0, self.indent + (self.blank & IS_BLANK[ids]))
        return WordContext(word, np.where(part, self.separator, ids), indent, blank)

    def take(self, rows: "Ids | slice") -> "WordContext":
        """Some of them."""
        return WordContext(self.word[rows], self.separator[rows], self.indent[rows], self.blank[rows])

    @classmethod
    def join(cls, parts: "list[WordContext]") -> "WordContext":
        """Those of several, in one batch."""
        word, separator, indent, blank = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("word", "separator", "indent", "blank")
        )
        return cls(word, separator, indent, blank)

    def questions(self) -> tuple[Keys, ...]:
        """The keys of each question [B]."""
        deep = (self.indent * 256 + self.separator).astype(np.uint64)
        with np.errstate(over="ignore"):
            return self.word, (self.word ^ (deep + np.uint64(1)) * _SPREAD) * np.uint64(_BASE)


class WordIndex:
    """Immutable. Of a text's last MOST_TEXT bytes, from the beginning of a line."""

    def __init__(self, text: bytes) -> None:
        if len(text) > MOST_TEXT:
            text = text[text.find(b"\n", len(text) - MOST_TEXT) + 1 :]
        self._codes = np.frombuffer(text, np.uint8)
        self._sorted = []
        for keys in WordContext.along(text).questions():
            order = np.argsort(keys[:-1], kind="stable")
            self._sorted.append((keys[:-1][order], self._codes[order]))

    def evidence(self, context: WordContext) -> Evidence:
        """Counts [B, SLOTS, 256] of the latest places with the same keys, and how many there are."""
        batch = len(context.word)
        counts, totals = np.zeros((batch, SLOTS, 256), np.float32), np.zeros((batch, SLOTS), np.float32)
        for slot, (keys, (held, codes)) in enumerate(zip(context.questions(), self._sorted, strict=True)):
            begin, end = held.searchsorted(keys, "left"), held.searchsorted(keys, "right")
            totals[:, slot] = end - begin
            for row in np.flatnonzero(end > begin):
                latest = codes[max(begin[row], end[row] - MOST_PLACES) : end[row]]
                counts[row, slot] = np.bincount(latest, minlength=256)
        return Evidence(counts, totals)


def _last_place(where: npt.NDArray[np.bool_]) -> Ids:
    """[n + 1]: the last true place before each, or -1."""
    places = np.maximum.accumulate(np.where(where, np.arange(len(where)), -1)) if len(where) else where
    return np.append(-1, places).astype(np.int64)


def _next_place(where: npt.NDArray[np.bool_]) -> Ids:
    """[n + 1]: the first true place at or after each, or n."""
    places = np.where(where, np.arange(len(where)), len(where))
    return np.append(np.minimum.accumulate(places[::-1])[::-1] if len(where) else places, len(where)).astype(np.int64)


def _hashes(codes: npt.NDArray[np.uint8], begins: Ids) -> Keys:
    """Of codes[begins[i] : i] for each i, as `extend` makes them byte by byte: a polynomial, by differences of sums."""
    count = len(codes)
    with np.errstate(over="ignore"):
        powers = np.cumprod(np.full(count, _BASE, np.uint64))
        shrunk = (codes.astype(np.uint64) + np.uint64(1)) * np.cumprod(np.full(count, _INVERSE, np.uint64))
        sums = np.append(np.uint64(0), np.cumsum(shrunk))
        return np.asarray(np.append(np.uint64(1), powers) * (sums - sums[begins]), np.uint64)
