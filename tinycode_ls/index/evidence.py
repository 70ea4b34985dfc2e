"""What the text on the machine says about the next byte: counts after the last 1, 2, 3 ... bytes, in each voice.

A voice is one text with an index: the open document, the workspace. A slot is one question to it: what followed the last
`order` bytes, what followed at the most recent place only, or what followed the whole line so far with some bytes before
it. All slots of all hypotheses are counted in one pass, and only the bytes that somebody saw: some 40 of 256.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from .suffixes import MOST_ORDER, Rows, SuffixIndex

Counts = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]

MOST_SAMPLES = 48
"""Rows read of a range; a longer range (a short context) is sampled evenly, its true size is told apart."""
_STEPS = np.arange(MOST_SAMPLES)


@dataclass(frozen=True)
class Voice:
    """`orders`: context lengths whose counts are asked; `latest`: those asked for the most recent place only;
    `anchors`: the contexts that begin so many bytes before the line."""

    orders: tuple[int, ...]
    latest: tuple[int, ...] = ()
    anchors: tuple[int, ...] = ()

    @property
    def slots(self) -> int:
        """Questions to this voice."""
        return len(self.orders) + len(self.anchors) + len(self.latest)

    @cached_property
    def columns(self) -> Ids:
        """Of a range state: those of orders and anchors."""
        return np.array([order - 1 for order in self.orders] + [MOST_ORDER + n for n in range(len(self.anchors))])


@dataclass(frozen=True)
class Seen:
    """The N bytes that any slot saw, by place: byte `ids` [N] at place `rows` [N], ascending, counted by each slot
    `counts` [N, S]. Of each slot at each place [B, S]: its most frequent byte (0 where it saw none), how often that came, and
    how many different ones there were."""

    rows: Ids
    ids: Ids
    counts: Counts
    favourite: Ids
    most: Counts
    variety: Counts


@dataclass(frozen=True)
class Evidence:
    """Of S slots at B places. totals [B, S]: true number of occurrences; taken [B, S]: how many of them were looked at. What
    was seen there, one after another [M]: by which slot at which place, and the byte."""

    totals: Counts
    taken: Counts
    places: Ids
    slots: Ids
    codes: npt.NDArray[np.uint8]

    @classmethod
    def silent(cls, batch: int, slots: int) -> "Evidence":
        """Of a voice that has no text."""
        nothing = np.zeros((batch, slots), np.float32)
        return cls(nothing, nothing, np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint8))

    @classmethod
    def join(cls, parts: "list[Evidence]") -> "Evidence":
        """All slots of all voices at the same places, in this order."""
        before = np.cumsum([0, *(part.totals.shape[1] for part in parts)]).tolist()
        return cls(
            np.concatenate([part.totals for part in parts], axis=1),
            np.concatenate([part.taken for part in parts], axis=1),
            np.concatenate([part.places for part in parts]),
            np.concatenate([part.slots + first for part, first in zip(parts, before, strict=False)]),
            np.concatenate([part.codes for part in parts]),
        )

    def at(self, place: int) -> "Evidence":
        """Of one of the places."""
        here, only = self.places == place, slice(place, place + 1)
        codes = self.codes[here]
        return Evidence(self.totals[only], self.taken[only], np.zeros(len(codes), np.int64), self.slots[here], codes)

    @cached_property
    def seen(self) -> Seen:
        """Counted."""
        batch, slots = self.totals.shape
        at = self.places * 256 + self.codes
        there = np.zeros(batch * 256, np.bool_)
        there[at] = True
        bytes_seen = np.flatnonzero(there)
        number = np.empty(batch * 256, np.int64)
        number[bytes_seen] = np.arange(len(bytes_seen))
        flat = np.bincount(number[at] * slots + self.slots, minlength=len(bytes_seen) * slots)
        counts = flat.reshape(-1, slots).astype(np.float32)
        rows, ids = np.divmod(bytes_seen, 256)
        begins = rows.searchsorted(np.arange(batch + 1))
        filled = np.flatnonzero(begins[1:] > begins[:-1])
        most, favourite = np.zeros((batch, slots), np.float32), np.zeros((batch, slots), np.int64)
        variety = np.zeros((batch, slots), np.float32)
        if len(filled):
            first = begins[filled]
            ranked = np.maximum.reduceat(
                counts * 256 + (255 - ids[:, None]), first, axis=0
            )  # of equals, the lowest byte
            most[filled] = best = ranked // 256
            favourite[filled] = np.where(best > 0, 255 - ranked % 256, 0)
            variety[filled] = np.add.reduceat((counts > 0).astype(np.float32), first, axis=0)
        return Seen(rows, ids, counts, favourite, most, variety)

    def table(self) -> Counts:
        """Of every byte, seen or not [B, S, 256]."""
        batch, slots = self.totals.shape
        flat = np.bincount((self.places * slots + self.slots) * 256 + self.codes, minlength=batch * slots * 256)
        return flat.reshape(batch, slots, 256).astype(np.float32)


def gather(voice: Voice, index: SuffixIndex, low: Rows, high: Rows) -> Evidence:
    """The evidence of one voice for B range states; slots: orders, anchors, latest."""
    begin, sizes = low[:, voice.columns], (high - low)[:, voice.columns]
    few = np.where(sizes <= MOST_SAMPLES, sizes, 0).ravel()
    rows = np.arange(few.sum()) + np.repeat(begin.ravel() - np.cumsum(few) + few, few)
    many = np.flatnonzero(sizes.ravel() > MOST_SAMPLES)
    spread = begin.ravel()[many, None] + _STEPS * sizes.ravel()[many, None] // MOST_SAMPLES
    place, slot = np.divmod(np.concatenate([np.arange(len(few)), many]), sizes.shape[1])
    times = np.concatenate([few, np.full(len(many), MOST_SAMPLES)])
    places, slots = [np.repeat(place, times)], [np.repeat(slot, times)]
    codes = [index.column[np.concatenate([rows, spread.ravel()])]]
    totals = sizes.astype(np.float32)
    taken = np.minimum(totals, MOST_SAMPLES)
    if voice.latest:
        latest = _latest(voice, index, low, high)
        once = (latest >= 0).astype(np.float32)
        totals, taken = np.concatenate([totals, once], axis=1), np.concatenate([taken, once], axis=1)
        place, slot = np.nonzero(latest >= 0)
        places.append(place)
        slots.append(slot + sizes.shape[1])
        codes.append(index.column[latest[place, slot]])
    return Evidence(totals, taken, np.concatenate(places), np.concatenate(slots), np.concatenate(codes))


def _latest(voice: Voice, index: SuffixIndex, low: Rows, high: Rows) -> Ids:
    """[B, latest]: the row of the last place in the text where each context stands, -1 where there is none."""
    found = np.full((len(low), len(voice.latest)), -1, np.int64)
    columns = [order - 1 for order in voice.latest]
    begins, ends = low[:, columns].tolist(), high[:, columns].tolist()
    for place, (first, last) in enumerate(zip(begins, ends, strict=True)):
        for slot, (a, b) in enumerate(zip(first, last, strict=True)):
            if a < b:
                found[place, slot] = a + index.positions[a:b].argmax()
    return found
