"""Which of the open folders holds a file; of nested ones, the innermost."""

from collections.abc import Iterable
from pathlib import Path


def innermost(path: Path, roots: Iterable[Path]) -> Path | None:
    """None where no folder holds it."""
    holding = (root for root in roots if path.is_relative_to(root))
    return max(holding, key=lambda root: len(root.parts), default=None)


def name_within(path: Path, roots: Iterable[Path]) -> str:
    """Relative to the folder that holds it; the whole path where none does."""
    folder = innermost(path, roots)
    return (path.relative_to(folder) if folder else path).as_posix()
