"""Packages treated as small repositories: lines to retype, each with the file around it and the other files as workspace.

This is where the mixer is fitted and the choice of suggestions is tried, never on the benchmark's repositories. What
stands below the cursor is the rest of the file less a few lines, since lines that the same edit adds are not there yet.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tinycode_ls.index.suffixes import SuffixIndex
from tinycode_ls.model.document import document_header

MOST_WORKSPACE = 1_500_000
MOST_DOCUMENT = 60_000


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


def make_project(name: str, files: dict[str, bytes], practised: list[str], lines: int, seed: int) -> Project:
    """`files`: text by path; `practised`: those to take `lines` exercises from, each."""
    rng = random.Random(f"{seed} {name}")
    others = [path for path in files if path not in set(practised)]
    rng.shuffle(others)
    return Project(
        name,
        SuffixIndex(join_documents({path: files[path] for path in others}, MOST_WORKSPACE)),
        [(path, files[path], list(exercises(path, files[path][:MOST_DOCUMENT], lines, rng))) for path in practised],
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


def exercises(path: str, text: bytes, count: int, rng: random.Random) -> Iterator[Exercise]:
    """Random non-empty lines of a file."""
    lines = text.split(b"\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    numbers = [number for number, line in enumerate(lines[:-1]) if 2 <= len(line.strip()) and len(line) <= 200]
    for number in sorted(rng.sample(numbers, min(count, len(numbers)))):
        skipped = min(int(rng.expovariate(1 / 6)), 40) if rng.random() < 0.85 else len(lines)
        below = starts[min(number + 1 + skipped, len(lines) - 1)]
        right = text[below : below + 4000] if below < len(text) else b""
        yield Exercise(path, text[: starts[number]][-20000:], lines[number], right)
