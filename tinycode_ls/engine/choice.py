"""Where a suggestion ends, and whether it is worth showing: expected keys saved, in closed form.

With v = the keys that a character costs a person who is being helped (VALUE_PER_CHARACTER), a suggestion of n characters
that is right saves v*n - 1 keys against going on as usual. One that departs from the truth after j characters stays in
the way until then, so that those j+1 characters cost a whole key each: a loss of (1 - v)*(j+1). Showing costs attention.
Showing nothing means typing the next character alone: a loss of 1 - v.
"""

import math
from dataclasses import dataclass

from .search import Continuation, is_word

VALUE_PER_CHARACTER = 0.5
COST_OF_SHOWING = 0.5
LEAST_CHARACTERS = 2
LEAST_BOUNDARY = 0.1
UNDERSCORE = 0x5F
UPPER = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Cut:
    """The first `length` bytes of a path, right with `probability`; `gain` in keys against showing nothing."""

    path: Continuation
    length: int
    probability: float
    gain: float

    @property
    def text(self) -> bytes:
        """What is shown."""
        return self.path.text[: self.length]


def least_probability(precision: float) -> float:
    """What a single suggestion must reach, so that `precision` is about the least share of all shown that is right.

    Measured on practice projects: at 0.5 each is at least 0.3 likely and 0.65 of them are right; at 0.8, 0.72 and 0.86.
    """
    return max(0.02, 1.4 * precision - 0.4)


def best_cut(paths: list[Continuation], precision: float, least: int = LEAST_CHARACTERS) -> Cut | None:
    """The best place to end the best path, or None when silence is better."""
    bound = least_probability(precision)
    cuts = [cut for path in paths for cut in cuts_of(path) if cut.length >= least and cut.probability >= bound]
    best = max(cuts, key=lambda cut: cut.gain, default=None)
    return best if best is not None and best.gain > 0 else None


def cuts_of(path: Continuation) -> list[Cut]:
    """Every place where a path may end: not inside a word, a number or a UTF-8 character, not after blanks."""
    value, cuts, lost, before = VALUE_PER_CHARACTER, [], 0.0, 1.0
    for length, log_prob in enumerate(path.log_probs, start=1):
        now = math.exp(log_prob)
        lost += (before - now) * (1 - value) * length
        before = now
        if may_end(path, length):
            gain = now * (value * length - 1) - lost - COST_OF_SHOWING * (1 - now) + (1 - value)
            cuts.append(Cut(path, length, now, gain))
    return cuts


def may_end(path: Continuation, length: int) -> bool:
    """Whether a suggestion may stop after `length` bytes of `path`: at the end of a word, or of a part of a snake_case or
    camelCase name, where the names that are known part ways."""
    last = path.text[length - 1]
    if last in b" \t\r":
        return False
    if not is_word(last) or last == UNDERSCORE:
        return True
    if length == len(path.text):
        return path.ended or path.boundary >= LEAST_BOUNDARY
    after = path.text[length]
    return not is_word(after) or (after in UPPER and last not in UPPER)
