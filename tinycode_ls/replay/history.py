"""Which lines the last commits added, and what stood around each when it was written.

Above a line is the file as of its commit, up to there. Below it is what stood there in the commit's parent: lines that the
same commit adds further down are not there yet, lines that it removes here are gone. The future is never read.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..errors import HistoryError
from ..index.files import BYTE_ORDER_MARK, MOST_FILE_BYTES, judge_content
from ..index.names import judge_name
from ..text import plain
from .repository import Change, Repository

LEAST_LINE = 5
MOST_LINE = 200
"""Characters of a line worth retyping, blanks around it not counted: a lone bracket is no typing, a long line is data."""
MOST_FILES = 100
"""Changed files read of one commit; a commit with more is a move or an import, and sampled."""
LEAST_SHARE, SHARE_OF_LINES = 5, 10
"""One commit gives at most a tenth of the lines, or five, as long as the others have enough."""


@dataclass(frozen=True)
class Added:
    """Line `number` (from 0) of a file that a commit changed; `below` is the line of the old file that follows it."""

    commit: str
    change: Change
    number: int
    below: int


@dataclass(frozen=True)
class Line:
    """`text` is to be written between `left`, which ends with a line end, and `right`, which begins with one."""

    commit: str
    path: str
    number: int
    left: str
    text: str
    right: str


def added_lines(repository: Repository, commits: Sequence[str], tick: Callable[[], None]) -> dict[str, list[Added]]:
    """Every line worth retyping, by commit; `tick` is called after each commit."""
    found = {}
    for commit in commits:
        found[commit] = list(_lines_of(repository, commit))
        tick()
    return found


def draw(found: dict[str, list[Added]], count: int, seed: int) -> list[Added]:
    """`count` of them at random, the same for the same seed; raises HistoryError when there are none."""
    rng = random.Random(seed)
    share = max(LEAST_SHARE, count // SHARE_OF_LINES)
    shuffled = {commit: rng.sample(lines, len(lines)) for commit, lines in found.items()}
    pool = [line for lines in shuffled.values() for line in lines[:share]]
    rest = [line for lines in shuffled.values() for line in lines[share:]]
    chosen = rng.sample(pool, min(count, len(pool)))
    chosen += rng.sample(rest, min(count - len(chosen), len(rest)))
    if not chosen:
        raise HistoryError(
            f"the last {len(found)} commits added no line of source code; --commits N looks further back"
        )
    age = {commit: -place for place, commit in enumerate(found)}
    return sorted(chosen, key=lambda line: (age[line.commit], line.change.path, line.number))


class Situations:
    """Makes lines with what stood around them; keeps the texts of the file at hand."""

    def __init__(self, repository: Repository) -> None:
        self._text = lru_cache(maxsize=4)(lambda blob: _lines(repository.read(blob) or b""))

    def of(self, added: Added) -> Line:
        """The line between the text above and the text below, as they were."""
        change = added.change
        now = self._text(change.after)
        old = self._text(change.before) if change.before else []
        left = "".join(f"{line}\n" for line in now[: added.number])
        right = "".join(f"\n{line}" for line in old[added.below :])
        return Line(added.commit, change.path, added.number, plain(left), now[added.number], plain(right))


def _lines_of(repository: Repository, commit: str) -> list[Added]:
    """The lines of one commit."""
    changes = [change for change in repository.changes(commit) if not judge_name(Path(change.path), Path())]
    if len(changes) > MOST_FILES:
        changes = random.Random(commit).sample(changes, MOST_FILES)
    found = []
    for change in sorted(changes, key=lambda change: change.path):
        content = repository.read(change.after)
        if content is None or len(content) > MOST_FILE_BYTES or not judge_content(Path(change.path), content).kept:
            continue
        lines = _lines(content)
        for hunk in repository.hunks(change, len(lines)):
            found += [
                Added(commit, change, number, hunk.below)
                for number in range(hunk.begin, min(hunk.end, len(lines)))
                if _is_worth_it(lines[number])
            ]
    return found


def _is_worth_it(line: str) -> bool:
    return len(line.strip()) >= LEAST_LINE and len(line) <= MOST_LINE and "\r" not in line


def _lines(content: bytes) -> list[str]:
    """A file's lines as git counts them, without their ends; a lone CR ends none. The last one is often empty."""
    return content.removeprefix(BYTE_ORDER_MARK).replace(b"\r\n", b"\n").decode("utf-8", "replace").split("\n")
