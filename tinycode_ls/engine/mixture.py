"""Network and index as one predictor: B hypotheses side by side, stepped byte by byte.

Without a mixer, or without any text to count in, this is the network alone. Everything is a value: `step` returns new
hypotheses, so that a search can keep, drop and duplicate them.
"""

from dataclasses import dataclass

import numpy as np

from ..index.below import LineBelow
from ..index.document import DocumentIndex
from ..index.evidence import Evidence, Voice, gather
from ..index.suffixes import MOST_ORDER, SuffixIndex
from ..index.words import SLOTS as WORD_SLOTS
from ..index.words import WordContext
from .hypotheses import Hypotheses, Ids, Places, Ranges
from .mixer import DOCUMENT, RECENT, WORKSPACE, Array, Mixer, fade, fade_along, guesses, join_evidence, silent
from .model import Model, State, byte_ids, log_softmax, select_state

NOTHING_BELOW = LineBelow(b"")
LINE_END = 10
LEAST_EXPECTED = 0.4
"""A byte more in a batch costs a fifth of a step: it is worth that when it is about this likely to be gone through."""
MOST_RECALLED = 128
"""Bytes of the cursor's line over which the voices are judged; what was further back has faded to nothing."""


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
        text = np.append(np.repeat(byte_ids(now.unread), len(ids), axis=1), ids[None], axis=0)
        logits, state = self.model.run(text, select_state(now.state, parents), 1)
        log_p = log_softmax(logits[0])
        if self.mixer is None:
            return self._alone(log_p, state)
        places = self._extend(now.places.take(parents), ids)
        evidence = self.evidence(places)
        recent = fade(now.recent[parents], now.guessed[parents], now.network_log_probs[parents], ids)
        mixed = self.mixer.mix(log_p, evidence, places.last, places.columns, recent)
        return Hypotheses(mixed, log_p, state, places, guesses(log_p, evidence), recent)

    def follow(self, now: Hypotheses, text: bytes) -> Hypotheses:
        """The one hypothesis of `now` after `text`, on one line, as steps would make it."""
        if len(text) < 2 or self.mixer is None:
            for byte in text:
                now = self.step(now, np.array([0]), np.array([byte]))
            return now
        places = [now.places]
        for byte in text:
            places.append(self._extend(places[-1], np.array([byte])))
        return self._after(now, text, places[1:])[-1]

    def ahead(self, now: Hypotheses, first: int, most: int) -> tuple[bytes, list[Hypotheses]]:
        """`first` and up to `most` - 1 bytes that the voices expect to follow it on this line, and the one hypothesis of `now`
        after each of them, as steps would make it."""
        text, places = self._expected(now.places, first, most)
        return text, self._after(now, text, places)

    def _after(self, now: Hypotheses, text: bytes, places: list[Places]) -> list[Hypotheses]:
        """In one batch, which costs about as much as two steps. `places`: after each byte of `text`."""
        assert self.mixer is not None
        joined = Places.join(places)
        logits, state = self.model.run(byte_ids(now.unread + text), now.state, len(text))
        log_p, evidence = log_softmax(logits[:, 0]), self.evidence(joined)
        guessed = guesses(log_p, evidence)
        guessed_before = np.concatenate([now.guessed, guessed[:-1]])
        log_p_before = np.concatenate([now.network_log_probs, log_p[:-1]])
        recent = fade_along(now.recent, guessed_before, log_p_before, np.frombuffer(text, np.uint8))[1:]
        mixed = self.mixer.mix(log_p, evidence, joined.last, joined.columns, recent)
        after = []
        for row, place in enumerate(places):
            one, last = slice(row, row + 1), row == len(places) - 1
            read = (state, b"") if last else (now.state, now.unread + text[: row + 1])
            after.append(Hypotheses(mixed[one], log_p[one], read[0], place, guessed[one], recent[one], read[1]))
        return after

    def _expected(self, places: Places, first: int, most: int) -> tuple[bytes, list[Places]]:
        """`first`, then what followed the longest context that a voice knows, as long as all of it is likely; and the places
        after each."""
        text, after, chance, byte = bytearray(), [], 1.0, first
        while chance >= LEAST_EXPECTED and byte != LINE_END and len(text) < most:
            text.append(byte)
            places = self._extend(places, np.array([byte]))
            after.append(places)
            known = [
                index.longest(held[0][0], held[1][0])
                for (_, index), held in zip(self._voices, places.ranges, strict=True)
                if index is not None and held is not None
            ]
            _, share, byte = max(known, default=(0, 0.0, 0))
            chance *= share
        return bytes(text), after

    def along(self, before: bytes, line: bytes, logits: Array, first: int = 0) -> Along:
        """Before each byte of `line` from the `first` on, and after them: as `step` would find it, in one batch.

        `before` ends where the line begins; logits [T, 256] are the network's, for each of the T places.
        """
        places = self._places(before, line, first)
        log_p, evidence = log_softmax(logits), self.evidence(places)
        guessed = guesses(log_p, evidence)
        nothing = np.zeros((1, RECENT), np.float32)
        recent = fade_along(nothing, guessed[:-1], log_p[:-1], np.frombuffer(line[first:], np.uint8))
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
