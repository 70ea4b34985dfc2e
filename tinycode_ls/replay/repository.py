"""A folder in a git repository, read object by object. The work tree is never looked at, let alone touched.

Runs no program that the repository names (fsmonitor, external diff, text conversion) and fetches nothing: in a partial
clone, an object that is not here is not here. Knows nothing of completion.
"""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import HistoryError, reason_of
from ..git import name_of, run_git, start_git

_PLAIN_DIFF = ("--no-color", "--no-ext-diff", "--no-textconv", "--diff-algorithm=myers", "--inter-hunk-context=0")
_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
REGULAR = ("100644", "100755")
"""Modes of files; a link is 120000, a submodule 160000."""


@dataclass(frozen=True)
class Blob:
    """A file's content by its id; `size` in bytes."""

    id: str
    size: int


@dataclass(frozen=True)
class Change:
    """A file that a commit added or changed; `before` is the blob it was made from, in the same or another place."""

    path: str
    before: str | None
    after: str


@dataclass(frozen=True)
class Hunk:
    """Lines `begin`..`end` (counted from 0, `end` not included) were added; `below` is the old line that follows them."""

    begin: int
    end: int
    below: int


class Repository:
    """Guards one `git cat-file` process; use it in a `with` statement."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        if not folder.is_dir():
            raise HistoryError(f"{folder}: no such folder; expected one in a git repository")
        self._run("rev-parse", "--git-dir")
        self._blobs = start_git(self.folder, "cat-file", "--batch")

    def __enter__(self) -> "Repository":
        return self

    def __exit__(self, *_: object) -> None:
        self._blobs.kill()
        self._blobs.communicate()

    def commits(self, count: int) -> list[str]:
        """Ids of the last `count` commits that have one parent here, newest first; raises HistoryError without any."""
        if self._attempt("rev-parse", "--verify", "--quiet", "HEAD^{commit}").returncode:
            raise HistoryError(f"{self.folder}: no commits yet; replay retypes what earlier commits added")
        listed = self._run("rev-list", "--parents", "--no-merges", f"--max-count={count + 1}", "HEAD").decode()
        found = [line.split()[0] for line in listed.splitlines() if " " in line][:count]
        if not found:
            remedy = "`git fetch --unshallow` brings the history" if self.is_shallow else "commit some work first"
            raise HistoryError(f"{self.folder}: no commit whose parent is here; {remedy}")
        return found

    @property
    def is_shallow(self) -> bool:
        """Whether older commits were left out when it was cloned."""
        return self._run("rev-parse", "--is-shallow-repository").strip() == b"true"

    def merges_since(self, commit: str) -> int:
        """How many merges are newer than a commit."""
        return int(self._run("rev-list", "--count", "--merges", f"{commit}..HEAD"))

    def files(self, commit: str) -> dict[str, Blob]:
        """The regular files of a commit below the folder, by their path from there."""
        listed = self._run("ls-tree", "-r", "-z", "--long", commit).split(b"\0")
        found = {}
        for entry in filter(None, listed):
            facts, _, name = entry.partition(b"\t")
            mode, _, blob, size = facts.decode().split()
            if mode in REGULAR and size.isdigit():
                found[name_of(name)] = Blob(blob, int(size))
        return found

    def changes(self, commit: str) -> Iterator[Change]:
        """The regular files that a commit added, changed, moved or copied, below the folder."""
        words = ("diff-tree", "-r", "-z", "-M", "-C", "--raw", "--no-abbrev", "--relative", "--diff-filter=AMRC")
        fields = iter(self._run(*words, f"{commit}^", commit).split(b"\0"))
        for facts in filter(None, fields):
            old_mode, new_mode, old, new, status = facts.decode().lstrip(":").split()
            paths = [next(fields) for _ in range(2 if status[0] in "RC" else 1)]
            if new_mode in REGULAR and old_mode in (*REGULAR, "000000"):
                yield Change(name_of(paths[-1]), None if status == "A" else old, new)

    def hunks(self, change: Change, lines: int) -> list[Hunk]:
        """Where a change added lines, in order; `lines` is how many the file has now. None where a blob is not here."""
        if change.before is None:
            return [Hunk(0, lines, 0)]
        done = self._attempt("diff", *_PLAIN_DIFF, "--text", "-U0", change.before, change.after)
        hunks = []
        for old_at, old_count, new_at, new_count in _HUNK.findall(done.stdout):
            removed, added = int(old_count or 1), int(new_count or 1)
            # Without removed lines, git names the line before; with some, the first of them.
            below = int(old_at) + removed - 1 if removed else int(old_at)
            if added:
                hunks.append(Hunk(int(new_at) - 1, int(new_at) - 1 + added, below))
        return hunks

    def read(self, blob: str) -> bytes | None:
        """A blob's content; None when it is not in this clone."""
        wire_in, wire_out = self._blobs.stdin, self._blobs.stdout
        assert wire_in is not None and wire_out is not None
        wire_in.write(blob.encode() + b"\n")
        wire_in.flush()
        answer = wire_out.readline().split()
        if len(answer) != 3 or answer[1] != b"blob":
            return None
        content = wire_out.read(int(answer[2]))
        wire_out.read(1)
        return content

    def _run(self, *words: str) -> bytes:
        done = self._attempt(*words)
        if done.returncode:
            reason = name_of(done.stderr).strip().partition("\n")[0].removeprefix("fatal: ")
            raise HistoryError(f"{self.folder}: {reason or 'git failed'}; expected a folder in a git repository")
        return done.stdout

    def _attempt(self, *words: str) -> "subprocess.CompletedProcess[bytes]":
        try:
            return run_git(self.folder, *words)
        except OSError as error:
            raise HistoryError(f"git cannot be run ({reason_of(error)}); install git") from error
