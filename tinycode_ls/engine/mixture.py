"""Network and index as one predictor: B hypotheses side by side, stepped byte by byte.

Without a mixer, or without any text to count in, this is the network alone. Everything is a value: `step` returns new
hypotheses, so that a search can keep, drop and duplicate them.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..index.below import LineBelow
from ..index.document import DocumentIndex
from ..index.evidence import Evidence, Voice, gather
from ..index.suffixes import MOST_ORDER, Rows, SuffixIndex
from ..index.words import SLOTS as WORD_SLOTS
from ..index.words import WordContext
from .mixer import DOCUMENT, RECENT, WORKSPACE, Array, Mixer, fade, guesses, join_evidence, silent
from .model import Model, State, log_softmax, select_state

Ids = npt.NDArray[np.int64]
Ranges = tuple[Rows, Rows]
NOTHING_BELOW = LineBelow(b"")
MOST_RECALLED = 128
"""Bytes of the cursor's line over which the voices are judged; what was further back has faded to nothing."""


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


@dataclass(frozen=True)
class Hypotheses:
    """log_probs [B, 256] of each one's next byte, and what is needed to go on from there.

    `guessed` [B, 4]: what the voices expect next; `recent` [B, RECENT]: who was right of late.
    """

    log_probs: Array
    network_log_probs: Array
    state: State
    places: Places
    guessed: Ids
    recent: Array


@dataclass(frozen=True)
class Along:
    """All that the mixer reads before each of T bytes of a line: network_log_probs [T, 256] and the rest."""

    network_log_probs: Array
    places: Places
    evidence: Evidence
    guessed: Ids
    recent: Array

    def mix(self, mixer: Mixer) -> Array:
        """-> log probs [T, 256]."""
        places = self.places
        return mixer.mix(self.network_log_probs, self.evidence, places.last, places.columns, self.recent)


@dataclass(frozen=True)
class Predictor:
    """`document` and `workspace` are the indexes to count in; None where there is nothing. `below`: see LineBelow."""

    model: Model
    mixer: Mixer | None = None
    document: DocumentIndex | None = None
    workspace: SuffixIndex | None = None
    below: LineBelow = NOTHING_BELOW

    @property
    def _voices(self) -> tuple[tuple[Voice, SuffixIndex | None], ...]:
        return (DOCUMENT, self.document.suffixes if self.document else None), (WORKSPACE, self.workspace)

    def start(self, context: bytes, state: State, logits: Array) -> Hypotheses:
        """One hypothesis: `context`, with the whole of the cursor's line, was read into `state`.

        logits [n + 1, 256] are the network's before each of the line's last n bytes and after them.
        """
        if self.mixer is None:
            return self._alone(log_softmax(logits[-1:]), state)
        at = context.rfind(b"\n") + 1
        line = context[at:]
        along = self.along(context[:at], line, logits, len(line) - len(logits) + 1)
        last = slice(len(logits) - 1, None)
        return Hypotheses(
            along.mix(self.mixer)[last],
            along.network_log_probs[last],
            state,
            along.places.take(last),
            along.guessed[last],
            along.recent[last],
        )

    def step(self, now: Hypotheses, parents: Ids, ids: Ids) -> Hypotheses:
        """Append ids[b] to hypothesis parents[b] -> B new hypotheses."""
        logits, state = self.model.step(ids, select_state(now.state, parents))
        log_p = log_softmax(logits)
        if self.mixer is None:
            return self._alone(log_p, state)
        places = self._extend(now.places.take(parents), ids)
        evidence = self.evidence(places)
        recent = fade(now.recent[parents], now.guessed[parents], now.network_log_probs[parents], ids)
        mixed = self.mixer.mix(log_p, evidence, places.last, places.columns, recent)
        return Hypotheses(mixed, log_p, state, places, guesses(log_p, evidence), recent)

    def along(self, before: bytes, line: bytes, logits: Array, first: int = 0) -> Along:
        """Before each byte of `line` from the `first` on, and after them: as `step` would find it, in one batch.

        `before` ends where the line begins; logits [T, 256] are the network's, for each of the T places.
        """
        places = self._places(before, line, first)
        log_p, evidence = log_softmax(logits), self.evidence(places)
        guessed = guesses(log_p, evidence)
        recent = np.zeros((len(logits), RECENT), np.float32)
        for row, byte in enumerate(line[first:]):
            here, after = slice(row, row + 1), slice(row + 1, row + 2)
            recent[after] = fade(recent[here], guessed[here], log_p[here], np.array([byte]))
        return Along(log_p, places, evidence, guessed, recent)

    def evidence(self, places: Places) -> Evidence:
        """What all voices saw after these contexts."""
        batch = len(places.below)
        parts = [
            silent(batch, voice.slots) if index is None or held is None else gather(voice, index, *held)
            for (voice, index), held in zip(self._voices, places.ranges, strict=True)
        ]
        words = self.document.words.evidence(places.words) if self.document else silent(batch, WORD_SLOTS)
        return join_evidence([*parts, self.below.evidence(places.below), words])

    def _places(self, before: bytes, line: bytes, first: int) -> Places:
        """Those before each byte of `line` from the `first` on, and after them [len(line) - first + 1]."""
        ranges: list[Ranges | None] = []
        for voice, index in self._voices:
            if index is None:
                ranges.append(None)
                continue
            reach = max(MOST_ORDER, *voice.anchors)
            steps = [index.start(before[-reach:] + line[:first], tuple(first + back for back in voice.anchors))]
            for byte in line[first:]:
                steps.append(index.extend(*steps[-1], [byte]))
            ranges.append((np.concatenate([low for low, _ in steps]), np.concatenate([high for _, high in steps])))
        below = self.below.start(line[:first])
        offsets = [below]
        for byte in line[first:]:
            offsets.append(self.below.extend(offsets[-1], np.array([byte])))
        last = np.frombuffer(b"\n" + line, np.uint8).astype(np.int64)
        words = WordContext.along(line).take(slice(first, None))
        return Places(tuple(ranges), words, np.concatenate(offsets), last[first:], np.arange(first, len(line) + 1))

    def _extend(self, places: Places, ids: Ids) -> Places:
        """After one byte more for each."""
        ranges = tuple(
            None if index is None or held is None else index.extend(*held, ids)
            for (_, index), held in zip(self._voices, places.ranges, strict=True)
        )
        below = self.below.extend(places.below, ids)
        columns = np.where(ids == 10, 0, places.columns + 1)
        return Places(ranges, places.words.extend(ids), below, ids, columns)

    def _alone(self, log_p: Array, state: State) -> Hypotheses:
        """The network by itself: nothing is counted."""
        batch = len(log_p)
        nowhere = Places(
            (), WordContext.along(b""), np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64)
        )
        return Hypotheses(
            log_p, log_p, state, nowhere, np.empty((batch, 0), np.int64), np.empty((batch, 0), np.float32)
        )
