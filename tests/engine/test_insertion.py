"""What is missing before the rest of a line: Bayes' rule over what a search found."""

import math

import numpy as np
import pytest

from tinycode_ls.engine.insertion import MOST_WEIGHED, insertions
from tinycode_ls.engine.model import Array
from tinycode_ls.engine.search import Continuation


class Counted:
    """A draft that knows the chance of what comes next after each text, by its number of occurrences in `lines`."""

    def __init__(self, *lines: bytes) -> None:
        self.lines = lines

    def chance(self, before: bytes, after: bytes) -> float:
        """Of `after` next, given `before`."""
        there = [line for line in self.lines if line.startswith(before)]
        return (1e-6 + sum(line.startswith(before + after) for line in there)) / (1e-3 + len(there))

    def look(self, texts: list[bytes]) -> Array:
        """As a draft does."""
        return np.log([[self.chance(text, bytes([byte])) for byte in range(256)] for text in texts])

    def chance_of(self, rest: bytes, texts: list[bytes]) -> Array:
        """As a draft does."""
        return np.log([self.chance(text, rest) for text in texts])

    def path(self, text: bytes, ended: bool = True) -> Continuation:
        """As a search finds it; the network gives half of each byte's chance."""
        logs = tuple(math.log(self.chance(b"", text[:n])) for n in range(1, len(text) + 1))
        return Continuation(
            text, logs, ended, logs[-1], 1.0, tuple(n * math.log(0.5) + log for n, log in enumerate(logs, 1))
        )


LINES = [b"first, second)"] * 6 + [b"first)"] * 3 + [b"last, second)"]


def found(rest: bytes, *texts: bytes) -> dict[bytes, float]:
    """Insertion -> its probability."""
    draft = Counted(*LINES)
    paths = insertions(draft, [draft.path(text) for text in texts or set(LINES)], rest)  # type: ignore[arg-type]
    return {path.text: math.exp(path.end_log_prob) for path in paths}


def test_an_insertion_ends_where_the_rest_goes_on() -> None:
    """With the share it has among the lines that go on so."""
    assert list(found(b")"))[:1] == [b"first, second"] and found(b")")[b"first, second"] == pytest.approx(0.6, abs=0.01)
    fits = {text: share for text, share in found(b", second)").items() if share > 0.01}
    assert fits == pytest.approx({b"first": 6 / 7, b"last": 1 / 7}, abs=0.01)


def test_that_nothing_is_missing_takes_its_share() -> None:
    """All of it, where the rest is what comes next anyway."""
    assert sum(found(b"first, second)").values()) < 0.01


def test_a_beginning_is_as_likely_as_all_that_begin_with_it() -> None:
    """And the network has as much of it as it had of the path."""
    draft = Counted(*LINES)
    best = insertions(draft, [draft.path(text) for text in set(LINES)], b")")[0]  # type: ignore[arg-type]
    chances = np.exp(best.log_probs)
    assert chances[4] == pytest.approx(0.9, abs=0.01) and chances[-1] == pytest.approx(0.6, abs=0.01)
    assert np.all(np.diff(chances) <= 1e-9)
    assert best.network_log_probs[-1] - best.log_probs[-1] == pytest.approx(len(best.text) * math.log(0.5))


def test_few_are_weighed() -> None:
    """However many the search found."""
    texts = [bytes([97 + n]) * 3 for n in range(20)]
    draft = Counted(*(text + b";" for text in texts))
    assert 0 < len(insertions(draft, [draft.path(text) for text in texts], b";")) <= MOST_WEIGHED  # type: ignore[arg-type]


def test_no_path_no_insertion() -> None:
    """Only that nothing is missing is left."""
    assert insertions(Counted(*LINES), [], b")") == []  # type: ignore[arg-type]
