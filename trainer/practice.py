"""Packages treated as small repositories: lines to retype, each with the file around it and a workspace as it was before.

This is where the mixer is fitted and the choice of suggestions is tried, never on the benchmark's repositories. An edit is
made up by taking blocks of lines out of a file: the workspace holds the file without them, what stands below the cursor is
the rest of that older file, and the lines of a block are to be written again, one after another; or a file is new, and
written from its top. Where an older release of the package is at hand, edits need not be made up: the lines that the newer
one added are what people wrote next. Blank lines and lone brackets are lines, too: a mixer that never met them gives them
next to nothing.
"""

import difflib
import itertools
import random
from collections.abc import Iterable
from dataclasses import dataclass

from tinycode_ls.index.suffixes import SuffixIndex
from tinycode_ls.model.document import document_header

MOST_WORKSPACE = 1_500_000
MOST_DOCUMENT = 60_000
MEAN_BLOCK = 5
NEW_FILE_SHARE = 0.35
MOST_BELOW = 200
MOST_LINE = 400


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
    before: dict[str, bytes] = {}
    exercises: list[tuple[str, bytes, list[Exercise]]] = []
    for path in practised:
        text = files[path][:MOST_DOCUMENT]
        if rng.random() < NEW_FILE_SHARE:
            edit = Edit.between(path, b"", text)
            exercises.append((path, edit.text, edit.sample(2 * blocks, rng)))
        else:
            edit = Edit.of(path, text, blocks, rng)
            before[path] = edit.before
            exercises.append((path, edit.text, edit.exercises(rng)))
    return Project(name, SuffixIndex(join_documents(before | others, MOST_WORKSPACE)), exercises)


MOST_CHANGED = 0.5
"""A file, or a package, of which more than this share changed was not edited but written anew."""


def make_release(
    name: str, before: dict[str, bytes], after: dict[str, bytes], files: int, lines: int, seed: int
) -> Project | None:
    """From two releases of a package: up to `files` files with `lines` of the lines that the later one added, each.

    None where there is nothing to write, or where the releases have little in common.
    """
    rng = random.Random(f"{seed} {name}")
    if sum(path in before for path in after) < MOST_CHANGED * len(after):
        return None
    changed = [path for path in sorted(after) if after[path] != before.get(path) and len(after[path]) <= MOST_DOCUMENT]
    rng.shuffle(changed)
    new = [path for path in changed if path not in before][: round(files * NEW_FILE_SHARE)]
    edited = [path for path in changed if 0 < len(before.get(path, b"")) <= MOST_DOCUMENT][: files - len(new)]
    others = {path: before[path] for path in rng.sample(sorted(before), len(before))}
    workspace = join_documents({path: before[path] for path in edited} | others, MOST_WORKSPACE)
    practised = []
    for path in edited + new:
        edit = Edit.between(path, before.get(path, b""), after[path])
        if path in new or edit.share <= MOST_CHANGED:
            practised.append((path, edit.text, edit.sample(lines, rng)))
    practised = [entry for entry in practised if entry[2]]
    return Project(name, SuffixIndex(workspace), practised) if practised else None


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
    """A file's lines, and the blocks [begin, end) of them that an edit added. `below`: what stood below each of them in
    the older file, as far as a suggestion looks."""

    path: str
    lines: tuple[bytes, ...]
    blocks: tuple[tuple[int, int], ...]
    below: tuple[bytes, ...]

    @classmethod
    def of(cls, path: str, text: bytes, blocks: int, rng: random.Random) -> "Edit":
        """Blocks of 1 to some 20 lines at random places, not overlapping."""
        lines = tuple(text.split(b"\n")[:-1])
        found: list[tuple[int, int]] = []
        for begin in sorted(rng.sample(range(len(lines)), min(blocks, len(lines)))):
            end = min(begin + 1 + int(rng.expovariate(1 / MEAN_BLOCK)), len(lines))
            if not found or begin >= found[-1][1]:
                found.append((begin, end))
        below = []
        for place, (_, end) in enumerate(found):
            later = found[place + 1 :]
            kept = (n for n in range(end, len(lines)) if not any(a <= n < b for a, b in later))
            below.append(_joined(lines[n] for n in itertools.islice(kept, MOST_BELOW)))
        return cls(path, lines, tuple(found), tuple(below))

    @classmethod
    def between(cls, path: str, before: bytes, after: bytes) -> "Edit":
        """What `after` has and `before` had not."""
        old, new = _lines(before), _lines(after)
        matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
        added = [(b, c, d) for kind, _, b, c, d in matcher.get_opcodes() if kind in ("insert", "replace")]
        below = tuple(_joined(old[end : end + MOST_BELOW]) for end, _, _ in added)
        return cls(path, tuple(new), tuple((c, d) for _, c, d in added), below)

    @property
    def share(self) -> float:
        """Of the lines, that were added: 0..1."""
        return sum(end - begin for begin, end in self.blocks) / max(len(self.lines), 1)

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
        for place, block in enumerate(self.blocks):
            worth = [number for number in range(*block) if self._short_enough(number)]
            found += [self._exercise(place, number) for number in sorted(rng.sample(worth, min(2, len(worth))))]
        return found

    def sample(self, most: int, rng: random.Random) -> list[Exercise]:
        """Up to `most` lines of all blocks."""
        worth = [(place, n) for place, block in enumerate(self.blocks) for n in range(*block) if self._short_enough(n)]
        return [self._exercise(place, n) for place, n in sorted(rng.sample(worth, min(most, len(worth))))]

    def _short_enough(self, number: int) -> bool:
        return len(self.lines[number]) <= MOST_LINE

    def _exercise(self, place: int, number: int) -> Exercise:
        left = _joined(self.lines[:number])
        return Exercise(self.path, left[-20000:], self.lines[number], self.below[place])


def _lines(text: bytes) -> list[bytes]:
    """Without their ends; the last has one or not."""
    return text.removesuffix(b"\n").split(b"\n") if text else []


def _joined(lines: Iterable[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)
