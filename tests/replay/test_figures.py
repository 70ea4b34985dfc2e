"""Figures against examples worked out by hand."""

import random

import pytest

from tinycode_ls.replay.calibration import Bin, Shown, calibration_error, error_by_chance, reliability
from tinycode_ls.replay.dial import advise
from tinycode_ls.replay.figures import Retyped, figures, spread
from tinycode_ls.replay.report import advice_in_words
from tinycode_ls.typist import Keys


def test_perfect_probabilities_err_by_chance_and_by_no_more() -> None:
    """Suggestions that are right exactly as often as they say: what is measured is what chance alone is said to give."""
    rng, found, expected = random.Random(1), [], []
    for _ in range(200):
        sure = [rng.uniform(0.3, 1) for _ in range(500)]
        bins = reliability([Shown(one, rng.random() < one) for one in sure])
        found.append(calibration_error(bins))
        expected.append(error_by_chance(bins))
    assert sum(found) == pytest.approx(sum(expected), rel=0.05)
    assert error_by_chance([]) == 0 and error_by_chance([Bin(5, 1.0, 1.0)]) == 0


def test_calibration_error_of_a_known_example() -> None:
    """Twenty suggestions: ten said 0.2 of which 3 are right, ten said 0.9 of which 6 are right: (0.1 + 0.3) / 2."""
    shown = [Shown(0.9, place < 6) for place in range(10)] + [Shown(0.2, place < 3) for place in range(10)]
    bins = reliability(shown, bins=2)
    assert [(one.count, one.right) for one in bins] == [(10, 0.3), (10, 0.6)]
    assert [one.said for one in bins] == pytest.approx([0.2, 0.9])
    assert calibration_error(bins) == pytest.approx(0.2)


def test_bins_are_of_equal_size_and_ordered() -> None:
    """103 suggestions: ten bins of 10 or 11, each surer than the one before."""
    bins = reliability([Shown((37 * place % 103) / 103, True) for place in range(103)])
    assert {one.count for one in bins} == {10, 11} and sum(one.count for one in bins) == 103
    assert [one.said for one in bins] == sorted(one.said for one in bins)


def test_little_or_nothing_shown() -> None:
    """Three suggestions are three bins, none is none, and no error."""
    assert len(reliability([Shown(0.5, True)] * 3)) == 3
    assert reliability([]) == [] and calibration_error([]) == 0
    assert calibration_error([Bin(1, 1.0, 1.0)]) == 0


def test_keys_add_up() -> None:
    """Two lines of 10 characters, 6 and 9 keys, one suggestion each, one right."""
    lines = [
        Retyped("a", Keys(10, 6, 1, 1), (Shown(0.8, True),), (1.0, 2.0)),
        Retyped("b", Keys(10, 9, 1, 0), (Shown(0.4, False),), (3.0,)),
    ]
    found = figures(lines)
    assert (found.saved, found.net, found.precision) == pytest.approx((0.25, 0.2, 0.5))
    assert found.shown_per_100 == 10 and found.requests == 3
    assert found.latency_ms == {"p50": 2.0, "p90": 3.0, "p99": 3.0}


def test_the_spread_is_by_commit() -> None:
    """A hundred lines of one commit say no more than one; two commits that differ are far apart."""
    same = [Retyped("a", Keys(10, place % 10, 0, 0)) for place in range(100)]
    assert spread(same, lambda line: line.net_keys, 1) == 0
    two = [Retyped(commit, Keys(10, keys, 0, 0)) for commit, keys in (("a", 2), ("b", 8))]
    assert spread(two, lambda line: line.net_keys, 1) == pytest.approx(0.3)


def run(*net_keys: int) -> list[Retyped]:
    """Lines of 100 characters, one to a commit, that save so many keys."""
    return [Retyped(str(place), Keys(100, 100 - saved, 0, 0)) for place, saved in enumerate(net_keys)]


def test_advice_is_clear_only_when_it_is() -> None:
    """A setting that saves more on every line leads; one that wins and loses by turns does not."""
    steady = advise({0.5: run(*[40] * 20), 0.7: run(*[44, 46] * 10)}, 0.5, seed=1)
    assert (steady.best, steady.is_clear) == (0.7, True) and steady.lead == pytest.approx(0.05)
    assert "precision = 0.7" in advice_in_words(steady) and ".tinycode.toml" in advice_in_words(steady)
    shaky = advise({0.5: run(*[40] * 20), 0.7: run(*[0, 82] * 10)}, 0.5, seed=1)
    assert (shaky.best, shaky.is_clear) == (0.7, False)
    assert "no clear difference" in advice_in_words(shaky)


def test_of_equal_settings_the_quietest_is_best() -> None:
    """And the one in force stays when it is that."""
    advice = advise({0.5: run(40), 0.8: run(40)}, 0.8, seed=1)
    assert advice.best == 0.8 and "leave it" in advice_in_words(advice)
