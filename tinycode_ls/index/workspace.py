"""The open folders as one voice: read, indexed in the background, kept up to date file by file.

Thread-safe by replacement: a rebuild makes a new index beside the old one and swaps it in; readers keep what they have.
What is on disk counts, except where an open document has other text: then that counts, saved or not.
"""

import os
import stat
import threading
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..deadline import Deadline
from ..folders import innermost
from ..memory import give_back
from ..model.document import document_header
from ..text import plain
from .files import MOST_FILE_BYTES, Verdict, judge, judge_content, list_in_time, would_list
from .left_out import LeftOut
from .names import VENDORED, judge_name, may_be_script
from .order import nearest_first
from .suffixes import SuffixIndex

Progress = Callable[[int, str], None]
Documents = Mapping[Path, str | None]

LEAST_BYTES = 64
"""With less of the budget left than this, nothing more is looked at."""
IGNORE_FILES = {".gitignore", ".tinycodeignore", ".gitmodules"}


@dataclass(frozen=True)
class IndexSummary:
    """What is indexed. `complete` is False while building, when files did not fit the budget, or git was too slow."""

    files: int = 0
    bytes: int = 0
    refused: int = 0
    complete: bool = False


@dataclass(frozen=True)
class Stamp:
    """`version` differs whenever a file was written or put in another's place (its times and number, for a file on disk)."""

    version: Hashable
    size: int


NEVER_SAVED = Stamp(None, 0)


@dataclass(frozen=True)
class _File:
    """A file as it was read; `unsaved`: the text is an open document's, not the file's."""

    stamp: Stamp
    text: bytes
    unsaved: bool = False


