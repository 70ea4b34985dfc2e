"""When to say nothing at all: switched off, secrets, files and places the user does not want suggestions in."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import pathspec

from .folders import name_within
from .index.names import is_secret
from .languages import kind_at_end, language_of
from .settings import Settings


@lru_cache(maxsize=8)
def _matcher(globs: tuple[str, ...]) -> pathspec.GitIgnoreSpec:
    return pathspec.GitIgnoreSpec.from_lines(globs)


def matches(path: str, roots: Sequence[Path], globs: tuple[str, ...]) -> bool:
    """Whether a path is meant by patterns written as in a .gitignore: one of the innermost of `roots` that holds the path,
    or one at the top of the disk. The last pattern that speaks of the path decides."""
    names = {name_within(Path(path), roots), path.lstrip("/")} - {"", "."}
    verdicts = (_matcher(globs).check_file(name) for name in names)
    spoken = {verdict.index: verdict.include for verdict in verdicts if verdict.index is not None}
    return bool(spoken and spoken[max(spoken)])


def too_large(settings: Settings, size: int) -> bool:
    """Whether a document of `size` characters is left alone; to be asked before anything is done with its text."""
    return size > settings.max_document_mb * 1e6


def why_quiet(
    settings: Settings, path: str, client_language: str, left: str, right: str, roots: Sequence[Path] = ()
) -> str:
    """The reason for having no suggestion here, in words for the log; empty when there may be one."""
    language = language_of(path, client_language)
    if not settings.enabled:
        return "switched off by the setting `enabled`"
    if is_secret(path):
        return "a file that may hold secrets"
    if {language, client_language} & set(settings.disabled_languages):
        return f"language {client_language or language} is in `disabled_languages`"
    if matches(path, roots, settings.disabled_files):
        return "the file matches `disabled_files`"
    if too_large(settings, len(left) + len(right)):
        return "the document is larger than `max_document_mb`"
    if not (settings.in_comments and settings.in_strings):
        kind = kind_at_end(left, language)
        if (kind == "comment" and not settings.in_comments) or (kind == "string" and not settings.in_strings):
            return f"inside a {kind}"
    return ""
