"""The project's only beam search, over a draft's mixture, and its only sampler, over a network; both poll a deadline.

A path's log probability is the mixture's own: the chance that the real text goes on exactly so.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..characters import DOCUMENT_END, LINE_END
from ..deadline import Deadline
from .draft import Draft
from .hypotheses import Ranking
from .model import Array, Model, State, log_softmax

BLANKS = tuple(b" \t")
ENDS = (LINE_END, DOCUMENT_END)


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
    """`width` 1 is greedy; at most 12: of the bytes that are ranked, four may be barred. Paths less likely than `floor` are
    given up; `most_bytes` bounds a path's length.

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
    behind, least = math.log(options.rivals), -math.inf
    for _ in range(options.most_bytes):
        rankings = draft.likeliest([path.text for path in live])
        grown = list[tuple[int, Continuation]]()
        for total, row, byte, alone in _best(live, rankings, options, floor):
            path = live[row]
            if byte in ENDS:
                found.append(replace(path, ended=True, end_log_prob=total))
                least = max(least, total)
            elif not grown or total > _total(grown[0][1]) - behind:
                grown.append((row, _longer(path, byte, total, alone)))
        kept = [(row, path) for row, path in grown if _total(path) > least]
        gone_on = {row for row, _ in kept}
        found += [_given_up(path, rankings[row]) for row, path in enumerate(live) if path.text and row not in gone_on]
        live = [path for _, path in kept]
        if not live or deadline.expired():
            break
    found += [path for path in live if path.text]
    return sorted(found, key=lambda path: path.end_log_prob if path.ended else _total(path), reverse=True)


def _best(
    live: list[Continuation], rankings: list[Ranking], options: SearchOptions, floor: float
) -> list[tuple[float, int, int, float]]:
    """The likeliest `width` ways on from all of `live` together, likeliest first: log probability of all of the text, number
    of the path, byte, the network's log probability of it."""
    ways = []
    for row, (path, ranking) in enumerate(zip(live, rankings, strict=True)):
        before, barred, left = _total(path), _barred(path.text, options.most_blanks), options.width
        for byte, log_prob, alone in zip(*ranking, strict=True):
            if before + log_prob < floor or not left:
                break
            if byte not in barred:
                ways.append((before + log_prob, row, byte, alone))
                left -= 1
    return sorted(ways, key=lambda way: -way[0])[: options.width]


def _barred(text: bytes, most_blanks: int | None) -> tuple[int, ...]:
    """What must not come next where the user asked for text and there is none yet."""
    if most_blanks is None or text.strip():
        return ()
    return (*ENDS, *(BLANKS if len(text) >= most_blanks else ()))


def _longer(path: Continuation, byte: int, total: float, alone: float) -> Continuation:
    network = (*path.network_log_probs, alone + (path.network_log_probs or (0.0,))[-1])
    return Continuation(path.text + bytes([byte]), (*path.log_probs, total), network_log_probs=network)


def _given_up(path: Continuation, ranking: Ranking) -> Continuation:
    return replace(path, likeliest=math.exp(ranking[1][0]))


def _total(path: Continuation) -> float:
    return path.log_probs[-1] if path.log_probs else 0.0


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
