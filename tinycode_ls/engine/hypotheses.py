"""Ways a text may go on, side by side in arrays: where each stands in the indexes, and what may come next."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..index.suffixes import Rows
from ..index.words import WordContext
from .mixer import RECENT, Array

Ids = npt.NDArray[np.int64]
Ranges = tuple[Rows, Rows]

RANKED = 16
"""Next bytes of each way that are ranked: more than a search looks at."""
Ranking = tuple[list[int], list[float], list[float]]
"""Bytes that may come next, the likeliest first, with their log probabilities, and the network's own."""


@dataclass(frozen=True)
class Places:
    """Where B next bytes go, as the indexes see it. `ranges`: of each voice, None where it has no text."""

    ranges: tuple[Ranges | None, ...]
    words: WordContext
    below: Ids
    last: Ids
    columns: Ids

    def take(self, rows: Ids | slice) -> "Places":
        """Some of them."""
        ranges = tuple(held and (held[0][rows], held[1][rows]) for held in self.ranges)
        return Places(ranges, self.words.take(rows), self.below[rows], self.last[rows], self.columns[rows])

    @classmethod
    def join(cls, parts: "list[Places]") -> "Places":
        """Those of several, in one batch."""
        if len(parts) == 1:
            return parts[0]
        ranges: list[Ranges | None] = []
        for held in zip(*(part.ranges for part in parts), strict=True):
            known = [pair for pair in held if pair is not None]  # all or none
            ends = tuple(np.concatenate(side) for side in zip(*known, strict=True))
            ranges.append((ends[0], ends[1]) if ends else None)
        below, last, columns = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("below", "last", "columns")
        )
        return cls(tuple(ranges), WordContext.join([part.words for part in parts]), below, last, columns)


@dataclass(frozen=True)
class Hypotheses:
    """log_probs [B, 256] of each one's next byte, and what is needed to go on from there: the network's own
    network_log_probs [B, 256], the places; `guessed` [B, 4]: what the voices expect next; `recent` [B, RECENT]: who was right
    of late."""

    log_probs: Array
    network_log_probs: Array
    places: Places
    guessed: Ids
    recent: Array

    @cached_property
    def ranked(self) -> list[Ranking]:
        """Of each one, the RANKED likeliest next bytes. As lists: a search looks at three or four numbers at a time, for which
        arrays are slow."""
        rows = np.arange(len(self.log_probs))[:, None]
        some = np.argpartition(-self.log_probs, RANKED, axis=1)[:, :RANKED]
        best = some[rows, np.argsort(-self.log_probs[rows, some], axis=1, kind="stable")]
        log_probs, alone = self.log_probs[rows, best], self.network_log_probs[rows, best]
        return list(zip(best.tolist(), log_probs.tolist(), alone.tolist(), strict=True))

    @classmethod
    def alone(cls, log_probs: Array) -> "Hypotheses":
        """Those of a network by itself: nothing is counted."""
        batch = len(log_probs)
        nothing, nobody = np.zeros(batch, np.int64), np.zeros((batch, RECENT), np.float32)
        nowhere = Places((), WordContext.along(b"").take(nothing), nothing, nothing, nothing)
        return cls(log_probs, log_probs, nowhere, np.zeros((batch, 4), np.int64), nobody)

    def take(self, rows: Ids | slice) -> "Hypotheses":
        """Some of them."""
        places = self.places.take(rows)
        return Hypotheses(
            self.log_probs[rows], self.network_log_probs[rows], places, self.guessed[rows], self.recent[rows]
        )
