"""The project's only beam search, over a draft's mixture, and its only sampler, over a network; both poll a deadline.

A path's log probability is the mixture's own: the chance that the real text goes on exactly so.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..characters import DOCUMENT_END, LINE_END
from ..deadline import Deadline
from .draft import Draft
from .model import Array, Model, State, log_softmax

BLANKS = tuple(b" \t")


@dataclass(frozen=True)
class Continuation:
    """A way the text may go on. log_probs[i] is the natural logarithm of P(text[:i+1]), network_log_probs[i] that of the
    network alone.

    `ended`: the line ends after it, and `end_log_prob` is that of the text with its line end. Otherwise the search
    gave it up there, and `likeliest` is the chance of the likeliest next byte, 1 where that is not known.
    """

    text: bytes
    log_probs: tuple[float, ...]
    ended: bool = False
    end_log_prob: float = 0.0
    likeliest: float = 1.0
    network_log_probs: tuple[float, ...] = ()


@dataclass(frozen=True)
class SearchOptions:
    """`width` 1 is greedy. Paths less likely than `floor` are given up; `most_bytes` bounds a path's length.

    `most_blanks`: where the user asked for text, the line does not end before there is some, and not more blanks than that
    come before it. `rivals`: paths this many times less likely than the likeliest of their length are given up, too.
    """

    width: int = 1
    most_bytes: int = 120
    floor: float = 0.0
    most_blanks: int | None = None
    rivals: float = math.inf

    def at_least(self, floor: float) -> "SearchOptions":
        """The same with another floor."""
        return replace(self, floor=floor)


def search(draft: Draft, options: SearchOptions, deadline: Deadline) -> list[Continuation]:
    """Beam search from a place to the end of its line -> continuations, likeliest first.

    Those given up on the way are kept too, up to where they were given up: a suggestion may be cut from them.
    """
    found: list[Continuation] = []
    live = [Continuation(b"", ())]
    floor = math.log(max(options.floor, 1e-30))
    for _ in range(options.most_bytes):
        log_probs, alone = draft.look([path.text for path in live])
        grown, parents = _grow(live, log_probs, alone, options, floor, found)
        best_ended = max((path.end_log_prob for path in found if path.ended), default=-np.inf)
        least = max(best_ended, _total(grown[0]) - math.log(options.rivals)) if grown else best_ended
        kept = [row for row, path in enumerate(grown) if _total(path) > least]
        live_parents = {parents[row] for row in kept}
        found += [
            _given_up(path, log_probs[row]) for row, path in enumerate(live) if path.text and row not in live_parents
        ]
        live = [grown[row] for row in kept]
        if not live or deadline.expired():
            break
    found += [path for path in live if path.text]
    return sorted(found, key=lambda path: path.end_log_prob if path.ended else _total(path), reverse=True)


def _grow(
    live: list[Continuation],
    log_probs: Array,
    alone: Array,
    options: SearchOptions,
    floor: float,
    found: list[Continuation],
) -> tuple[list[Continuation], list[int]]:
    """One byte further: the likeliest of all live continuations, with their parents. Ended ones go to `found`."""
    totals = np.array([_total(path) for path in live])[:, None] + log_probs  # [B, 256]
    if options.most_blanks is not None:
        barred = (LINE_END, DOCUMENT_END, *(BLANKS if len(live[0].text) >= options.most_blanks else ()))
        for row, path in enumerate(live):
            if not path.text.strip():
                totals[row, barred] = -np.inf
    grown, parents = [], []
    for parent, byte in zip(*(array.tolist() for array in _best(totals, options.width, floor)), strict=True):
        path, total = live[parent], float(totals[parent, byte])
        if byte in (LINE_END, DOCUMENT_END):
            found.append(replace(path, ended=True, end_log_prob=total))
        else:
            network = float(alone[parent, byte]) + (path.network_log_probs or (0.0,))[-1]
            text = path.text + bytes([byte])
            grown.append(
                Continuation(text, (*path.log_probs, total), network_log_probs=(*path.network_log_probs, network))
            )
            parents.append(parent)
    return grown, parents


def _given_up(path: Continuation, log_probs: Array) -> Continuation:
    return replace(path, likeliest=float(np.exp(log_probs.max())))


def _total(path: Continuation) -> float:
    return path.log_probs[-1] if path.log_probs else 0.0


def _best(totals: Array, width: int, floor: float) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The `width` largest of totals [B, 256], none below `floor` -> rows, bytes; largest first, of equals the first."""
    flat = totals.ravel()
    some = np.flatnonzero(flat >= floor)
    if len(some) > width:
        some = some[np.argpartition(-flat[some], width)[:width]]
    rows, ids = np.divmod(some[np.lexsort((some, -flat[some]))], totals.shape[1])
    return rows, ids


@dataclass(frozen=True)
class SamplingOptions:
    """`temperature` 0 is greedy; `top_k` 0 and `top_p` 1 are off."""

    temperature: float = 0.8
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0


def sample(
    model: Model, logits: Array, state: State, options: SamplingOptions, deadline: Deadline | None = None
) -> Iterator[int]:
    """Bytes without end, drawn from the network; logits [256] are those after what was read into `state`."""
    rng = np.random.default_rng(options.seed)
    while deadline is None or not deadline.expired():
        byte = _draw(log_softmax(logits), options, rng)
        yield byte
        rows, state = model.step(np.array([byte]), state)
        logits = rows[0]


def _draw(log_probs: Array, options: SamplingOptions, rng: "np.random.Generator") -> int:
    if options.temperature <= 0:
        return int(log_probs.argmax())
    order = np.argsort(-log_probs, kind="stable")
    behind = log_probs[order].astype(np.float64) - log_probs[order[0]]
    probs = np.exp(behind / options.temperature)
    if options.top_k:
        probs[options.top_k :] = 0
    probs /= probs.sum()
    probs[np.cumsum(probs) - probs >= options.top_p] = 0
    return int(order[rng.choice(len(order), p=probs / probs.sum())])
