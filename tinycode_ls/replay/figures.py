"""What retyping lines gives, added up for one voice: keystrokes, latency, calibration. Plain numbers, for JSON."""

import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..typist import COST_OF_SHOWING, Keys
from .calibration import Bin, Shown, calibration_error, error_by_chance, reliability

RESAMPLES = 1000


@dataclass(frozen=True)
class Retyped:
    """One line: the keys it took, what was shown on the way, and the milliseconds of each question."""

    commit: str
    keys: Keys
    shown: tuple[Shown, ...] = ()
    times_ms: tuple[float, ...] = ()

    @property
    def net_keys(self) -> float:
        """Keys saved, half a key charged for each suggestion shown."""
        return self.keys.characters - self.keys.keys - COST_OF_SHOWING * self.keys.shown


@dataclass(frozen=True)
class Figures:
    """`saved` and `net` are shares of all keystrokes (0..1), `net_spread` is half of net's 95 % interval, by commit."""

    characters: int
    keys: int
    shown: int
    accepted: int
    saved: float
    net: float
    net_spread: float
    precision: float
    shown_per_100: float
    requests: int
    latency_ms: dict[str, float]
    calibration_error: float
    error_by_chance: float
    reliability: tuple[Bin, ...]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def figures(lines: Sequence[Retyped], seed: int = 1) -> Figures:
    """Of one voice over all lines."""
    keys = sum((line.keys for line in lines), Keys())
    times = sorted(time for line in lines for time in line.times_ms)
    bins = reliability([shown for line in lines for shown in line.shown])
    return Figures(
        **asdict(keys),
        saved=keys.saved,
        net=keys.net,
        net_spread=spread(lines, lambda line: line.net_keys, seed),
        precision=keys.precision,
        shown_per_100=100 * keys.shown / max(1, keys.characters),
        requests=len(times),
        latency_ms={f"p{share}": _percentile(times, share) for share in (50, 90, 99)},
        calibration_error=calibration_error(bins),
        error_by_chance=error_by_chance(bins),
        reliability=tuple(bins),
    )


def spread(lines: Sequence[Retyped], value: Callable[[Retyped], float], seed: int) -> float:
    """Half of the 95 % interval of (sum of `value`) / (sum of characters), commits drawn anew with replacement."""
    by_commit: dict[str, tuple[float, int]] = {}
    for line in lines:
        total, characters = by_commit.get(line.commit, (0.0, 0))
        by_commit[line.commit] = total + value(line), characters + line.keys.characters
    rng, commits = random.Random(seed), list(by_commit.values())
    drawn = (rng.choices(commits, k=len(commits)) for _ in range(RESAMPLES if commits else 0))
    shares = sorted(sum(total for total, _ in draw) / max(1, sum(count for _, count in draw)) for draw in drawn)
    return (shares[int(0.975 * len(shares))] - shares[int(0.025 * len(shares))]) / 2 if shares else 0.0


def _percentile(ordered: Sequence[float], percent: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else 0.0
