"""Languages as editors name them, and where in one the cursor is: code, comment or string. Knows no model."""

import re
from functools import cache
from pathlib import PurePosixPath
from typing import Literal

from .index import files
from .index.files import LANGUAGES

_ALIASES = {
    "javascriptreact": "javascript", "typescriptreact": "typescript", "shellscript": "shell", "sh": "shell",
    "dockerfile": "docker", "makefile": "make", "scss": "css", "less": "css", "c++": "cpp", "c#": "csharp",
    "objective-c": "objectivec", "objective-cpp": "objectivec",
}  # fmt: skip
"""What editors call a language -> what we call it, where that differs."""
_EXTENSIONS = {language: extension for extension, language in reversed(LANGUAGES.items())}
"""Language -> its usual file extension."""


def language_of(path: str, client_says: str = "") -> str:
    """The language of a file by its name, else what the client calls it, else the empty string."""
    return files.language_of(path) or _ALIASES.get(client_says, client_says)


def file_name(path: str, client_says: str) -> str:
    """`path`, with the extension of the client's language where it has another (a notebook's cell)."""
    language = _ALIASES.get(client_says, client_says)
    if language not in _EXTENSIONS or files.language_of(path) == language:
        return path
    named = PurePosixPath(path)
    return str((named if named.name else named / "untitled").with_suffix(_EXTENSIONS[language]))


_QUOTES = r""""(?:\\[\s\S]|[^"\\\n])*(?:"|$)|'(?:\\[\s\S]|[^'\\\n])*(?:'|$)"""
_TRIPLE = r'"""(?:\\[\s\S]|[^\\])*?(?:"""|\Z)|' + r"'''(?:\\[\s\S]|[^\\])*?(?:'''|\Z)"
_BACKTICK = r"`(?:\\[\s\S]|[^`\\])*(?:`|\Z)"
_RUST = r""""(?:\\[\s\S]|[^"\\])*(?:"|\Z)|'(?:\\.|[^'\\\n])'"""
_SLASHES = r"//[^\n]*|/\*[\s\S]*?(?:\*/|\Z)"
_DASHES = r"--[^\n]*"
_LEXICON = (
    ("python", r"#[^\n]*", f"{_TRIPLE}|{_QUOTES}"),
    (
        "ruby perl r shell toml yaml julia elixir nim nix make docker cmake meson graphql powershell gdscript",
        r"#[^\n]*",
        _QUOTES,
    ),
    ("javascript typescript go", _SLASHES, f"{_BACKTICK}|{_QUOTES}"),
    ("c cpp csharp dart java kotlin php scala swift zig protobuf terraform", _SLASHES, _QUOTES),
    ("fsharp groovy objectivec solidity", _SLASHES, _QUOTES),
    ("css", r"/\*[\s\S]*?(?:\*/|\Z)", _QUOTES),
    ("rust", _SLASHES, _RUST),
    ("lua sql haskell", _DASHES, _QUOTES),
)
"""Languages -> what a comment and what a string is; one that is not closed runs to the end of the text."""

_END = "\0"


@cache
def _pattern(language: str) -> "re.Pattern[str] | None":
    for languages, comment, string in _LEXICON:
        if language in languages.split():
            return re.compile(f"(?P<comment>{comment})|(?P<string>{string})", re.MULTILINE)
    return None


def kind_at_end(left: str, language: str) -> Literal["code", "comment", "string"]:
    """Where somebody who has typed `left` is; reads all of it, so ask only when the answer matters.

    A mark is put at the end: the comment or string that swallows it is the one the cursor is in.
    """
    pattern = _pattern(language)
    for match in pattern.finditer(left + _END) if pattern else ():
        if match.end() > len(left):
            return "comment" if match.lastgroup == "comment" else "string"
    return "code"
