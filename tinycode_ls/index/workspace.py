"""The open folders as one voice: read, indexed in the background, kept up to date file by file.

Thread-safe by replacement: a rebuild makes a new index beside the old one and swaps it in; readers keep what they have.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..engine.deadline import Deadline
from ..model.document import document_header
from .suffixes import SuffixIndex


@dataclass(frozen=True)
class IndexSummary:
    """What is indexed. `complete` is False while building, or when files did not fit the budget."""

    files: int = 0
    bytes: int = 0
    refused: int = 0
    complete: bool = False


@dataclass(frozen=True)
class _File:
    """A file as it was read; `stamp` (mtime, size) tells whether it changed."""

    stamp: tuple[int, int]
    text: bytes


class Workspace:
    """The count model of some folders. `budget_mb` bounds the text; the index costs six times that in memory."""

    def __init__(self, roots: list[Path], budget_mb: float = 8) -> None:
        self._roots, self._budget = roots, int(budget_mb * 1_000_000)
        self._files: dict[Path, _File] = {}
        self._lock = threading.Lock()
        self.index: SuffixIndex | None = None
        self.summary = IndexSummary()

    def build(self, progress: Callable[[int, str], None] | None = None, deadline: Deadline | None = None) -> None:
        """Read everything and index it (about 0.15 s a megabyte); `progress(percent, message)` is told."""
        with self._lock:
            self._files = {}
            self._read(progress, deadline)
            self._reindex()

    def refresh(self, paths: list[Path] | None = None) -> None:
        """Look again at what changed on disk; nothing that kept its time and size is read again."""
        with self._lock:
            before = self._files
            self._read(None, None)
            if self._files != before:
                self._reindex()
