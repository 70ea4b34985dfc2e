"""Which files go into the index first when not all of them fit: the language that is written, near the open documents.

Prose and data come after code. Knows names only: nothing here is opened, and nothing is known of budgets.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from .names import language_of

PROSE_AND_DATA = frozenset({"markdown", "text", "toml", "yaml", "json", "ini", "css", "html", "sql", "tex", "xml"})
SAME_LANGUAGE, OTHER_CODE, NO_CODE = range(3)


def nearest_first(paths: Iterable[Path], focus: Sequence[Path], roots: Sequence[Path]) -> list[Path]:
    """All `paths`, in the order in which they should find a place.

    `focus`: the documents that are worked on. Without one, the code language with the most files counts, from the top.
    """
    found = sorted(paths)
    languages = {language_of(path) for path in focus} - {None}
    if not languages:
        known = Counter(language_of(path) for path in found)
        code = [(number, language) for language, number in known.items() if language and language not in PROSE_AND_DATA]
        languages = {max(code)[1]} if code else set()
    near = _Distance([path.parent for path in focus] or list(roots))

    def place(path: Path) -> tuple[int, int]:
        language = language_of(path)
        if language in languages:
            kind = SAME_LANGUAGE
        else:
            kind = NO_CODE if language is None or language in PROSE_AND_DATA else OTHER_CODE
        return kind, near(path.parent)

    return sorted(found, key=place)  # stable: equal places by name


class _Distance:
    """Steps up and down from a folder to the nearest of some others; one calculation for each folder."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = [folder.parts for folder in folders]
        self._known: dict[Path, int] = {}

    def __call__(self, folder: Path) -> int:
        if folder not in self._known:
            self._known[folder] = min((_steps(folder.parts, other) for other in self._folders), default=0)
        return self._known[folder]


def _steps(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    shared = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return len(a) + len(b) - 2 * shared
