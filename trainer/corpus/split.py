"""Which documents a model is judged on, and the order of all: both follow from one hash of the seed and the content (or the
path)."""

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

KEYS = 2**64
MOST_VALID = 0.25
"""Validation text above this share would take too much of a small corpus."""
LEAST_VALID = 0.5
"""Below this part of what was asked for, chance has held back too little to judge by."""
TAIL = 0.1
"""The share of a single file that is held back."""
CUT = 16_384
"""A file of which only the tail is held back is cut into documents of so many bytes. A network that met the header of
a document once in a megabyte lost its way when it met it again: 20 bits a byte for what followed."""


@dataclass(frozen=True, order=True)
class Piece:
    """A kept text: `length` bytes at `offset` of the spool, of the source of that number. Pieces sort by `key`."""

    key: int
    path: str
    source: int
    offset: int
    length: int


def order_key(seed: int, text: bytes) -> int:
    """A number below 2^64, evenly spread; the same for the same text (or path) and seed."""
    digest = hashlib.blake2b(text, digest_size=8, key=str(seed).encode()[:64])
    return int.from_bytes(digest.digest(), "big")


def split(pieces: Sequence[Piece], valid_share: float) -> tuple[list[Piece], list[Piece]]:
    """train and valid, each shuffled. Adding files moves none across, except where there are too few to go by."""
    ordered = sorted(pieces)
    bound = int(valid_share * KEYS)
    train, valid = [p for p in ordered if p.key >= bound], [p for p in ordered if p.key < bound]
    total = sum(piece.length for piece in ordered)
    least, most = int(LEAST_VALID * valid_share * total), int(MOST_VALID * total)
    if valid_share <= 0 or (valid and least <= sum(piece.length for piece in valid) <= most):
        return train, valid
    if len(ordered) == 1:
        return _cut_tail(ordered[0], int(total * TAIL))
    small = [piece for piece in ordered if piece.length <= most] or [min(ordered, key=lambda piece: piece.length)]
    before = itertools.accumulate((piece.length for piece in small), initial=0)
    chosen = [piece for piece, held_back in zip(small, before, strict=False) if held_back < max(1, 2 * least)]
    rest, held_back = set(ordered) - set(chosen), sum(piece.length for piece in chosen)
    if held_back < least:  # all the small files are too little to judge by, and a large one would be too much
        larger = min(rest, key=lambda piece: (piece.length, piece))
        head, tail = _cut_tail(larger, 2 * least - held_back)
        return sorted([*rest - {larger}, *head]), sorted([*chosen, *tail])
    return sorted(rest), chosen


def _cut_tail(piece: Piece, size: int) -> tuple[list[Piece], list[Piece]]:
    """A file gives its head to train on and its tail of `size` bytes to validate with; one byte cannot be shared."""
    tail = min(max(1, size), piece.length - 1)
    return _cut(piece, 0, piece.length - tail), _cut(piece, piece.length - tail, piece.length)


def _cut(piece: Piece, first: int, last: int) -> list[Piece]:
    """Bytes `first` to `last` of a text as documents of at most CUT bytes, in order."""
    starts = range(first, last, CUT)
    return [Piece(piece.key, piece.path, piece.source, piece.offset + at, min(CUT, last - at)) for at in starts]
