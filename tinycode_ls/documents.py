"""The open documents: our own copy of each, kept as lines, with its version.

Knows positions and changes by `text.py`, not LSP types and not what a completion is. Used from one thread.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from urllib.parse import SplitResult, unquote, urlsplit

from .text import Position, Span, clean, locate, plain, replace, split_lines, units


def file_of(uri: str) -> Path | None:
    """The file behind a `file:` URI; None for an unsaved buffer, a notebook's cell, another machine's file (but where a path
    can name the machine), a name that no file can have."""
    parts = _parts(uri)
    if parts.scheme != "file" or "\0" in unquote(parts.path):
        return None
    if os.name == "nt":
        return Path(windows_path(parts))
    return None if _host(parts) else Path(unquote(parts.path))


def place_of(uri: str) -> Path | None:
    """Where a document belongs in the file system: at its file; a notebook's cell below the notebook, where no file can be."""
    parts = _parts(uri)
    if parts.scheme == "vscode-notebook-cell":
        return file_of(f"file://{parts.path}/{parts.fragment}")
    return file_of(uri)


def windows_path(parts: SplitResult) -> PureWindowsPath:
    """Of a `file:` URI, with the drive's colon as it is or, as VS Code writes it, as %3A."""
    host, path = _host(parts), unquote(parts.path)
    return PureWindowsPath(f"//{host}{path}" if host else re.sub(r"^/+(?=[A-Za-z]:)", "", path))


def _host(parts: SplitResult) -> str:
    """Of a `file:` URI; empty for this machine. VS Code writes `wsl$` as wsl%24."""
    host = unquote(parts.netloc)
    return "" if host == "localhost" else host


def name_of(uri: str) -> str:
    """What the document is called as a file, for its language and for globs: the path part of any URI."""
    path = _parts(uri).path
    return str(file_of(uri) or (file_of(f"file://{path}") if path.startswith("/") else None) or unquote(path))


def _parts(uri: str) -> SplitResult:
    """Of something that is no URI: all empty."""
    try:
        return urlsplit(uri)
    except ValueError:
        return urlsplit("")


PAIRS = {"()", "[]", "{}", "<>", '""', "''", "``"}
"""What editors write for one key, the cursor in the middle."""


@dataclass(frozen=True)
class Cursor:
    """A document as it was at one moment, split where the cursor stood; line ends are `\\n` in `left` and `right`.

    `line_end` is the document's own, to be used in what is inserted; `position` lies inside the document.
    """

    uri: str
    language: str
    position: Position
    left: str
    right: str
    line_end: str = "\n"


@dataclass(eq=False)
class Document:
    """`lines` are as `text.split_lines` makes them, `size` characters in all; `edited`: since it was opened;
    `edited_until`: where the latest change ended, and the cursor with it, mostly; None for a whole new text."""

    uri: str
    version: int
    language: str
    lines: list[str]
    size: int
    edited: bool = False
    edited_until: Position | None = None


class Documents:
    """Guards that every change is applied to the copy it was made for.

    `encoding` is that of the positions. `client_holds_lines`: the client splits what it inserts at `\\n` and writes its
    own line ends, so that it must not be given any other.
    """

    def __init__(self, encoding: str = "utf-16", client_holds_lines: bool = False) -> None:
        self.encoding, self.client_holds_lines = encoding, client_holds_lines
        self._open: dict[str, Document] = {}

    def open(self, uri: str, version: int, language: str, text: str) -> None:
        """A document that is open already is replaced: the client knows best."""
        self._open.pop(uri, None)  # what is opened last stands last
        self._open[uri] = Document(uri, version, language, split_lines(clean(text)), len(text))

    def change(self, uri: str, version: int, changes: list[tuple[Span | None, str]]) -> bool:
        """Apply `changes` in order; False, and nothing done, when the document is not open."""
        document = self._open.get(uri)
        if document is None:
            return False
        for span, new in ((span, clean(new)) for span, new in changes):
            document.size += replace(document.lines, span, new, self.encoding)
            document.edited_until = end_of(span, new, self.encoding) if span else None
        document.version, document.edited = version, True
        return True

    def close(self, uri: str) -> None:
        """Forget it; one that was never open is no matter."""
        self._open.pop(uri, None)

    def get(self, uri: str) -> Document | None:
        """The document, if it is open."""
        return self._open.get(uri)

    def all(self) -> list[Document]:
        """Every open document, the one opened last at the end."""
        return list(self._open.values())

    def newest(self) -> Document | None:
        """The one opened last."""
        return next(reversed(self._open.values()), None)

    def state(self, uri: str) -> tuple[Document, int] | None:
        """Equal as long as its text is the same: a document that is opened again may begin with the version it had."""
        document = self._open.get(uri)
        return None if document is None else (document, document.version)

    def cursor(self, uri: str, position: Position) -> Cursor | None:
        """What stands left and right of `position`, clamped into the document; None when it is not open."""
        document = self._open.get(uri)
        if document is None:
            return None
        lines = document.lines
        row, col = locate(lines, position, self.encoding)
        return Cursor(
            uri,
            document.language,
            Position(row, units(lines[row][:col], self.encoding)),
            plain("".join(lines[:row]) + lines[row][:col]),
            plain(lines[row][col:] + "".join(lines[row + 1 :])),
            "\n" if self.client_holds_lines else line_end_near(lines, row),
        )


def end_of(span: Span, new: str, encoding: str) -> Position:
    """Where `new` ends that was put in the place of `span`; within a pair, where the editor closed it."""
    lines = split_lines(new[:1] if new in PAIRS else new)
    before = span.start.character if len(lines) == 1 else 0
    return Position(span.start.line + len(lines) - 1, before + units(lines[-1], encoding))


def line_end_near(lines: list[str], row: int) -> str:
    """The line end that the document uses around line `row`: of this line, else of the one above, else `\\n`."""
    for line in (lines[row], lines[row - 1] if row else ""):
        for line_end in ("\r\n", "\n", "\r"):
            if line.endswith(line_end):
                return line_end
    return "\n"
