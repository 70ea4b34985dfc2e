"""Does a probability mean what it says? Suggestions in bins of equal size: how sure they were, how many were right."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

BINS = 10


@dataclass(frozen=True)
class Shown:
    """A suggestion as it was shown: the probability it came with, and whether all of it was right."""

    probability: float
    right: bool


@dataclass(frozen=True)
class Bin:
    """`count` suggestions that were `said` to be right on average (0..1), and the share that was."""

    count: int
    said: float
    right: float


def reliability(shown: Sequence[Shown], bins: int = BINS) -> list[Bin]:
    """From the least sure to the surest, as equal in number as can be; fewer bins when there is less to show."""
    ordered = sorted(shown, key=lambda one: one.probability)
    bounds = [place * len(ordered) // bins for place in range(bins + 1)]
    parts = [ordered[begin:end] for begin, end in pairwise(bounds) if end > begin]
    return [
        Bin(len(part), sum(one.probability for one in part) / len(part), sum(one.right for one in part) / len(part))
        for part in parts
    ]


def calibration_error(bins: Sequence[Bin]) -> float:
    """Expected calibration error: the mean distance of `said` and `right`, by suggestion (Naeini et al. 2015)."""
    return sum(one.count * abs(one.said - one.right) for one in bins) / max(1, sum(one.count for one in bins))


def error_by_chance(bins: Sequence[Bin]) -> float:
    """What `calibration_error` comes to, in the mean, where every probability is true: few suggestions scatter. (The mean
    distance from its mean of a normal variable with the variance p(1-p)/n of each bin.)"""
    scattered = (one.count * math.sqrt(2 * one.said * (1 - one.said) / (math.pi * one.count)) for one in bins)
    return sum(scattered) / max(1, sum(one.count for one in bins))
