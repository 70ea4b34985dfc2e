"""Network and index as one predictor: ways that a line may go on, several side by side and several bytes of each at once.

Without a mixer, or without any text to count in, this is the network alone. Everything is a value, so that a search can
keep, drop and duplicate ways.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..characters import LINE_END
from ..index.below import LineBelow
from ..index.document import DocumentIndex
from ..index.evidence import Evidence, Voice, gather
from ..index.suffixes import MOST_ORDER, Guess, SuffixIndex, Trail
from ..index.words import SLOTS as WORD_SLOTS
from ..index.words import WordContext
from .beside import beside
from .hypotheses import Hypotheses, Ids, Places, Ranges
from .mixer import DOCUMENT, RECENT, WORKSPACE, Array, Mixer, expected_by_counts, fade_along, guesses
from .model import Model, State, log_softmax, select_state

NOTHING_BELOW = LineBelow(b"")
LEAST_EXPECTED = 0.4
"""A byte more in a batch costs a fifth of a step: it is worth that when it is about this likely to be gone through."""
LEAST_COPIED = 16
MOST_COPIED = 160
"""Bytes before the cursor that stand elsewhere, too, where the indexes propose a line of their own; bytes of that line."""
MOST_RECALLED = 24
"""Bytes of the cursor's line over which the voices are judged; what was further back has faded to nothing."""


@dataclass(frozen=True)
class Counted:
    """What the indexes say at B places, which does not wait for the network; `expected` [B, 3]: see `guesses`."""

    places: Places
    evidence: Evidence
    expected: Ids


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
class Branch:
    """A way on: `text` comes after `before` (one hypothesis), where the network has not read `unread` yet."""

    before: Hypotheses
    unread: bytes
    text: bytes


