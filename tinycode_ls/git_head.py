"""Notice a branch switch, a pull, a reset: git then rewrites `.git/HEAD` or `.git/index`. A look, never a poll.

`.git/info/exclude` too: what it says decides which files count.
"""

import time
from pathlib import Path

from .git import top_of
from .small_file import read_small

LOOK_EVERY_S = 2.0


class GitHead:
    """Remembers what the heads of the open folders looked like."""

    def __init__(self) -> None:
        self._seen: tuple[tuple[Path, int], ...] | None = None
        self._looked = float("-inf")

    def moved(self, roots: tuple[Path, ...]) -> bool:
        """Whether git worked on a folder since the last call; asks the disk at most every two seconds."""
        now = time.monotonic()
        if now - self._looked < LOOK_EVERY_S:
            return False
        self._looked = now
        before, self._seen = self._seen, tuple((file, _changed_at(file)) for file in _files(roots))
        return before is not None and before != self._seen


def _files(roots: tuple[Path, ...]) -> list[Path]:
    folders = map(_git_folder, roots)
    return [file for git in folders for file in (git / "HEAD", git / "index", _shared(git) / "info/exclude")]


def _shared(git: Path) -> Path:
    """Where a work tree has what it shares with the others."""
    try:
        return git / read_small(git / "commondir").decode("utf-8").strip()
    except (OSError, ValueError):
        return git


def _git_folder(root: Path) -> Path:
    """`.git` of the repository that a folder is in, or where it points: in a work tree and in a submodule it is a file of
    one line, `gitdir: PATH`."""
    top = top_of(root) or root
    git = top / ".git"
    try:
        word, _, path = read_small(git).decode("utf-8").partition(":")
    except (OSError, UnicodeDecodeError):
        return git
    return top / path.strip() if word == "gitdir" else git


def _changed_at(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except (OSError, ValueError):  # `gitdir:` may name what can be no file's path
        return 0
