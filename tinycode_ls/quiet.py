"""When to say nothing at all: switched off, secrets, files and places the user does not want suggestions in."""

from functools import lru_cache

import pathspec

from .languages import kind_at_end, language_of
from .settings import Settings

# fmt: off
SECRET_FILES = (
    ".env", ".env.*", "!.env.example", "!.env.sample", "!.env.template",
    "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.gpg", "*.ppk",
    "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", "!*.pub",
    ".netrc", "_netrc", ".pgpass", ".npmrc", ".pypirc", ".htpasswd", ".git-credentials",
    "credentials", "credentials.json", "credentials.yml", "secrets.json", "secrets.toml", "secrets.yml", "secrets.yaml",
    ".aws/", ".ssh/", ".gnupg/", ".kube/",
)
# fmt: on
"""Git patterns, in git's order: a later one wins."""


@lru_cache(maxsize=8)
def _matcher(globs: tuple[str, ...]) -> pathspec.GitIgnoreSpec:
    return pathspec.GitIgnoreSpec.from_lines(globs)


def matches(path: str, globs: tuple[str, ...]) -> bool:
    """Whether a path is meant by patterns written as in a .gitignore."""
    return bool(path) and _matcher(globs).match_file(path.lstrip("/"))


def is_secret(path: str) -> bool:
    """Whether a file probably holds passwords or keys, by its name."""
    return matches(path, SECRET_FILES)


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