class Workspace:
    """The count model of some folders. `budget_mb` bounds the text; text and index cost six times that in memory."""

    def __init__(self, roots: list[Path], budget_mb: float = 8) -> None:
        self._roots, self._budget = roots, int(budget_mb * 1_000_000)
        self._files: dict[Path, _File] = {}
        self._listed: dict[Path, Path] = {}
        self._folders: set[Path] = set()  # with a listed file somewhere below
        self._strangers: dict[Path, tuple[bool, bool]] = {}  # files not listed: ignored by git; see `_there`
        self._never_saved: dict[Path, bool] = {}  # open documents that are on no disk: whether they would be listed
        self._documents: dict[Path, bytes | None] = {}
        self._left_out = LeftOut()
        self._built = self._late = False  # late: git did not list a folder in time
        self._lock = threading.Lock()
        self.index: SuffixIndex | None = None
        self.summary = IndexSummary()

    def build(self, progress: Progress | None = None, deadline: Deadline | None = None) -> None:
        """Read everything and index it (about 0.1 s a megabyte); `progress(percent, message)` is told.

        Stopped by its deadline, it says nothing; the next `refresh` that is told of a file reads everything.
        """
        with self._lock:
            self._files, self.summary = {}, IndexSummary()
            if self._read(progress, deadline):
                self._reindex()

    def refresh(self, paths: Iterable[Path] | None = None, documents: Documents | None = None) -> None:
        """Look again at the files in `paths` (None: at all); nothing that kept its time and size is read again.

        `documents`: the open documents, the one worked on last at the end, each with its text, which counts instead of
        the file's, or None where the file counts (the document that is being written is a voice of its own). What does
        not fit the budget is far from all of them. Without `documents`, they are as before.
        """
        with self._lock:
            before = self._files
            touched = self._follow(documents)
            if paths is not None and not self._built:
                return  # `build` is still to come
            saved = None if paths is None else {path for path in paths if self._matters(path)}
            if saved is None or any(path.name in IGNORE_FILES for path in saved):
                self._strangers.clear()  # they may be ignored no longer
                self._never_saved.clear()
            touched |= saved or set()
            if saved is None or not all(map(self._known, touched)) or (touched and not self.summary.complete):
                there = {path: self._there(path) for path in touched if not _is_folder(path)}  # later ones are new
                self._read()
                self._strangers |= {
                    path: was for path, was in there.items() if not (self._late or self._expected(path))
                }
            elif touched:
                self._update(touched)
            if _texts(self._files) != _texts(before):
                self._reindex()

    def texts(self) -> list[tuple[str, bytes]]:
        """Path and text of every indexed file, as read."""
        return [(str(path), file.text) for path, file in self._files.items()]

    def _follow(self, documents: Documents | None) -> set[Path]:
        """Take the open documents; -> those below a root that came, changed or went, and that can count."""
        if documents is None:
            return set()
        before = self._documents
        self._documents = {
            path: None if text is None or _is_link(path) else _as_read(text)  # links are left out, open ones too
            for path, text in documents.items()
            if self._root_of(path)
        }
        unheard = object()
        changed = {
            path
            for path in before.keys() | self._documents.keys()
            if before.get(path, unheard) != self._documents.get(path, unheard)
        }
        if not self.summary.complete:
            return changed  # each of them says what is near
        return {path for path in changed if path in self._listed or self._documents.get(path) or os.path.lexists(path)}

    def _matters(self, path: Path) -> bool:
        """Whether a file or folder that was written, made or deleted can change what is indexed.

        Most of what is told does not: a build writes thousands of files that are ignored, and a look at all takes a while.
        """
        root = self._root_of(path)
        if root is None:
            return False
        if self._expected(path):
            return True
        parts = path.relative_to(root).parts  # none: an open folder itself, which may lie in another one and be gone
        if any(part in VENDORED for part in (parts if _is_folder(path) else parts[:-1])):
            return False
        if path.name in IGNORE_FILES or _holds_something(path):
            return True
        return _may_count(path, root) and os.path.lexists(path) and not self._known(path)

    def _expected(self, path: Path) -> bool:
        """Whether it was there at the last look at all, as a file that is listed or a folder of one."""
        return path in self._listed or path in self._folders

    def _known(self, path: Path) -> bool:
        """Whether a look at all would tell nothing new of it."""
        if self._expected(path):
            return path in self._listed
        return self._strangers.get(path) == self._there(path)

    def _there(self, path: Path) -> tuple[bool, bool]:
        """Whether it is on disk, and, where it is not, whether an open document has its text: of a file that is there and not
        listed, no text counts."""
        there = os.path.lexists(path)
        return there, not there and self._documents.get(path) is not None

    def _root_of(self, path: Path) -> Path | None:
        """The folder that was opened and has it; None also for what can be no file's path."""
        return None if "\0" in str(path) else innermost(path, self._roots)

    def _read(self, progress: Progress | None = None, deadline: Deadline | None = None) -> bool:
        """Bring `_files` up to date within the budget; False when it was stopped before."""
        budget, kept, over = self._budget, dict[Path, _File](), 0
        left_out: dict[Path, str] = {}
        self._listed, self._built = self._list(), True
        self._folders = _folders_of(self._listed)
        written_in = {path for path in self._never_saved if self._documents.get(path) is None}
        order = self._in_order(self._listed.keys() - written_in)
        for number, path in enumerate(order):
            if deadline is not None and deadline.expired():
                return False
            if budget < LEAST_BYTES:
                over += len(order) - number
                break
            if progress and number % 50 == 0:
                progress(100 * number // len(order), f"{number} of {len(order)} files")
            found = self._current(path, budget)
            if found is None:
                over += 1
            elif isinstance(found, str):
                left_out[path] = found
            else:
                kept[path] = found
                budget -= _cost(path, found.text)
        self._files = {path: kept[path] for path in sorted(kept)}
        self._summarise(over, len(left_out))
        self._left_out.tell(left_out, over, self._budget)
        return True

    def _update(self, paths: set[Path]) -> None:
        """As `_read`, for a few files that are listed already; too little budget makes it a `_read`."""
        files = dict(self._files)
        budget = self._budget - sum(_cost(path, file.text) for path, file in files.items() if path not in paths)
        for path in sorted(paths & self._listed.keys()):
            files.pop(path, None)
            found = self._current(path, budget)
            if found is None:
                self._read()
                return
            if isinstance(found, _File):
                files[path] = found
                budget -= _cost(path, found.text)
        self._files = {path: files[path] for path in sorted(files)}
        self._summarise(0, self.summary.refused)

    def _summarise(self, over: int, refused: int) -> None:
        size = sum(len(file.text) for file in self._files.values())
        self.summary = IndexSummary(len(self._files), size, refused + over, not (over or self._late))

    def _in_order(self, paths: Iterable[Path]) -> list[Path]:
        return nearest_first(paths, list(self._documents), self._roots)

    def _list(self) -> dict[Path, Path]:
        """Every file whose name does not refuse it -> the folder it was found for; of a folder that git does not list in time,
        what counted before: that is not ignored."""
        listed, self._late = dict[Path, Path](), False
        for folder in self._roots:
            found = list_in_time(folder, self._left_out.tell_once)
            if found is None:
                self._late = True
                found = [path for path in self._listed if path not in self._never_saved]
            listed |= {path: folder for path in found if self._root_of(path) == folder}
        asked, self._never_saved = self._never_saved, {}
        for path in self._documents:
            root = self._root_of(path)
            if root is not None and path not in listed and not os.path.lexists(path):
                wanted = self._never_saved[path] = asked[path] if path in asked else would_list(path, root)
                listed |= {path: root} if wanted else {}
        return {path: root for path, root in listed.items() if _may_count(path, root)}

    def _current(self, path: Path, budget: int) -> _File | str | None:
        """The file as it is now; a reason when it does not count, None when it does not fit."""
        stamp, document = self._stamp(path), self._documents.get(path)
        if document is None and stamp is None:
            return "gone"
        size = stamp.size if stamp and document is None else len(document or b"")
        if budget < size <= MOST_FILE_BYTES:
            return None
        verdict = self._verdict(path, stamp) if stamp else Verdict(path, "gone")
        unsaved = document is not None and verdict.text != document
        if unsaved and document is not None:
            verdict = judge_content(path, document) if size <= MOST_FILE_BYTES else Verdict(path, "too large")
        return _File(stamp or NEVER_SAVED, verdict.text, unsaved) if verdict.kept else verdict.reason

    def _verdict(self, path: Path, stamp: Stamp) -> Verdict:
        """Read only when it was written since. The stamp was taken first: a file that changes while it is read is read
        again the next time."""
        held = self._files.get(path)
        if held is not None and held.stamp == stamp and not held.unsaved:
            return Verdict(path, text=held.text)
        return self._look(path)

    def _stamp(self, path: Path) -> Stamp | None:
        """None when it is not there."""
        try:
            status = path.lstat()
        except OSError:
            return None
        return Stamp((status.st_mtime_ns, status.st_ctime_ns, status.st_ino), status.st_size)

    def _look(self, path: Path) -> Verdict:
        return judge(path, self._listed[path])

    def _reindex(self) -> None:
        text = b"".join(document_header(path) + file.text for path, file in self._files.items())
        self.index = SuffixIndex(text) if text else None
        del text
        give_back()


def _texts(files: Mapping[Path, _File]) -> dict[Path, bytes]:
    return {path: file.text for path, file in files.items()}


def _cost(path: Path, text: bytes) -> int:
    return len(document_header(path)) + len(text)


def _as_read(text: str) -> bytes:
    """A document's text as its file would be read, had it been saved."""
    return plain(text).encode("utf-8", "replace")


def _folders_of(paths: Iterable[Path]) -> set[Path]:
    """Every folder above them."""
    found = set[Path]()
    for path in paths:
        folder = path.parent
        while folder not in found:
            found.add(folder)
            folder = folder.parent
    return found


def _may_count(path: Path, root: Path) -> bool:
    """By its name. What has no suffix may be a script if it may be run: else each file of a store of thousands would be
    opened, and kept in mind."""
    return not judge_name(path, root) and (not may_be_script(path) or _may_be_run(path))


def _may_be_run(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(mode) and os.access(path, os.X_OK)


def _is_link(path: Path) -> bool:
    """False, where `Path.is_symlink` raises, for a name that is too long or lies behind a locked folder."""
    return os.path.islink(path)  # noqa: PTH114


def _is_folder(path: Path) -> bool:
    """False where `Path.is_dir` raises."""
    return os.path.isdir(path)  # noqa: PTH112


def _holds_something(path: Path) -> bool:
    """A folder that is not empty."""
    try:
        with os.scandir(path) as entries:
            return any(entries)
    except OSError:
        return False
