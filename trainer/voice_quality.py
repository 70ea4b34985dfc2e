"""Bits per byte and next-byte accuracy of network, index and mixture on files that are not in the index.

Each byte is asked as the engine would be asked at that place, were the file typed from its beginning to its end: the
network has read the file so far (its state begins anew with each file), the open document's index holds the lines above,
nothing stands below, and the workspace is a repository without these files. Every byte counts, line ends and indentation
too; the header that names the file does not.

`index` is the same mixer over the same counts beside a network that finds every byte as likely as every other. The mixer
was fitted beside a network that knows something, so this is a little less than the counts could do alone.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tinycode_ls.engine.mixer import Mixer
from tinycode_ls.engine.mixture import MOST_RECALLED, Predictor
from tinycode_ls.engine.model import Model, log_softmax
from tinycode_ls.index.document import MOST_LEFT, document_index
from tinycode_ls.index.suffixes import SuffixIndex
from tinycode_ls.index.workspace import Workspace
from tinycode_ls.model.document import document_header
from tinycode_ls.replay.voices import INDEX, MIXTURE, NETWORK, network_alone

from .byte_quality import ByteQuality

Array = npt.NDArray[np.float32]
Files = Sequence[tuple[str, bytes]]
"""Path, as the model sees it, and text; several files may have one path."""
Tick = Callable[[int, int], None]

MOST_AT_ONCE = 256
"""Positions whose counts are held at once: 25 KB each."""


def byte_quality(model: Model, files: Iterable[tuple[str, bytes]]) -> ByteQuality:
    """The network alone, on every byte of texts, each with its path."""
    return voice_qualities(network_alone(model), list(files), None)[NETWORK]


class WorkspaceWithout(Workspace):
    """A repository's files but some: what is measured must not be looked up."""

    def __init__(self, root: Path, without: Iterable[Path], budget_mb: float) -> None:
        super().__init__([root.absolute()], budget_mb)
        self._without = {path.resolve() for path in without}

    def _list(self) -> dict[Path, Path]:
        return {path: root for path, root in super()._list().items() if path.resolve() not in self._without}


def voice_qualities(
    model: Model,
    files: Files,
    workspace: SuffixIndex | None,
    most_bytes: int = 0,
    seed: int = 1,
    tick: Tick = lambda done, of: None,
) -> dict[str, ByteQuality]:
    """By voice, all on the same bytes: those of every line, or (`most_bytes`) of random lines with so many in all.

    `tick` is told how many bytes were measured, and of how many.
    """
    network, index, mixture = ByteQuality(), ByteQuality(), ByteQuality()
    chosen, total = _draw(files, most_bytes, seed), most_bytes or sum(len(text) for _, text in files)
    for file, (path, text) in enumerate(files):
        for number, (begin, line, logits) in enumerate(_lines_with_logits(model, path, text)):
            if chosen is not None and (file, number) not in chosen:
                continue
            targets = np.frombuffer(line, np.uint8)
            network.add(log_softmax(logits), targets)
            if model.mixer is not None:
                above = text[max(0, begin - MOST_LEFT) : begin]
                predictor = Predictor(model, model.mixer, document_index(above, b""), workspace)
                for voice, opinion in ((mixture, logits), (index, np.zeros_like(logits))):
                    voice.add(line_log_probs(predictor, model.mixer, text[:begin], line, opinion), targets)
            tick(network.count, total)
    found = {NETWORK: network, INDEX: index, MIXTURE: mixture}
    return found if model.mixer is not None else {NETWORK: network}


def line_log_probs(predictor: Predictor, mixer: Mixer, before: bytes, line: bytes, logits: Array) -> Array:
    """Before each byte of `line` [T, 256], as `predictor` gives them one by one; `logits` [T, 256] are the network's."""
    parts = []
    for begin in range(0, len(line), MOST_AT_ONCE):
        first, end = max(0, begin - MOST_RECALLED), begin + MOST_AT_ONCE
        along = predictor.along(before, line[: min(end, len(line)) - 1], logits[first:end], first)
        parts.append(along.mix(mixer)[begin - first :])
    return np.concatenate(parts)


def _lines_with_logits(model: Model, path: str, text: bytes) -> Iterator[tuple[int, bytes, Array]]:
    """Each line with its end: where it begins, its bytes, the network's logits before each byte [T, 256]."""
    logits, state = model.read(document_header(path))
    begin = 0
    for line in _lines(text):
        after, state = model.read_all(line, state)
        yield begin, line, np.concatenate([logits[None], after[:-1]])
        logits, begin = after[-1], begin + len(line)


def _draw(files: Files, most_bytes: int, seed: int) -> set[tuple[int, int]] | None:
    """Lines, as file and number, at random until they have `most_bytes`; None stands for all."""
    if not most_bytes:
        return None
    lines = [
        (file, number, len(line)) for file, (_, text) in enumerate(files) for number, line in enumerate(_lines(text))
    ]
    random.Random(seed).shuffle(lines)
    chosen, size = set(), 0
    for file, number, length in lines:
        if size >= most_bytes:
            break
        chosen.add((file, number))
        size += length
    return chosen


def _lines(text: bytes) -> list[bytes]:
    """With their ends, which are \\n alone."""
    lines = [line + b"\n" for line in text.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return [line for line in lines if line]
