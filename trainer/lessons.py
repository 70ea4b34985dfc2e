"""What there is to learn in some folders: for each shipped model the languages that it serves, and how much of them.

A network that learns from another language than its own forgets some of its own and does not reach the one that was made
for the other: of a repository in JavaScript and Python, each is tuned by itself.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tinycode_ls.errors import TrainingError
from tinycode_ls.index.files import judge, list_files, unsaid
from tinycode_ls.index.names import LANGUAGES
from tinycode_ls.model_choice import WORKSPACE_MODEL, choices, languages_of_model, signature_of

from .corpus.source import check_reach, size_of
from .corpus.store import is_corpus, open_corpus

NOT_TRAINED = {"json", "text", "xml"}
"""Data files would only take time from the code."""
TRAINED_SUFFIXES = {suffix for suffix, language in LANGUAGES.items() if language not in NOT_TRAINED}
PROSE = {"markdown", "yaml", "toml", "ini", "html"}
"""Much of it, as of reports and documents that a tool made, is no reason to tune the model for it."""
LEAST_CODE, LEAST_SHARE = 50_000, 0.1
"""Bytes, and share of all code, from which on a second language is worth a model of its own."""


@dataclass(frozen=True)
class Lesson:
    """A shipped model and what it can learn: `languages`, the largest first, with `code` bytes of them that are no prose."""

    base: Path
    languages: tuple[str, ...]
    code: int


def suffixes_of(languages: Iterable[str]) -> set[str]:
    """Suffixes of the files that are learned from, of some languages."""
    wanted = set(languages)
    return {suffix for suffix in TRAINED_SUFFIXES if LANGUAGES[suffix] in wanted}


def lessons(paths: Iterable[Path]) -> list[Lesson]:
    """Those with most code first; one at least. Raises TrainingError where no model is shipped."""
    sizes = _sizes(paths)
    by_base = defaultdict[Path, Counter[str]](Counter)
    for language, size in sizes.items():
        of = "cpp" if language == "c" and sizes["cpp"] > sizes["c"] else language  # most of its C is headers of its C++
        by_base[_shipped(of)][language] = size
    found = [
        Lesson(base, tuple(name for name, _ in held.most_common()), sum(held[name] for name in held.keys() - PROSE))
        for base, held in by_base.items()
    ]
    return sorted(found, key=lambda lesson: -lesson.code) or [Lesson(_shipped(""), (), 0)]


def lesson_in(found: list[Lesson], language: str) -> Lesson:
    """The one for a language, or, of none, the first. Raises TrainingError where there is none."""
    if not language:
        return found[0]
    for lesson in found:
        if language in lesson.languages:
            return lesson
    known = ", ".join(name for lesson in found for name in lesson.languages) or "no source files"
    raise TrainingError(f"--language is {language}; expected one of what is there: {known}")


def model_name(lesson: Lesson, found: list[Lesson], folder: Path) -> str:
    """Of the model file that is made of it among those of a folder: the first one's is the repository's, `model`, unless that
    is of other languages, or the lesson has one of its own there, which would serve before it."""
    own, repository = lesson.base.stem, folder / WORKSPACE_MODEL
    if lesson is not found[0] or (folder / f"{own}.onnx").exists():
        return own
    signature = signature_of(repository)
    served = languages_of_model(repository, signature) if signature else ()
    return repository.stem if not served or set(served) & set(lesson.languages) else own


def left_alone(found: list[Lesson], learned: Lesson) -> list[Lesson]:
    """Others that would be worth a model of their own."""
    least = max(LEAST_CODE, LEAST_SHARE * sum(lesson.code for lesson in found))
    return [lesson for lesson in found if lesson is not learned and lesson.code >= least]


def _sizes(paths: Iterable[Path]) -> Counter[str]:
    """Bytes by language."""
    sizes = Counter[str]()
    for path in paths:
        check_reach(path, "expected a file, a folder, a git repository or a built corpus")
        if is_corpus(path):
            sizes.update(open_corpus(path).languages)
            continue
        for file in [path] if path.is_file() else list_files(path, unsaid):
            if file.suffix.lower() in TRAINED_SUFFIXES:
                learned = size_of(file) if file == path else len(judge(file, path).text)  # of what is refused, nothing
                sizes[LANGUAGES[file.suffix.lower()]] += learned
    return +sizes


def _shipped(language: str) -> Path:
    found = next(choices(language, "", [], user_folder=None), None)
    if found is None:
        raise TrainingError(
            "no shipped model was found; name one with --base MODEL, or train one with `tinycode-train fit`"
        )
    return found.path
