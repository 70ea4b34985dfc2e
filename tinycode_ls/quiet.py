"""When to say nothing at all: switched off, secrets, files and places the user does not want suggestions in."""

from functools import lru_cache

import pathspec

from .index.files import is_secret
from .languages import kind_at_end, language_of
from .settings import Settings


@lru_cache(maxsize=8)
def _matcher(globs: tuple[str, ...]) -> pathspec.GitIgnoreSpec:
    return pathspec.GitIgnoreSpec.from_lines(globs)


def matches(path: str, globs: tuple[str, ...]) -> bool:
    """Whether a path is meant by patterns written as in a .gitignore."""
    return bool(path) and _matcher(globs).match_file(path.lstrip("/"))


def why_quiet(settings: Settings, path: str, client_language: str, left: str, right: str) -> str:
    """The reason for having no suggestion here, in words for the log; empty when there may be one."""
    language = language_of(path, client_language)
    if not settings.enabled:
        return "switched off by the setting `enabled`"
    if is_secret(path):
        return "a file that may hold secrets"
    if {language, client_language} & set(settings.disabled_languages):
        return f"language {client_language or language} is in `disabled_languages`"
    if matches(path, settings.disabled_files):
        return "the file matches `disabled_files`"
    if len(left) + len(right) > settings.max_document_mb * 1e6:
        return "the document is larger than `max_document_mb`"
    if not (settings.in_comments and settings.in_strings):
        kind = kind_at_end(left, language)
        if (kind == "comment" and not settings.in_comments) or (kind == "string" and not settings.in_strings):
            return f"inside a {kind}"
    return ""
