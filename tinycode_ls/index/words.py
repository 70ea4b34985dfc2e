"""What followed the same beginning of a word near the cursor, whatever stood before: contexts that are no run of bytes.

Two questions. What follows this beginning of a word? And what follows it after this separator, in a line indented as far?
The second, at a word's very beginning, says how lines of this depth begin. Every place of the text has a key for each
question; the places with the cursor's key are found by halving.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..characters import IN_WORD, LINE_END
from .evidence import Evidence

Ids = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]

MOST_TEXT = 16_000
PLACE = np.uint64(2**14 - 1)
"""The bits that say where in the text a key is found: enough for MOST_TEXT."""
MOST_PLACES = 64
"""Read of those with one key, the latest."""
SLOTS = 2

_BASE = 0x9E3779B97F4A7C15
_INVERSE = np.uint64(pow(_BASE, -1, 2**64))
_SPREAD = np.uint64(0xBF58476D1CE4E5B9)
BLANKS = b" \t"
IS_WORD, IS_BLANK = np.array(IN_WORD), np.isin(np.arange(256), list(BLANKS))


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

    def follow(self, text: bytes) -> "WordContext":
        """Of one place, after each byte of `text` [len(text)]."""
        word, separator, indent, blank = (
            array[0].item() for array in (self.word, self.separator, self.indent, self.blank)
        )
        rows = []
        for byte in text:
            if IN_WORD[byte]:
                word, blank = (word * _BASE + byte + 1) % 2**64, False
            else:
                word, separator, new_line = 0, byte, byte == LINE_END
                blank = new_line or (blank and byte in BLANKS)
                indent = 0 if new_line else indent + blank
            rows.append((word, separator, indent, blank))
        words, separators, indents, blanks = zip(*rows, strict=True) if rows else ((), (), (), ())
        return WordContext(
            np.array(words, np.uint64),
            np.array(separators, np.int64),
            np.array(indents, np.int64),
            np.array(blanks, np.bool_),
        )

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
        """The keys of each question [B], told apart by their upper bits."""
        deep = (self.indent * 256 + self.separator).astype(np.uint64)
        with np.errstate(over="ignore"):
            return self.word * _SPREAD, (self.word ^ (deep + np.uint64(1)) * _SPREAD) * np.uint64(_BASE)


class WordIndex:
    """Immutable. Of a text's last MOST_TEXT bytes, from the beginning of a line.

    Each place is one number, its key with the place in the lowest bits: sorted, those of one key stand together, the latest
    last, and sorting numbers takes a seventh of the time that sorting places by their keys takes.
    """

    def __init__(self, text: bytes) -> None:
        if len(text) > MOST_TEXT:
            text = text[text.find(b"\n", len(text) - MOST_TEXT) + 1 :]
        codes = np.frombuffer(text, np.uint8)
        places = np.arange(len(codes), dtype=np.uint64)
        self._sorted = []
        for keys in WordContext.along(text).questions():
            ordered = np.sort(keys[:-1] & ~PLACE | places)
            self._sorted.append((ordered, codes[ordered & PLACE]))

    def evidence(self, context: WordContext) -> Evidence:
        """The latest places with the same keys, and how many there are."""
        batch = len(context.word)
        totals = np.zeros((batch, SLOTS), np.float32)
        found, parts = list[tuple[int, int]](), [np.empty(0, np.uint8)]
        for slot, (keys, (held, codes)) in enumerate(zip(context.questions(), self._sorted, strict=True)):
            begins, ends = held.searchsorted(keys & ~PLACE, "left"), held.searchsorted(keys | PLACE, "right")
            totals[:, slot] = ends - begins
            for row, (begin, end) in enumerate(zip(begins.tolist(), ends.tolist(), strict=True)):
                if begin < end:
                    parts.append(codes[max(begin, end - MOST_PLACES) : end])
                    found.append((row, slot))
        times = [len(part) for part in parts[1:]]
        rows, slots = np.repeat(np.array(found, np.int64).reshape(-1, 2), times, axis=0).T
        return Evidence(totals, np.minimum(totals, MOST_PLACES), rows, slots, np.concatenate(parts))


def _last_place(where: npt.NDArray[np.bool_]) -> Ids:
    """[n + 1]: the last true place before each, or -1."""
    places = np.maximum.accumulate(np.where(where, np.arange(len(where)), -1)) if len(where) else where
    return np.append(-1, places).astype(np.int64)


def _next_place(where: npt.NDArray[np.bool_]) -> Ids:
    """[n + 1]: the first true place at or after each, or n."""
    places = np.where(where, np.arange(len(where)), len(where))
    return np.append(np.minimum.accumulate(places[::-1])[::-1] if len(where) else places, len(where)).astype(np.int64)


def _hashes(codes: npt.NDArray[np.uint8], begins: Ids) -> Keys:
    """Of codes[begins[i] : i] for each i, as `follow` makes them byte by byte: a polynomial, by differences of sums."""
    count = len(codes)
    with np.errstate(over="ignore"):
        powers = np.cumprod(np.full(count, _BASE, np.uint64))
        shrunk = (codes.astype(np.uint64) + np.uint64(1)) * np.cumprod(np.full(count, _INVERSE, np.uint64))
        sums = np.append(np.uint64(0), np.cumsum(shrunk))
        return np.asarray(np.append(np.uint64(1), powers) * (sums - sums[begins]), np.uint64)
