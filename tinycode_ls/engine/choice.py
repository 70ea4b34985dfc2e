"""Where a suggestion ends, and whether it is worth showing: the keys that a person saves who goes on with what comes next.

What the search found is a tree of ways the line may go on, each with its chance. A person at a place of it takes one of
three steps: accepts what is shown (one key, if all of it is right), types on through what is shown until it departs from
the truth (a key for each character), or, shown nothing, types one character. After the first and the last we are asked
again, so a place is worth what the best step from there saves, worked out from the far ends of the tree back to the
cursor. That decides how far a suggestion goes: a sure beginning is shown by itself where the rest is not, since the rest
can be shown next for one key more, while a beginning that a wrong rest spoils costs a key for every character.

All in keys against going on as usual, where a character costs VALUE_PER_CHARACTER of a key.
"""

import math
from dataclasses import dataclass, field

from ..characters import IN_WORD
from ..typist import COST_OF_SHOWING, LEAST_GAIN
from .search import Continuation

VALUE_PER_CHARACTER = 0.5
MOST_SURE = 0.7
"""Inside a word a suggestion ends only on purpose: where the ways part, so that no next byte is likelier than this."""
BLANKS = b" \t\r"
UNDERSCORE = 0x5F
UPPER = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass
class Place:
    """Of the tree: the first `length` bytes of `path`, right with `chance`; the places a byte further on, and whether the line
    may end here. `lost`: characters typed through, on the average, until the truth is known to depart, up to here.

    Decided: the places further on where a suggestion may stop, what the best step from here is `worth`, and the place up to
    which it shows the text (None: it shows nothing).
    """

    path: Continuation
    length: int
    chance: float
    lost: float = 0.0
    after: "list[Place]" = field(default_factory=list)
    line_ends: bool = False
    stops: "list[Place]" = field(default_factory=list)
    worth: float = 0.0
    shown: "Place | None" = None

    @property
    def text(self) -> bytes:
        """From the cursor to here."""
        return self.path.text[: self.length]

    @property
    def likeliest(self) -> float:
        """Chance of the likeliest next byte, as far as it is known."""
        return max(place.chance for place in self.after) / self.chance if self.after else self.path.likeliest


def least_probability(precision: float) -> float:
    """What a single suggestion must reach, so that `precision` is about the least share of all shown that is right.

    Measured on practice projects: at 0.5 each is at least 0.3 likely and 0.64 of them are right; at 0.8, 0.72 and 0.87.
    """
    return max(0.02, 1.4 * precision - 0.4)


def best_cut(paths: list[Continuation], precision: float) -> Place | None:
    """What to show now, or None when silence is better."""
    bound = least_probability(precision)
    levels = tree_of(paths)
    for level in reversed(levels):
        for place in level:
            _decide(place, bound)
    return levels[0][0].shown


def tree_of(paths: list[Continuation]) -> list[list[Place]]:
    """Places by their distance from the cursor, which is the first."""
    root = Place(Continuation(b"", ()), 0, 1.0)
    levels, known = [[root]], {b"": root}
    for path in paths:
        place = root
        for length, log_prob in enumerate(path.log_probs, start=1):
            text = path.text[:length]
            if text not in known:
                chance = math.exp(log_prob)
                lost = place.lost + (place.chance - chance) * length
                known[text] = Place(path, length, chance, lost)
                place.after.append(known[text])
                levels += [[]] * (length == len(levels))
                levels[length].append(known[text])
            place = known[text]
        place.line_ends |= path.ended
    return levels


def _decide(place: Place, bound: float) -> None:
    """The best step at a place, those further on being decided."""
    per_character = 1 - VALUE_PER_CHARACTER  # what typing one alone loses
    if place.after:
        place.worth = sum(after.chance * after.worth for after in place.after) / place.chance - per_character
    for after in place.after:
        place.stops += [after, *after.stops] if may_end(after) else after.stops
    for end in place.stops:
        right, count = end.chance / place.chance, end.length - place.length
        if right < bound or count < LEAST_GAIN:
            continue
        spoilt = (end.lost - place.lost) / place.chance - place.length * (1 - right)
        worth = right * (VALUE_PER_CHARACTER * count - 1 + end.worth) - per_character * spoilt - COST_OF_SHOWING
        if worth > place.worth:
            place.worth, place.shown = worth, end


def may_end(place: Place) -> bool:
    """Whether a suggestion may stop there: not after blanks, unless all of the text ends with them; not within a character;
    within a word only after a part of a snake_case or camelCase name, and where the ways part."""
    last, following = place.text[-1], [after.text[-1] for after in place.after]
    if (last in BLANKS and not place.line_ends) or (last >= 128 and not _whole(place.text)):
        return False
    if not IN_WORD[last] or place.line_ends or not all(IN_WORD[byte] for byte in following):
        return True
    part_ends = last == UNDERSCORE or (last not in UPPER and any(byte in UPPER for byte in following))
    return part_ends or place.likeliest <= MOST_SURE


def _whole(text: bytes) -> bool:
    """Whether it ends where a character ends."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
