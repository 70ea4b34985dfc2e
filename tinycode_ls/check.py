"""`tinycode-ls check`: everything the server will need, tried here and now. Returns values; prints nothing."""

import platform
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .complete import backend_for
from .deadline import Deadline
from .index.files import judge, list_files, unsaid
from .index.names import judge_name, language_of
from .index.order import PROSE_AND_DATA, nearest_first
from .model_choice import WORKSPACE_MODELS, languages_of_model, signature_of
from .suggestion import Request

SAMPLE = (
    "sample.py",
    "import json\nfrom pathlib import Path\n\n\ndef load(path: Path) -> dict:\n    with open(path) as ",
    "f",
)
LEAST_SAMPLE, MOST_SAMPLE = 200, 4_000
"""Characters of a file that is completed."""
MOST_LOOKED_AT = 20


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


def check_folder(folder: Path, model: str | None) -> CheckReport:
    """Try everything the server will need, here and now."""
    report = CheckReport()
    backend, settings, setting_problems = backend_for(folder, model, report.problems)
    name, text, typed = sample_of(folder)
    begin = time.perf_counter()
    backend.build_index(lambda percent, message: None, Deadline())
    index_s = time.perf_counter() - begin
    begin = time.perf_counter()
    suggestions = backend.complete(Request(name, text, "\n", whole_lines=True), Deadline())
    first_ms = (time.perf_counter() - begin) * 1000
    report.works = not report.problems
    begin = time.perf_counter()
    backend.complete(Request(name, text + typed, "\n", whole_lines=True), Deadline())
    next_ms = (time.perf_counter() - begin) * 1000
    status = backend.status()
    report.facts = {
        "python": platform.python_version(),
        "folder": str(folder),
        **{f"model for {used['language']}": _model_line(used) for used in status["models"]},
        "first completion": f"{first_ms:.0f} ms, loading included",
        "next completion": f"{next_ms:.1f} ms",
        "index": _index_line(status["index"], index_s) if settings.index else "off, by the setting `index`",
    }
    for path in sorted((folder / WORKSPACE_MODELS).glob("*.onnx")):
        languages = languages_of_model(path, signature_of(path))
        report.facts[str(path.relative_to(folder))] = f"for {', '.join(languages) or 'every language'}"
    if not settings.enabled:
        report.facts["suggestions"] = "none, by the setting `enabled`"
    report.problems += setting_problems
    if report.works and not suggestions:
        report.facts["note"] = "the sample had no suggestion; a model of your own code knows more"
    return report


def sample_of(folder: Path) -> tuple[str, str, str]:
    """Name and beginning of a file to complete, and the character typed next: of the folder's, in the language that most of its
    files are in; ours where there is no code."""
    listed = [path for path in list_files(folder, unsaid) if not judge_name(path, folder)]
    for path in nearest_first(listed, [], [folder])[:MOST_LOOKED_AT]:
        if language_of(path) in PROSE_AND_DATA:
            break
        text = judge(path, folder).text.decode()[:MOST_SAMPLE]
        cut = text.rfind(" ", 0, max(0, len(text) - 2)) + 1
        if cut >= LEAST_SAMPLE:
            return path.relative_to(folder).as_posix(), text[:cut], text[cut]
    return SAMPLE


def _index_line(found: dict[str, Any], seconds: float) -> str:
    whole = "" if found["complete"] else ", not all of the folder"
    return f"{found['files']} files, {found['bytes'] / 1e6:.2f} MB, {seconds:.1f} s{whole}"


def _model_line(used: dict[str, Any]) -> str:
    return f"{used['path']} ({used['origin']}), {used['bytes'] / 1e6:.1f} MB"
