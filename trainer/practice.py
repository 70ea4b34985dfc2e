"""Packages treated as small repositories: lines to retype, each with the file around it and a workspace as it was before.

This is where the mixer is fitted and the choice of suggestions is tried, never on the benchmark's repositories. An edit is
made up by taking blocks of lines out of a file: the workspace holds the file without them, what stands below the cursor is
the rest of that older file, and the lines of a block are to be written again, one after another.
"""

import random
from dataclasses import dataclass

from tinycode_ls.index.suffixes import SuffixIndex
from tinycode_ls.model.document import document_header

MOST_WORKSPACE = 1_500_000
MOST_DOCUMENT = 60_000
MEAN_BLOCK = 5
OLD_FILE_SHARE = 0.8


@dataclass(frozen=True)
class Exercise:
    """One line to write: `left` + `line` + end of line stood in the file; `right` is what was below at that time."""

    path: str
    left: bytes
    line: bytes
    right: bytes


@dataclass(frozen=True)
class Project:
    """A package: its workspace index (the practised files left out) and exercises by file [(path, text, exercises)]."""

    name: str
    workspace: SuffixIndex
    files: list[tuple[str, bytes, list[Exercise]]]


def make_project(name: str, files: dict[str, bytes], practised: list[str], blocks: int, seed: int) -> Project:
    """`files`: text by path; `practised`: those in which `blocks` blocks of lines are to be written again, each."""
    rng = random.Random(f"{seed} {name}")
    others = {path: files[path] for path in rng.sample(sorted(files), len(files)) if path not in set(practised)}
    edits = {path: Edit.of(path, files[path][:MOST_DOCUMENT], blocks, rng) for path in practised}
    # Most edits are to files that exist; the others are new.
    before = {path: edit.before for path, edit in edits.items() if rng.random() < OLD_FILE_SHARE}
    workspace = join_documents(before | others, MOST_WORKSPACE)
    return Project(
        name, SuffixIndex(workspace), [(path, edit.text, edit.exercises(rng)) for path, edit in edits.items()]
    )


def join_documents(files: dict[str, bytes], most: int) -> bytes:
    """Headers and texts one after another, up to `most` bytes."""
    parts, size = [], 0
    for path, text in files.items():
        if size + len(text) > most:
            continue
        parts.append(document_header(path) + text)
        size += len(text)
    return b"".join(parts)


@dataclass(frozen=True)
class Edit:
    """A file's lines, and the blocks [begin, end) of them that an edit added."""

    path: str
    lines: tuple[bytes, ...]
    blocks: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, path: str, text: bytes, blocks: int, rng: random.Random) -> "Edit":
        """Blocks of 1 to some 20 lines at random places, not overlapping."""
        lines = tuple(text.split(b"\n")[:-1])
        found: list[tuple[int, int]] = []
        for begin in sorted(rng.sample(range(len(lines)), min(blocks, len(lines)))):
            end = min(begin + 1 + int(rng.expovariate(1 / MEAN_BLOCK)), len(lines))
            if not found or begin >= found[-1][1]:
                found.append((begin, end))
        return cls(path, lines, tuple(found))

    @property
    def text(self) -> bytes:
        """The file with the edit."""
        return b"".join(line + b"\n" for line in self.lines)

    @property
    def before(self) -> bytes:
        """The file without the edit."""
        added = {number for begin, end in self.blocks for number in range(begin, end)}
        return b"".join(line + b"\n" for number, line in enumerate(self.lines) if number not in added)

    def exercises(self, rng: random.Random) -> list[Exercise]:
        """Up to two lines of each block; lines added above are there, lines added further down are not yet."""
        found = []
        for place, (begin, end) in enumerate(self.blocks):
            worth = [n for n in range(begin, end) if len(self.lines[n].strip()) >= 2 and len(self.lines[n]) <= 200]
            later = self.blocks[place + 1 :]
            below = [n for n in range(end, len(self.lines)) if not any(a <= n < b for a, b in later)]
            right = b"".join(self.lines[n] + b"\n" for n in below[:200])[:4000]
            for number in sorted(rng.sample(worth, min(2, len(worth)))):
                left = b"".join(line + b"\n" for line in self.lines[:number])
                found.append(Exercise(self.path, left[-20000:], self.lines[number], right))
        return found
