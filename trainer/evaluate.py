"""Measures a model file through the engine that serves it: bits per byte, accuracy, lines, keystrokes, latency."""

import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tinycode_ls.engine.model import Model
from tinycode_ls.errors import CorpusError, ModelFileError
from tinycode_ls.index.files import judge
from tinycode_ls.replay.voices import NETWORK, network_alone

from .corpus.prepare import sources_of
from .corpus.store import is_corpus
from .flags import expect, expect_within
from .lines import line_figures
from .voice_quality import Files, Tick, WorkspaceWithout, voice_qualities


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


def read_held_out(paths: list[Path]) -> tuple[Files, list[Path]]:
    """The source files below `paths`: what the model sees of each, and where they are; raises CorpusError when there are
    none."""
    built = next((path for path in paths if is_corpus(path)), None)
    if built:
        raise CorpusError(f"{built}: a built corpus; expected files, folders or manifests that the model has not read")
    found = {path.resolve(): (source, path) for source in sources_of(paths) for path in source.files()}
    verdicts = [(source, path, judge(path, source.folder, source.most_file_bytes)) for source, path in found.values()]
    kept = [(source, path, verdict) for source, path, verdict in verdicts if verdict.kept]
    if not kept:
        reason = f" ({verdicts[0][2].path}: {verdicts[0][2].reason})" if verdicts else ""
        raise CorpusError(f"no source files to measure on{reason}; expected text files of a known language")
    texts = [(path.relative_to(source.folder).as_posix(), verdict.text) for source, path, verdict in kept]
    return texts, [path for _, path, _ in kept]


@dataclass(frozen=True)
class Measure:
    """What to measure. `lines`: to retype, 0 for none. `index`: a repository given as the index; None measures the
    network's bytes alone. `most_bytes`: of random lines (0: all). `budget_mb`: most text of the index. Raises SettingsError
    for a number that makes no sense."""

    lines: int = 40
    index: Path | None = None
    most_bytes: int = 0
    seed: int = 1
    budget_mb: float = 8.0

    def __post_init__(self) -> None:
        expect_within("lines", self.lines, 0)
        expect_within("bytes", self.most_bytes, 0)
        expect(0 < self.budget_mb < math.inf, "index_budget_mb", self.budget_mb, "megabytes above 0")


def evaluate_model(
    model: Model, paths: list[Path], measure: Measure, tick: Tick = lambda done, of: None
) -> dict[str, float]:
    """All figures by name: bytes by each voice, lines by the whole completer, milliseconds of one core."""
    files, places = read_held_out(paths)
    figures = byte_figures(model, files, places, measure, tick)
    if measure.lines:
        figures |= line_figures(model, files, measure.lines, measure.seed)
    costs = speed(model)
    return figures | {"read_1000_bytes_ms": costs.read_1000_ms, "step_ms": costs.step_ms, "step_8_ms": costs.step_8_ms}


def byte_figures(model: Model, files: Files, places: list[Path], measure: Measure, tick: Tick) -> dict[str, float]:
    """Bits per byte and next-byte accuracy; `index_` and `mixture_` where there is an index and a mixer."""
    workspace = None
    if measure.index is not None:
        if model.mixer is None:
            raise ModelFileError(
                "the model has no mixer, so nothing joins it with an index; give it one with `tinycode-train mix`, or leave "
                "--index out"
            )
        if not measure.index.is_dir():
            raise CorpusError(f"{measure.index}: no folder; expected a repository or a folder of source")
        workspace = WorkspaceWithout(measure.index, places, measure.budget_mb)
        workspace.build()
        if workspace.index is None:
            raise CorpusError(f"{measure.index}: no source files to index; expected a repository or a folder of source")
    found = voice_qualities(
        model if workspace else network_alone(model),
        files,
        workspace.index if workspace else None,
        measure.most_bytes,
        measure.seed,
        tick,
    )
    figures: dict[str, float] = {}
    for voice, quality in found.items():
        prefix = "" if voice == NETWORK else f"{voice}_"
        figures |= {f"{prefix}bits_per_byte": quality.bits, f"{prefix}next_byte_accuracy": quality.accuracy}
    sizes = {"bytes": found[NETWORK].count}
    if workspace:
        sizes |= {"index_files": workspace.summary.files, "index_bytes": workspace.summary.bytes}
    return figures | sizes
