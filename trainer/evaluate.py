"""Measures a model file through the engine that serves it: bits per byte, accuracy, lines, keystrokes, latency."""

import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tinycode_ls.engine.model import Model, log_softmax
from tinycode_ls.errors import CorpusError
from tinycode_ls.index.files import judge
from tinycode_ls.model.document import document_header

from .corpus.prepare import sources_of
from .lines import line_figures

CHUNK = 8192


@dataclass(frozen=True)
class ByteQuality:
    """`bits` per byte and next-byte `accuracy` (0..1) over `count` bytes, the state reset at each file."""

    bits: float
    accuracy: float
    count: int


def byte_quality(model: Model, files: dict[str, bytes]) -> ByteQuality:
    """Read each file from its beginning, every byte counted; the header that names the file is given, not counted."""
    lost, hits, count = 0.0, 0, 0
    for path, text in files.items():
        logits, state = model.read(document_header(path))
        for begin in range(0, len(text), CHUNK):
            part = text[begin : begin + CHUNK]
            after, state = model.read_all(part, state)
            log_probs = log_softmax(np.concatenate([logits[None], after[:-1]]))
            targets = np.frombuffer(part, np.uint8)
            lost -= float(log_probs[np.arange(len(part)), targets].sum())
            hits += int((log_probs.argmax(axis=1) == targets).sum())
            count += len(part)
            logits = after[-1]
    return ByteQuality(lost / max(count, 1) / math.log(2), hits / max(count, 1), count)


@dataclass(frozen=True)
class Speed:
    """Milliseconds of one core: reading 1,000 bytes, and one step with 1 and 8 hypotheses."""

    read_1000_ms: float
    step_ms: float
    step_8_ms: float


def speed(model: Model, repeats: int = 20) -> Speed:
    """Medians of `repeats`."""

    def median_ms(batch: int) -> float:
        state, ids, times = model.initial_state(batch), np.full(batch, 97), []
        for _ in range(repeats * 5):
            began = time.perf_counter()
            _, state = model.step(ids, state)
            times.append(time.perf_counter() - began)
        return 1000 * float(np.median(times))

    text, reads = (b"for name in names:\n    print(name)\n" * 40)[:1000], []
    for _ in range(repeats):
        began = time.perf_counter()
        model.read(text)
        reads.append(time.perf_counter() - began)
    return Speed(1000 * float(np.median(reads)), median_ms(1), median_ms(8))


def read_held_out(paths: list[Path]) -> dict[str, bytes]:
    """The source files below `paths`, by the name the model sees; raises CorpusError when there are none."""
    verdicts = [(source, path, judge(path, source.folder)) for source in sources_of(paths) for path in source.files()]
    found = {
        path.relative_to(source.folder).as_posix(): verdict.text for source, path, verdict in verdicts if verdict.kept
    }
    if not found:
        reason = f" ({verdicts[0][2].path}: {verdicts[0][2].reason})" if verdicts else ""
        raise CorpusError(f"no source files to measure on{reason}; expected text files of a known language")
    return found


def evaluate_model(model: Model, files: dict[str, bytes], lines: int) -> dict[str, float]:
    """All figures by name: bytes by the network alone, lines by the whole completer, milliseconds of one core."""
    quality, costs = byte_quality(model, files), speed(model)
    figures: dict[str, float] = {
        "bits_per_byte": quality.bits,
        "next_byte_accuracy": quality.accuracy,
        "bytes": quality.count,
    }
    if lines:
        figures |= line_figures(model, files, lines)
    return figures | {"read_1000_bytes_ms": costs.read_1000_ms, "step_ms": costs.step_ms, "step_8_ms": costs.step_8_ms}
