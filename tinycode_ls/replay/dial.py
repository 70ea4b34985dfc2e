"""Which setting of `precision` would have saved most, net of reading what is shown. Proposes; writes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..typist import Keys
from .figures import Retyped, spread

DIAL = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Below 0.3 nothing more is shown (see engine/choice.py)."""


@dataclass(frozen=True)
class DialFigures:
    """What one setting gives: shares of keystrokes (0..1), share right, shown per 100 characters."""

    setting: float
    saved: float
    net: float
    precision: float
    shown_per_100: float


@dataclass(frozen=True)
class Advice:
    """`best` has the largest net saving; it leads by `lead` +- `lead_spread` (95 %, by commit) over `now`, the setting in
    force."""

    now: float
    best: float
    lead: float
    lead_spread: float
    settings: tuple[DialFigures, ...]

    @property
    def is_clear(self) -> bool:
        """Whether the lead is more than chance."""
        return self.best != self.now and self.lead > self.lead_spread

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {"is_clear": self.is_clear}


def advise(runs: Mapping[float, Sequence[Retyped]], now: float, seed: int) -> Advice:
    """`runs`: the same lines, retyped with each setting. Of equal settings the quietest is best."""
    table = tuple(_figures(setting, lines) for setting, lines in sorted(runs.items()))
    best = max(table, key=lambda row: (row.net, row.setting)).setting
    # The same lines: what the one setting saves more than the other, line by line.
    gains = {id(line): line.net_keys - other.net_keys for line, other in zip(runs[best], runs[now], strict=True)}
    nets = {row.setting: row.net for row in table}
    lead_spread = spread(runs[best], lambda line: gains[id(line)], seed)
    return Advice(now, best, nets[best] - nets[now], lead_spread, table)


def _figures(setting: float, lines: Sequence[Retyped]) -> DialFigures:
    keys = sum((line.keys for line in lines), Keys())
    return DialFigures(setting, keys.saved, keys.net, keys.precision, 100 * keys.shown / max(1, keys.characters))
