"""Network and index as one predictor: B hypotheses side by side, stepped byte by byte.

Without a mixer, or without any text to count in, this is the network alone. Everything is a value: `step` returns new
hypotheses, so that a search can keep, drop and duplicate them.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..index.below import LineBelow
from ..index.evidence import Evidence, Voice, gather
from ..index.suffixes import Rows, SuffixIndex
from .mixer import DOCUMENT, WORKSPACE, Array, Mixer, join_evidence, silent
from .model import Model, State, log_softmax, select_state

Ids = npt.NDArray[np.int64]
Ranges = tuple[Rows, Rows]
NOTHING_BELOW = LineBelow(b"")


@dataclass(frozen=True)
class Hypotheses:
    """log_probs [B, 256] of each one's next byte, and what is needed to go on from there."""

    log_probs: Array
    network_log_probs: Array
    state: State
    ranges: tuple[Ranges | None, ...]
    below: Ids
    last: Ids
    columns: Ids


@dataclass(frozen=True)
class Predictor:
    """`document` and `workspace` are the indexes to count in; None where there is nothing. `below`: see LineBelow."""

    model: Model
    mixer: Mixer | None = None
    document: SuffixIndex | None = None
    workspace: SuffixIndex | None = None
    below: LineBelow = NOTHING_BELOW

    @property
    def _voices(self) -> tuple[tuple[Voice, SuffixIndex | None], ...]:
        return (DOCUMENT, self.document), (WORKSPACE, self.workspace)

    def start(self, context: bytes, state: State, logits: Array) -> Hypotheses:
        """One hypothesis: `context` has been read into `state`, whose next-byte logits [256] are `logits`."""
        ranges = tuple(index.start(context) if index and self.mixer else None for _, index in self._voices)
        line = context[context.rfind(b"\n") + 1 :]
        last = np.array([context[-1] if context else 10])
        return self._hypotheses(
            log_softmax(logits[None]), state, ranges, self.below.start(line), last, np.array([len(line)])
        )

    def step(self, now: Hypotheses, parents: Ids, ids: Ids) -> Hypotheses:
        """Append ids[b] to hypothesis parents[b] -> B new hypotheses."""
        logits, state = self.model.step(ids, select_state(now.state, parents))
        ranges = tuple(
            None if index is None or held is None else index.extend(held[0][parents], held[1][parents], ids)
            for (_, index), held in zip(self._voices, now.ranges, strict=True)
        )
        columns = np.where(ids == 10, 0, now.columns[parents] + 1)
        below = self.below.extend(now.below[parents], ids)
        return self._hypotheses(log_softmax(logits), state, ranges, below, ids, columns)

    def evidence(self, ranges: tuple[Ranges | None, ...], below: Ids) -> Evidence:
        """What all voices saw after these contexts."""
        parts = [
            silent(len(below), voice) if index is None or held is None else gather(voice, index, *held)
            for (voice, index), held in zip(self._voices, ranges, strict=True)
        ]
        return join_evidence([*parts, self.below.evidence(below)])

    def _hypotheses(
        self, log_p: Array, state: State, ranges: tuple[Ranges | None, ...], below: Ids, last: Ids, columns: Ids
    ) -> Hypotheses:
        mixed = log_p
        if self.mixer is not None:
            mixed = self.mixer.mix(log_p, self.evidence(ranges, below), last, columns)
        return Hypotheses(mixed, log_p, state, ranges, below, last, columns)
