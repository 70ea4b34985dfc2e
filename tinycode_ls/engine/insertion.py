"""What is missing between the cursor and the text that stands after it on the line.

By Bayes' rule: a text is as likely to be what is inserted there as it is after what stands before the cursor, times the
chance that what stands after the cursor comes next. That tells where an insertion ends, and whether anything is missing.
"""

import math

import numpy as np

from .draft import Draft
from .search import Continuation

MOST_WEIGHED = 6
"""Texts for which more than the first byte of what follows is looked at."""
MOST_FOLLOWING = 4
"""Bytes of what follows that are looked at; 8 chose no better."""


def insertions(draft: Draft, paths: list[Continuation], rest: bytes) -> list[Continuation]:
    """`paths` as ways to fill the gap before `rest`, likeliest first: each ends where the insertion does, and its probabilities
    are those given that `rest` comes next. That nothing is missing is one of the ways, which takes its share and is left out.
    """
    rest = rest[:MOST_FOLLOWING]
    origins = {path.text[:length]: path for path in paths for length in range(1, len(path.text) + 1)}
    texts = [b"", *origins]
    before = np.array([0.0, *(path.log_probs[len(text) - 1] for text, path in origins.items())])
    log_probs = draft.look(texts)
    most = np.argsort(-(before + log_probs[:, rest[0]]), kind="stable")[:MOST_WEIGHED]
    weighed = sorted({0, *most.tolist()})
    scores = before[weighed] + draft.chance_of(rest, [texts[row] for row in weighed])
    weights = np.exp(scores - np.logaddexp.reduce(scores))
    found = {
        texts[row]: float(weight) for row, weight in zip(weighed, weights, strict=True) if texts[row] and weight > 0
    }
    filled = (_given(origins[text], text, found) for text in found)
    return sorted(filled, key=lambda path: path.end_log_prob, reverse=True)


def _given(path: Continuation, text: bytes, weights: dict[bytes, float]) -> Continuation:
    """`text`, a beginning of `path`, as a whole insertion, among others with their weights."""
    chances = [
        sum(weight for other, weight in weights.items() if other.startswith(text[:n])) for n in range(1, len(text) + 1)
    ]
    log_probs = tuple(map(math.log, chances))
    network = tuple(
        alone - mixed + given
        for alone, mixed, given in zip(path.network_log_probs, path.log_probs, log_probs, strict=False)
    )
    return Continuation(text, log_probs, True, math.log(weights[text]), network_log_probs=network)
