"""Text that no corpus may contain (what models are measured on), as a set of windows.

Reads JSON lines (`text`, or `prefix`, `expected` and `suffix`), also gzipped, and source files and folders of these.
"""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from tinycode_ls.errors import CorpusError, reason_of
from tinycode_ls.index.files import judge, list_files, normalise

from .duplicates import WindowSet

_LINES = (".jsonl", ".jsonl.gz")


def held_out_windows(paths: Iterable[str | Path]) -> WindowSet | None:
    """Every window of the held-out texts; None when no path is given. Raises CorpusError for a path without text."""
    files = [file for path in paths for file in _files(Path(path))]
    if not files:
        return None
    windows = WindowSet(16 * sum(file.stat().st_size for file in files))
    for file in files:
        for text in _texts(file):
            windows.add(windows.hashes(text))
    return windows


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    found = list_files(path) if path.is_dir() else []
    found = [file for file in found if file.name.endswith(_LINES) or judge(file, path).kept]
    if not found:
        raise CorpusError(f"{path}: no held-out text; expected .jsonl, .jsonl.gz or source files, or a folder of these")
    return found


def _texts(file: Path) -> Iterator[bytes]:
    if not file.name.endswith(_LINES):
        yield normalise(file.read_bytes())
        return
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as lines:
            for line in lines:
                record = json.loads(line)
                parts = [record.get(key) or "" for key in ("prefix", "expected", "suffix")]
                yield normalise((record.get("text") or "".join(parts)).encode("utf-8", "replace"))
    except (OSError, ValueError, AttributeError, TypeError, EOFError, RecursionError, zlib.error) as error:
        raise CorpusError(f"{file}: not held-out text ({reason_of(error)}); expected JSON lines with `text`") from error
