"""Which texts repeat what was already read: exact copies by digest, near copies by hashed windows of 50 bytes.

Knows nothing of files or folders. A window is sampled by its own hash, so a copy samples the same windows wherever it
stands; the windows seen are bits of one table whose size is fixed at the start, so memory does not grow with the text.
"""

import hashlib
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]

WINDOW = 50
"""Bytes of a window: longer than an import line, shorter than a copied function."""
SAMPLE = 16
"""One window in this many is looked at."""
NEAR_SHARE = 0.5
"""A text with a larger share of its windows in earlier texts is a near duplicate."""
HELD_OUT_SHARE = 0.1
"""The same against held-out text: stricter, but above what a licence header alone makes of a usual file."""

_MOST_BITS = 2**31  # 256 MB of table
_ODD = 0x9E3779B97F4A7C15  # the 64-bit golden ratio: odd, so it has an inverse modulo 2^64


class WindowSet:
    """Windows seen so far, as a Bloom filter with one hash; `text_bytes` is what it is expected to hold."""

    def __init__(self, text_bytes: int) -> None:
        bits = min(_MOST_BITS, max(2**20, 1 << max(0, text_bytes - 1).bit_length()))
        self._shift = np.uint64(64 - (bits.bit_length() - 1))
        self._table = np.zeros(bits // 8, np.uint8)
        self.sample = SAMPLE << max(0, (text_bytes // (4 * _MOST_BITS)).bit_length())

    def hashes(self, text: bytes) -> Hashes:
        """The sampled windows of a text, each once [W]."""
        return np.unique(sampled_hashes(text, self.sample))

    def share(self, hashes: Hashes) -> float:
        """The share of these windows that was seen; 0 for none."""
        if not len(hashes):
            return 0.0
        place = hashes >> self._shift  # [W]
        return float(np.mean(self._table[place >> np.uint64(3)] >> (place & np.uint64(7)).astype(np.uint8) & 1))

    def add(self, hashes: Hashes) -> None:
        """Remember windows."""
        place = hashes >> self._shift
        bits = np.left_shift(np.uint8(1), (place & np.uint64(7)).astype(np.uint8))
        np.bitwise_or.at(self._table, place >> np.uint64(3), bits)


class Duplicates:
    """Refuses a text that was seen, wholly or for the most part, and remembers the others."""

    def __init__(self, text_bytes: int, held_out: WindowSet | None = None) -> None:
        self._seen: set[bytes] = set()
        self._windows, self._held_out = WindowSet(text_bytes), held_out

    def reason(self, text: bytes) -> str:
        """Why the text is refused, or '' when it is new; then it counts as seen."""
        digest = hashlib.blake2b(text, digest_size=16).digest()
        if digest in self._seen:
            return "an exact duplicate"
        if self._held_out and self._held_out.share(self._held_out.hashes(text)) > HELD_OUT_SHARE:
            return "shares text with what is held out"
        hashes = self._windows.hashes(text)
        if self._windows.share(hashes) > NEAR_SHARE:
            return "a near duplicate"
        self._seen.add(digest)
        self._windows.add(hashes)
        return ""


def sampled_hashes(text: bytes, sample: int = SAMPLE) -> Hashes:
    """Hashes of the windows whose hash is a multiple of `sample` (a power of two) [W]."""
    mixed = window_hashes(text)
    sampled: Hashes = mixed[(mixed & np.uint64(sample - 1)) == 0]
    return sampled


def window_hashes(text: bytes) -> Hashes:
    """A 64-bit hash of every window [len - 49]: a polynomial from prefix sums modulo 2^64, then mixed."""
    if len(text) < WINDOW:
        return np.zeros(0, np.uint64)
    powers, inverses = _powers(1 << len(text).bit_length())
    values = np.frombuffer(text, np.uint8).astype(np.uint64) + np.uint64(1)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(values * powers[: len(text)])])  # [len + 1]
    return _mix((sums[WINDOW:] - sums[:-WINDOW]) * inverses[: len(sums) - WINDOW])


@lru_cache(maxsize=32)
def _powers(size: int) -> tuple[Hashes, Hashes]:
    """The first `size` powers of the base and of its inverse; sizes are powers of two, so few are ever made."""
    return _power_row(_ODD, size), _power_row(pow(_ODD, -1, 2**64), size)


def _power_row(base: int, size: int) -> Hashes:
    row = np.full(size, base, np.uint64)
    row[0] = 1
    powers: Hashes = np.cumprod(row, dtype=np.uint64)
    return powers


def _mix(hashes: Hashes) -> Hashes:
    """The finaliser of MurmurHash3: every input bit changes every output bit with even odds."""
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        hashes = (hashes ^ (hashes >> np.uint64(33))) * np.uint64(factor)
    hashes ^= hashes >> np.uint64(33)
    return hashes
