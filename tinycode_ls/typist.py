"""A patient typist: retypes lines key by key with a completer, and counts what that saves.

The typist accepts (one key) a suggestion only when every character of it is right and it gains two or more; indentation
is free, since every editor gives it. A suggestion that agrees with what is typed stays; one that does not goes away.
"""

from collections.abc import Callable
from dataclasses import dataclass

LEAST_GAIN = 2
COST_OF_SHOWING = 0.5


@dataclass(frozen=True)
class Keys:
    """Counts over retyped text. `characters` leaves indentation out."""

    characters: int = 0
    keys: int = 0
    shown: int = 0
    accepted: int = 0

    def __add__(self, other: "Keys") -> "Keys":
        return Keys(
            self.characters + other.characters,
            self.keys + other.keys,
            self.shown + other.shown,
            self.accepted + other.accepted,
        )

    @property
    def saved(self) -> float:
        """Share of keystrokes saved."""
        return 1 - self.keys / max(1, self.characters)

    @property
    def net(self) -> float:
        """`saved`, with half a key charged for each suggestion shown."""
        return 1 - (self.keys + COST_OF_SHOWING * self.shown) / max(1, self.characters)

    @property
    def precision(self) -> float:
        """Share of the shown suggestions that were accepted."""
        return self.accepted / max(1, self.shown)


def retype(line: str, ask: Callable[[str], str]) -> Keys:
    """Type `line`; `ask(typed so far)` gives a suggestion or ''."""
    at = len(line) - len(line.lstrip(" \t"))
    counted, keys, shown, accepted, current = len(line) - at, 0, 0, 0, ""
    while at < len(line):
        if not current:
            current = ask(line[:at]).split("\n", 1)[0]
            shown += bool(current)
        keys += 1
        if len(current) >= LEAST_GAIN and line.startswith(current, at):
            accepted += 1
            at += len(current)
            current = ""
        else:
            current = current[1:] if current[:1] == line[at] else ""
            at += 1
    return Keys(counted, keys, shown, accepted)
