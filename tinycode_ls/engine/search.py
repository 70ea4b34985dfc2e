"""The project's only sampler and its only beam search, over any predictor; both poll a deadline.

A path's log probability is the predictor's own: the chance that the real text goes on exactly so.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .deadline import Deadline
from .mixture import Hypotheses, Predictor
from .model import Array, Model, State, log_softmax

LINE_END = 10
DOCUMENT_END = 0


@dataclass(frozen=True)
class Continuation:
    """A continuation. log_probs[i] is the natural logarithm of P(text[:i+1]); `ended`: the line ends after it.

    `end_log_prob` is that of the text with its line end, where `ended`.
    """

    text: bytes
    log_probs: tuple[float, ...]
    ended: bool = False
    end_log_prob: float = 0.0


@dataclass(frozen=True)
class SearchOptions:
    """`width` 1 is greedy. Paths less likely than `floor` are given up; `most_bytes` bounds a path's length."""

    width: int = 1
    most_bytes: int = 120
    floor: float = 0.0


def search(predictor: Predictor, start: Hypotheses, options: SearchOptions, deadline: Deadline) -> list[Continuation]:
    """Beam search to the end of the line -> paths, most likely first; unfinished ones too, so that they can be cut."""
    done: list[Continuation] = []
    live = [Continuation(b"", ())]
    now = start
    floor = np.log(max(options.floor, 1e-30))
    for _ in range(options.most_bytes):
        totals = np.array([_total(path) for path in live])[:, None] + now.log_probs  # [B, 256]
        parents, ids = _best(totals, options.width)
        grown, keep = [], []
        for parent, byte in zip(parents.tolist(), ids.tolist(), strict=True):
            total = float(totals[parent, byte])
            path = live[parent]
            if total < floor:
                continue
            if byte in (LINE_END, DOCUMENT_END):
                done.append(Continuation(path.text, path.log_probs, True, total))
            else:
                grown.append(Continuation(path.text + bytes([byte]), (*path.log_probs, total)))
                keep.append((parent, byte))
        best_done = max((path.end_log_prob for path in done), default=-np.inf)
        open_paths = [i for i, path in enumerate(grown) if _total(path) > best_done]
        if not open_paths:
            done += _cut_short(live, grown)
            live = []
            break
        live = [grown[i] for i in open_paths]
        if deadline.expired():
            break
        now = predictor.step(
            now, np.array([keep[i][0] for i in open_paths]), np.array([keep[i][1] for i in open_paths])
        )
    return sorted(done + live, key=lambda path: path.end_log_prob if path.ended else _total(path), reverse=True)


def _cut_short(live: list[Continuation], grown: list[Continuation]) -> list[Continuation]:
    """Nothing can be better than what is done; without anything done, the last paths are all there is."""
    return grown or [path for path in live if path.text]


def _total(path: Continuation) -> float:
    return path.log_probs[-1] if path.log_probs else 0.0


def _best(totals: Array, width: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The `width` largest of totals [B, 256] -> rows, bytes; largest first, ties by position (deterministic)."""
    flat = totals.ravel()
    if width == 1:
        order = np.array([flat.argmax()])
    else:
        some = np.argpartition(-flat, width)[:width]
        order = some[np.lexsort((some, -flat[some]))]
    rows, ids = np.divmod(order, totals.shape[1])
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


def _draw(log_probs: Array, options: SamplingOptions, rng: np.random.Generator) -> int:
    if options.temperature <= 0:
        return int(log_probs.argmax())
    order = np.argsort(-log_probs, kind="stable")
    scaled = log_probs[order].astype(np.float64) / options.temperature
    probs = np.exp(scaled - scaled[0])
    if options.top_k:
        probs[options.top_k :] = 0
    probs /= probs.sum()
    probs[np.cumsum(probs) - probs >= options.top_p] = 0
    return int(order[rng.choice(len(order), p=probs / probs.sum())])
