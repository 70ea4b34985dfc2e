"""Where text comes from: a file, a folder, a git repository or an unpacked package, and which of its files count.

Knows names only; reading and judging the content is `tinycode_ls.index.files`, choosing among them is `collect`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pathspec

from tinycode_ls.errors import CorpusError, reason_of
from tinycode_ls.index.files import MOST_FILE_BYTES, list_files

MOST_NAMED_BYTES = 1_000_000_000
"""A file that is named itself is wanted, and read whole; one that is found below a folder may be at most 1 MB."""


@dataclass(frozen=True)
class Source:
    """A tree, or one file. `include` and `exclude` are patterns as in a .gitignore; no `include` means everything.

    `most_bytes` bounds the kept text of this source, `group` names the sources that share a bound (a language).
    """

    name: str
    root: Path
    version: str = ""
    licence: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    most_bytes: int | None = None
    group: str = ""

    @property
    def folder(self) -> Path:
        """What paths in the corpus are relative to."""
        return self.root.parent if self.root.is_file() else self.root

    @property
    def most_file_bytes(self) -> int:
        """Files above this are left out."""
        return MOST_NAMED_BYTES if self.root.is_file() else MOST_FILE_BYTES

    def files(self, suffixes: Collection[str] | None = None) -> list[Path]:
        """The files asked for, in a fixed order, not yet judged."""
        if self.root.is_file():
            return [self.root]
        found = (path for path in list_files(self.root) if suffixes is None or path.suffix.lower() in suffixes)
        return [path for path in found if self.wants(path.relative_to(self.root).as_posix())]

    def wants(self, path: str) -> bool:
        """Whether a path below the root is asked for."""
        include, exclude = self._patterns
        return (include is None or include.match_file(path)) and not exclude.match_file(path)

    @cached_property
    def _patterns(self) -> tuple[pathspec.GitIgnoreSpec | None, pathspec.GitIgnoreSpec]:
        include = pathspec.GitIgnoreSpec.from_lines(self.include) if self.include else None
        return include, pathspec.GitIgnoreSpec.from_lines(self.exclude)


def source_of(path: Path) -> Source:
    """A path of the user as a source; raises CorpusError when it is absent or out of reach."""
    check_reach(path, "expected a file, a folder, a git repository or a manifest")
    return Source(path.resolve().name or str(path), path)


def check_reach(path: Path, remedy: str) -> None:
    """Raises CorpusError, which ends in `remedy`, where there is no such path, or none that the user may see."""
    try:
        path.stat()
    except OSError as error:
        reason = "not found" if isinstance(error, FileNotFoundError) else reason_of(error)
        raise CorpusError(f"{path}: {reason}; {remedy}") from error


def size_of(path: Path) -> int:
    """In bytes; 0 where there is nothing that the user may see."""
    try:
        return path.lstat().st_size
    except OSError:
        return 0
