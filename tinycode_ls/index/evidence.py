"""What the text on the machine says about the next byte: counts after the last 1, 2, 3 ... bytes, in each voice.

A voice is one text with an index: the open document, the workspace. A slot is one question to it: what followed the last
`order` bytes, what followed at the most recent place only, or what followed the whole line so far with some bytes before
it. All slots of all hypotheses are counted in one pass.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from .suffixes import MOST_ORDER, Rows, SuffixIndex

Counts = npt.NDArray[np.float32]

MOST_SAMPLES = 128
"""Rows read of a range; a longer range (a short context) is sampled evenly, its true size is told apart."""


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


@dataclass(frozen=True)
class Evidence:
    """counts [B, S, 256]: of each next byte, at most MOST_SAMPLES in all; totals [B, S]: true number of occurrences."""

    counts: Counts
    totals: Counts

    @cached_property
    def favourite(self) -> npt.NDArray[np.int64]:
        """The byte that each slot saw most often [B, S]; 0 where it saw none."""
        return np.asarray(self.counts.argmax(axis=2), np.int64)

    @cached_property
    def taken(self) -> Counts:
        """How many next bytes each slot counted [B, S], at least 1 so that it can divide."""
        return np.asarray(np.maximum(self.counts.sum(axis=2), 1), np.float32)


def gather(voice: Voice, index: SuffixIndex, low: Rows, high: Rows) -> Evidence:
    """The evidence of one voice for B range states; slots: orders, anchors, latest."""
    columns = np.array([order - 1 for order in voice.orders] + [MOST_ORDER + n for n in range(len(voice.anchors))])
    begin, sizes = low[:, columns].ravel(), (high - low)[:, columns].ravel()
    taken = np.minimum(sizes, MOST_SAMPLES)
    slot = np.repeat(np.arange(len(taken)), taken)
    within = np.arange(len(slot)) - np.repeat(np.cumsum(taken) - taken, taken)
    rows = begin[slot] + within * sizes[slot] // np.maximum(taken[slot], 1)
    flat = np.bincount(slot * 256 + index.column[rows], minlength=len(taken) * 256)
    counts = flat.reshape(len(low), len(columns), 256).astype(np.float32)
    totals = sizes.reshape(len(low), len(columns)).astype(np.float32)
    if not voice.latest:
        return Evidence(counts, totals)
    last_counts = np.zeros((len(low), len(voice.latest), 256), np.float32)
    for row in range(len(low)):
        for place, order in enumerate(voice.latest):
            a, b = low[row, order - 1], high[row, order - 1]
            if a < b:
                last_counts[row, place, index.column[a + index.positions[a:b].argmax()]] = 1
    return Evidence(
        np.concatenate([counts, last_counts], axis=1),
        np.concatenate([totals, last_counts.sum(axis=2)], axis=1),
    )
