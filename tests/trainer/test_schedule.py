"""The learning rate rises, falls along a cosine and ends where it was told to."""

import pytest

from trainer.schedule import learning_rate


def test_shape() -> None:
    """Peak at the end of the warm-up, the final share at the end, never above the peak."""
    rates = [learning_rate(step / 1000, 0.01, 0.1, 0.05) for step in range(1001)]
    assert max(rates) == pytest.approx(0.01) and rates.index(max(rates)) == 100
    assert rates[-1] == pytest.approx(0.0005)
    assert rates[:101] == sorted(rates[:101]) and rates[100:] == sorted(rates[100:], reverse=True)


def test_beyond_the_end_it_stays() -> None:
    """A run by the clock may overshoot."""
    assert learning_rate(1.3, 0.01, 0.1, 0.05) == learning_rate(1.0, 0.01, 0.1, 0.05)
