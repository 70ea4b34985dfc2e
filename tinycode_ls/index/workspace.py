"""The open folders as one voice: read, indexed in the background, kept up to date file by file.

Thread-safe by replacement: a rebuild makes a new index beside the old one and swaps it in; readers keep what they have.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..engine.deadline import Deadline
from ..memory import give_back
from ..model.document import document_header
from .files import judge, list_files
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

    def texts(self) -> list[tuple[str, bytes]]:
        """Path and text of every indexed file, as read."""
        return [(str(path), file.text) for path, file in self._files.items()]

    def _read(self, progress: Callable[[int, str], None] | None, deadline: Deadline | None) -> None:
        """Bring `_files` up to date within the budget."""
        budget, kept, refused = self._budget, dict[Path, _File](), 0
        listed = [(root, path) for root in self._roots for path in list_files(root)]
        over = 0
        for number, (root, path) in enumerate(listed):
            if deadline is not None and deadline.expired():
                break
            if progress and number % 50 == 0:
                progress(100 * number // len(listed), f"{number} of {len(listed)} files")
            file = self._current(path, root)
            if file is None:
                refused += 1
            elif len(file.text) > budget:
                over += 1
            else:
                kept[path] = file
                budget -= len(file.text)
        self._files = kept
        complete = not over and not (deadline is not None and deadline.expired())
        self.summary = IndexSummary(len(kept), sum(len(file.text) for file in kept.values()), refused + over, complete)

    def _current(self, path: Path, root: Path) -> _File | None:
        """The file as it is now; read again only when its time or size changed. None when it does not count."""
        try:
            status = path.stat()
        except OSError:
            return None
        stamp = (status.st_mtime_ns, status.st_size)
        held = self._files.get(path)
        if held is not None and held.stamp == stamp:
            return held
        verdict = judge(path, root)
        return _File(stamp, verdict.text) if verdict.kept else None

    def _reindex(self) -> None:
        text = b"".join(document_header(path) + file.text for path, file in self._files.items())
        self.index = SuffixIndex(text) if text else None
        del text
        give_back()