@dataclass(frozen=True)
class Stretch:
    """What may come after each byte of `text`: rows `begin`, `begin` + 1, ... of `found`."""

    text: bytes
    found: Hypotheses
    begin: int


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

    def start(self, counted: Counted, text: bytes, logits: Array) -> Hypotheses:
        """One hypothesis: after the cursor's line so far. `counted`: what `count` says before each byte of its end, `text`, and
        after them; logits [len(text) + 1, 256] are the network's there."""
        if self.mixer is None:
            return Hypotheses.alone(log_softmax(logits[-1:]))
        along = self._hear(counted, text, logits)
        last = slice(len(text), None)
        places, log_p, recent = along.places.take(last), along.network_log_probs[last], along.recent[last]
        mixed = self.mixer.mix(log_p, along.evidence.at(len(text)), places.last, places.columns, recent)
        return Hypotheses(mixed, log_p, places, along.guessed[last], recent)

    def ahead(self, state: Callable[[], State], branches: list[Branch], most: int) -> list[Stretch]:
        """Along each branch's text and what the voices expect to follow it on its line, `most` bytes in all, in one batch:
        it costs about as much as two single bytes. `state` gives the network's [1 stream] before all that is unread, in the
        network's thread."""
        grown = [self._expected(branch.before.places, branch.text, most) for branch in branches]
        texts = [text for text, _ in grown]
        run = partial(self._run, state, [branch.unread for branch in branches], texts)
        if self.mixer is None:
            found = Hypotheses.alone(run())
        else:
            log_p, counted = beside(run, partial(self._count_at, [places for _, places in grown]))
            found = self._mixed(self.mixer, branches, texts, log_p, counted)
        begins = np.cumsum([0, *map(len, texts)]).tolist()
        return [Stretch(text, found, begin) for text, begin in zip(texts, begins, strict=False)]

    def _run(self, state: Callable[[], State], unread: list[bytes], texts: list[bytes]) -> Array:
        """The network's log probs [bytes of all texts, 256] after each byte of each text, which comes after what is unread."""
        read = [before + text for before, text in zip(unread, texts, strict=True)]
        longest, least = max(map(len, read)), min(map(len, unread))
        ids = np.frombuffer(b"".join(text.ljust(longest, b"\n") for text in read), np.uint8).reshape(len(read), -1)
        start = select_state(state(), np.zeros(len(read), np.int64))
        logits, _ = self.model.run(ids.T.astype(np.int64), start, longest - least)
        rows = (logits[len(before) - least :, row] for row, before in enumerate(unread))
        return log_softmax(np.concatenate([row[: len(text)] for row, text in zip(rows, texts, strict=True)]))

    def _mixed(
        self, mixer: Mixer, branches: list[Branch], texts: list[bytes], log_p: Array, counted: Counted
    ) -> Hypotheses:
        """After each byte of each text, log_p [bytes of all texts, 256] being the network's."""
        places, guessed = counted.places, guesses(counted.expected, log_p)
        recent, begin = list[Array](), 0
        for branch, text in zip(branches, texts, strict=True):
            before, last = branch.before, slice(begin, begin + len(text) - 1)
            guessed_before = np.concatenate([before.guessed, guessed[last]])
            log_p_before = np.concatenate([before.network_log_probs, log_p[last]])
            recent.append(fade_along(before.recent, guessed_before, log_p_before, np.frombuffer(text, np.uint8))[1:])
            begin += len(text)
        faded = np.concatenate(recent)
        mixed = mixer.mix(log_p, counted.evidence, places.last, places.columns, faded)
        return Hypotheses(mixed, log_p, places, guessed, faded)

    def _expected(self, places: Places, text: bytes, most: int) -> tuple[bytes, Places]:
        """`text`, and what followed the longest context that a voice knows, as long as all of it is likely; the places after
        each byte."""
        if self.mixer is None:
            return text, places
        trails = self._trails(places, max(most, len(text)))
        known = [trail for trail in trails if trail is not None]
        for trail in known:
            trail.follow(text)
        written, chance = bytearray(text), 1.0
        while known and len(written) < most:
            guess = _best_guess(known)
            chance *= guess.share
            if chance < LEAST_EXPECTED or guess.byte == LINE_END:
                break
            written.append(guess.byte)
            for trail in known:
                trail.push(guess.byte)
        after = bytes(written)
        last = np.frombuffer(after, np.uint8).astype(np.int64)
        return after, Places(
            tuple(None if trail is None else trail.ranges() for trail in trails),
            places.words.follow(after),
            self.below.follow(int(places.below[0]), after),
            last,
            _columns(int(places.columns[0]), after),
        )

    def copied(self, places: Places) -> bytes:
        """What mostly follows the longest context before the one place elsewhere, to the end of the line; nothing where less
        than LEAST_COPIED bytes of it stand elsewhere, or the line has no end."""
        if self.mixer is None:
            return b""
        known = [trail for trail in self._trails(places, MOST_COPIED) if trail is not None]
        if not known or _best_guess(known).order < LEAST_COPIED:
            return b""
        written = bytearray()
        while (guess := _best_guess(known)).order and guess.byte != LINE_END and len(written) < MOST_COPIED:
            written.append(guess.byte)
            for trail in known:
                trail.push(guess.byte)
        return bytes(written) if guess.byte == LINE_END else b""

    def _trails(self, places: Places, most: int) -> list[Trail | None]:
        """Of each voice, from the one place on, `most` bytes further."""
        return [
            None if index is None or held is None else index.trail(held[0][0], held[1][0], most, voice.anchors)
            for (voice, index), held in zip(self._voices, places.ranges, strict=True)
        ]

    def along(self, before: bytes, line: bytes, logits: Array, first: int = 0) -> Along:
        """Before each byte of `line` from the `first` on, and after them: in one batch.

        `before` ends where the line begins; logits [T, 256] are the network's, for each of the T places.
        """
        return self._hear(self.count(before, line, first), line[first:], logits)

    def count(self, before: bytes, line: bytes, first: int = 0) -> Counted:
        """What `along` needs but the network's logits."""
        return self._count_at([self._places(before, line, first)])

    def _count_at(self, parts: list[Places]) -> Counted:
        places = Places.join(parts)
        evidence = self.evidence(places)
        return Counted(places, evidence, expected_by_counts(evidence))

    def _hear(self, counted: Counted, text: bytes, logits: Array) -> Along:
        log_p = log_softmax(logits)
        guessed = guesses(counted.expected, log_p)
        nothing = np.zeros((1, RECENT), np.float32)
        recent = fade_along(nothing, guessed[:-1], log_p[:-1], np.frombuffer(text, np.uint8))
        return Along(log_p, counted.places, counted.evidence, guessed, recent)

    def evidence(self, places: Places) -> Evidence:
        """What all voices saw after these contexts."""
        batch = len(places.below)
        parts = [
            Evidence.silent(batch, voice.slots) if index is None or held is None else gather(voice, index, *held)
            for (voice, index), held in zip(self._voices, places.ranges, strict=True)
        ]
        words = self.document.words.evidence(places.words) if self.document else Evidence.silent(batch, WORD_SLOTS)
        return Evidence.join([*parts, self.below.evidence(places.below), words])

    def _places(self, before: bytes, line: bytes, first: int) -> Places:
        """Those before each byte of `line` from the `first` on, and after them [len(line) - first + 1]."""
        ranges: list[Ranges | None] = []
        for voice, index in self._voices:
            if index is None:
                ranges.append(None)
                continue
            reach = max(MOST_ORDER, *voice.anchors)
            low, high = index.start(before[-reach:] + line[:first], tuple(first + back for back in voice.anchors))
            trail = index.trail(low[0], high[0], len(line) - first)
            trail.follow(line[first:])
            lows, highs = trail.ranges()
            ranges.append((np.concatenate([low, lows]), np.concatenate([high, highs])))
        below = self.below.start(line[:first])
        offsets = np.append(below, self.below.follow(int(below[0]), line[first:]))
        last = np.frombuffer(b"\n" + line, np.uint8).astype(np.int64)
        words = WordContext.along(line).take(slice(first, None))
        return Places(tuple(ranges), words, offsets, last[first:], np.arange(first, len(line) + 1))


def _best_guess(trails: list[Trail]) -> Guess:
    """That of the longest context."""
    return max((trail.guess() for trail in trails), key=lambda guess: guess.order)


def _columns(column: int, text: bytes) -> Ids:
    """Of the places after each byte of `text`, which begins in `column`."""
    found = []
    for byte in text:
        column = 0 if byte == LINE_END else column + 1
        found.append(column)
    return np.array(found, np.int64)
