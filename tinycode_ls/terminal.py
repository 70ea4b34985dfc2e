"""What the sub-commands do without an editor: one completion, one check. Returns values; prints nothing."""

import platform
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from .backend import LocalBackend
from .configuration import Configuration
from .engine.deadline import Deadline
from .errors import ModelFileError, SettingsError
from .session import Explanation
from .suggestion import Request

SAMPLE = "import json\nfrom pathlib import Path\n\n\ndef load(path: Path) -> dict:\n    with open(path) as "


@dataclass(frozen=True)
class Completion:
    """One alternative, and where it comes from in words."""

    text: str
    probability: float
    summary: str

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass
class CheckReport:
    """Facts in the order of printing; problems, each with its remedy. `works`: there can be completions."""

    facts: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    works: bool = True

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def to_text(self) -> str:
        """One line each."""
        lines = [f"{name}: {value}" for name, value in self.facts.items()]
        return "\n".join(lines + [f"problem: {problem}" for problem in self.problems] or ["ready"])


def complete_at(
    place: str, model: str | None, count: int, standard_input: TextIO, name: str = ""
) -> tuple[list[Completion], list[str]]:
    """The suggestions at `FILE[:LINE[:COLUMN]]`, whole lines, best first; the index is that of the current folder. `name` is
    what standard input is called, for its language. And the model files that were passed over, each with its fault.
    Raises ModelFileError when the one named is among them."""
    path, left, right = read_place(place, standard_input)
    problems: list[str] = []
    here = Path.cwd()
    backend, _ = _backend(here, model, problems)
    backend.build_index(lambda percent, message: None, Deadline())
    found = backend.complete(Request(path or name, left, right, whole_lines=True, count=max(1, count)), Deadline())
    if problems and (model or not found):  # a model that was named is not quietly replaced by another
        raise ModelFileError(problems[0])
    completions = []
    for item in found[: max(1, count)]:
        sources = tuple(source.within([here]) for source in backend.explain(item))
        completions.append(Completion(item.text, item.probability, Explanation(item, sources, ()).summary))
    return completions, problems


def check_folder(folder: Path, model: str | None) -> CheckReport:
    """Try everything the server will need, here and now."""
    report = CheckReport()
    begin = time.perf_counter()
    backend, setting_problems = _backend(folder, model, report.problems)
    begin = time.perf_counter()
    suggestions = backend.complete(Request("sample.py", SAMPLE, "\n", whole_lines=True), Deadline())
    first_ms = (time.perf_counter() - begin) * 1000
    report.works = not report.problems
    begin = time.perf_counter()
    backend.complete(Request("sample.py", SAMPLE + "f", "\n", whole_lines=True), Deadline())
    next_ms = (time.perf_counter() - begin) * 1000
    begin = time.perf_counter()
    backend.build_index(lambda percent, message: None, Deadline())
    status = backend.status()
    report.facts = {
        "python": platform.python_version(),
        "folder": str(folder),
        **{f"model for {used['language']}": _model_line(used) for used in status["models"]},
        "first completion": f"{first_ms:.0f} ms, loading included",
        "next completion": f"{next_ms:.1f} ms",
        "index": f"{status['index']['files']} files, {status['index']['bytes'] / 1e6:.2f} MB, "
        f"{time.perf_counter() - begin:.1f} s" + ("" if status["index"]["complete"] else ", not all of the folder"),
    }
    report.problems += setting_problems
    if report.works and not suggestions:
        report.facts["note"] = "the sample had no suggestion; a model of your own code knows more"
    return report


def read_place(place: str, standard_input: TextIO) -> tuple[str, str, str]:
    """-> (path, text before the cursor, text after it), line ends `\\n`."""
    path, line, column = split_place(place)
    try:
        text = standard_input.read() if path == "-" else Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise SettingsError(
            f"{path}: {error.strerror}; expected a file that can be read, or - for standard input"
        ) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if line is None:
        return ("" if path == "-" else path), text, ""
    lines = text.split("\n")
    if not 1 <= line <= len(lines):
        raise SettingsError(f"{place}: there is no line {line}; expected 1 to {len(lines)}")
    row = lines[line - 1]
    here = len(row) if column is None else min(column - 1, len(row))
    offset = sum(len(before) + 1 for before in lines[: line - 1]) + max(0, here)
    return ("" if path == "-" else path), text[:offset], text[offset:]


def split_place(place: str) -> tuple[str, int | None, int | None]:
    """`a.py:3:7` -> ("a.py", 3, 7); a file whose name really has a colon stays whole."""
    if Path(place).exists():
        return place, None, None
    path, numbers = place, list[int]()
    while len(numbers) < 2:
        head, colon, tail = path.rpartition(":")
        if not (colon and tail.isdigit()):
            break
        path, numbers = head, [int(tail), *numbers]
    return path, numbers[0] if numbers else None, numbers[1] if len(numbers) == 2 else None


def _backend(folder: Path, model: str | None, problems: list[str]) -> tuple[LocalBackend, list[str]]:
    """Configured as the server would be in this folder."""
    configuration = Configuration({"model": model} if model else {})
    configuration.roots = (folder,)
    setting_problems = configuration.resolve()
    backend = LocalBackend(problems.append)
    backend.configure(configuration.settings, configuration.roots)
    return backend, setting_problems


def _model_line(used: dict[str, Any]) -> str:
    return f"{used['path']} ({used['origin']}), {used['bytes'] / 1e6:.1f} MB"
