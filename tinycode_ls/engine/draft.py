"""The ways a line may go on from a place: looked at several bytes ahead, as the indexes expect them, and remembered.

A step of one byte is nearly all overhead, and most ways go as expected. Nothing is decided here: the same probabilities,
earlier. Where a search goes another way, what was computed for the rest waits: the next key may be on it.
"""

from dataclasses import dataclass
from functools import partial, reduce

import numpy as np

from .hypotheses import Hypotheses, Ranking
from .mixture import Branch, Predictor
from .model import Array, State
from .reader import common_prefix

MOST_DRAFTED = 24
"""Bytes computed in a batch, for all ways together."""
MOST_UNREAD = 8
"""Bytes that the network reads again with every batch, until it is taken a part of the way."""


@dataclass(frozen=True)
class Draft:
    """Guards that what was computed is only used for the very text it was computed for. Not for two threads at once.

    Texts are counted from where the first draft of a line began; `at` is how far this place is from there. `_known`: the
    hypotheses after a text, and the row of them; `_states` [1 stream]: the network's after those that it has read.
    """

    predictor: Predictor
    _known: dict[bytes, tuple[Hypotheses, int]]
    _states: dict[bytes, State]
    at: bytes = b""

    @classmethod
    def begin(cls, predictor: Predictor, start: Hypotheses, state: State) -> "Draft":
        """At a place that the network has read up to: `start` is the one hypothesis there, `state` the network's."""
        return cls(predictor, {b"": (start, 0)}, {b"": state})

    def look(self, texts: list[bytes]) -> Array:
        """After each of `texts`: log probs [B, 256] of the next byte. What comes after all but the last byte of each must have
        been looked at before."""
        return np.array([found.log_probs[row] for found, row in self._rows(texts)])

    def likeliest(self, texts: list[bytes]) -> list[Ranking]:
        """As `look`, of the likeliest next bytes only."""
        return [found.ranked[row] for found, row in self._rows(texts)]

    def _rows(self, texts: list[bytes]) -> list[tuple[Hypotheses, int]]:
        missing = [text for text in (self.at + text for text in texts) if text not in self._known]
        if missing:
            self._compute([(text[:-1], text[-1:]) for text in missing])
        return [self._known[self.at + text] for text in texts]

    def chance_of(self, rest: bytes, texts: list[bytes]) -> Array:
        """After each of `texts`, which were looked at before: the log probability [B] that `rest` comes next."""
        places = [self.at + text for text in texts]
        far = [self._known_part(place + rest[:-1]) for place in places]
        ways = [(known, (place + rest[:-1])[len(known) :]) for place, known in zip(places, far, strict=True)]
        if unknown := [way for way in ways if way[1]]:
            self._compute(unknown, ahead=0)
        rows = ((self._known[place + rest[:n]], byte) for place in places for n, byte in enumerate(rest))
        log_probs: Array = np.array([found.log_probs[row, byte] for (found, row), byte in rows])
        total: Array = log_probs.reshape(len(texts), -1).sum(axis=1)
        return total

    def copied(self) -> bytes:
        """The rest of the line as it stands elsewhere; see `Predictor.copied`."""
        return self.predictor.copied(self._hypothesis(self.at).places)

    def moved(self, typed: bytes) -> "Draft":
        """The place after `typed`, with what is known from there on."""
        there = self.at + typed
        if there not in self._known:
            far = self._known_part(there)
            self._compute([(far, there[len(far) :])])
        nearest = self._nearest(there)
        known = {text: place for text, place in self._known.items() if text.startswith(there)}
        states = {text: state for text, state in self._states.items() if text == nearest or text.startswith(there)}
        return Draft(self.predictor, known, states, there)

    def _compute(self, ways: list[tuple[bytes, bytes]], ahead: int = MOST_DRAFTED) -> None:
        """After each (known text, bytes to follow), and up to `ahead` bytes, of all ways together, that are expected then."""
        shared = reduce(_common, (before for before, _ in ways))
        read = self._nearest(shared)
        far = shared if len(shared) - len(read) > MOST_UNREAD else read
        branches = [Branch(self._hypothesis(before), before[len(far) :], text) for before, text in ways]
        most = max(len(text) for _, text in ways) - bool(ahead) + ahead // len(ways)
        stretches = self.predictor.ahead(partial(self._read, read, far), branches, most)
        for (before, _), stretch in zip(ways, stretches, strict=True):
            for count in range(1, len(stretch.text) + 1):
                self._known[before + stretch.text[:count]] = stretch.found, stretch.begin + count - 1

    def _read(self, text: bytes, on: bytes) -> State:
        """The network's state after `on`, which goes on from `text`, that it has read."""
        if on not in self._states:
            _, self._states[on] = self.predictor.model.read(on[len(text) :], self._states[text])
        return self._states[on]

    def _known_part(self, text: bytes) -> bytes:
        """The longest beginning of `text` after which it is known what comes."""
        return next(text[:n] for n in range(len(text), -1, -1) if text[:n] in self._known)

    def _hypothesis(self, text: bytes) -> Hypotheses:
        found, row = self._known[text]
        return found.take(slice(row, row + 1))

    def _nearest(self, text: bytes) -> bytes:
        """The longest beginning of `text` that the network has read."""
        return max((read for read in self._states if text.startswith(read)), key=len)


def _common(a: bytes, b: bytes) -> bytes:
    return a[: common_prefix(a, b)]
