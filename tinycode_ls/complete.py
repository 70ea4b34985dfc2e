"""`tinycode-ls complete`: one completion without an editor. Returns values; prints nothing."""

import contextlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from .backend import LocalBackend
from .configuration import Configuration
from .deadline import Deadline
from .errors import ModelFileError, SettingsError, reason_of
from .quiet import why_quiet
from .settings import Settings
from .suggestion import Explanation, Request
from .text import plain

MOST_DIGITS = 10


@dataclass(frozen=True)
class Completion:
    """One alternative, and where it comes from in words."""

    text: str
    probability: float
    summary: str

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def complete_at(
    place: str, model: str | None, count: int, standard_input: BinaryIO | None, name: str = ""
) -> tuple[list[Completion], list[str]]:
    """The suggestions at `FILE[:LINE[:COLUMN]]`, whole lines, best first; the index is that of the current folder. `name` is
    what standard input is called, for its language. And the settings and model files that were passed over, with their faults.
    Raises ModelFileError when the one named is among them, SettingsError where an editor would be answered by silence."""
    problems: list[str] = []
    here = Path.cwd()
    backend, settings, setting_problems = backend_for(here, model, problems)
    path, line, column = split_place(place)
    if name and path != "-":
        raise SettingsError(
            f"--path is what standard input is called; {path} has a name: leave it out, or give - as the file"
        )
    name = name if path == "-" else path

    def keep_quiet(left: str, right: str) -> None:
        if reason := why_quiet(settings, str(here / name) if name else "", "", left, right, (here,)):
            raise SettingsError(f"{name or path}: no suggestions: {reason}")

    keep_quiet("", "")  # a secret is not even read
    left, right = split_text(read_text(path, standard_input), place, line, column)
    keep_quiet(left, right)
    backend.build_index(lambda percent, message: None, Deadline())
    found = backend.complete(Request(name, left, right, whole_lines=True, count=count), Deadline())
    if problems and (model or not found):  # a model that was named is not quietly replaced by another
        raise ModelFileError(problems[0])
    completions = []
    for item in found[:count]:
        sources = tuple(source.within([here]) for source in backend.explain(item))
        completions.append(Completion(item.text, item.probability, Explanation(item, sources, ()).summary))
    return completions, setting_problems + problems


def read_text(path: str, standard_input: BinaryIO | None) -> str:
    """What a file holds, or standard input (`-`): as UTF-8, whatever the locale says, line ends `\\n`."""
    if path == "-" and standard_input is None:
        raise SettingsError("-: standard input is closed; expected text, or name a file")
    try:
        content = standard_input.read() if path == "-" and standard_input else Path(path).read_bytes()
    except OSError as error:
        raise SettingsError(
            f"{path}: {reason_of(error)}; expected a file that can be read, or - for standard input"
        ) from error
    return plain(content.decode("utf-8", "replace"))


def split_text(text: str, place: str, line: int | None, column: int | None) -> tuple[str, str]:
    """-> (text before the cursor, text after it); `place` is how the user wrote it."""
    if line is None:
        return text, ""
    lines = text.split("\n")
    if not 1 <= line <= len(lines):
        raise SettingsError(f"{place}: there is no line {line}; expected 1 to {len(lines)}")
    row = lines[line - 1]
    here = len(row) if column is None else min(column - 1, len(row))
    offset = sum(len(before) + 1 for before in lines[: line - 1]) + max(0, here)
    return text[:offset], text[offset:]


def split_place(place: str) -> tuple[str, int | None, int | None]:
    """`a.py:3:7` -> ("a.py", 3, 7); a file whose name really has a colon stays whole."""
    with contextlib.suppress(OSError):  # it may be too long for a name
        if Path(place).exists():
            return place, None, None
    path, numbers = place, list[int]()
    while len(numbers) < 2:
        head, colon, tail = path.rpartition(":")
        if not (colon and tail.isdecimal() and len(tail) < MOST_DIGITS):
            break
        path, numbers = head, [int(tail), *numbers]
    return path, numbers[0] if numbers else None, numbers[1] if len(numbers) == 2 else None


def backend_for(folder: Path, model: str | None, problems: list[str]) -> tuple[LocalBackend, Settings, list[str]]:
    """Configured as the server would be in this folder; the settings, and what is wrong with them."""
    configuration = Configuration({"model": model} if model else {})
    configuration.roots = (folder,)
    setting_problems = configuration.resolve()
    backend = LocalBackend(problems.append)
    backend.configure(configuration.settings, configuration.roots)
    return backend, configuration.settings, setting_problems
