"""Languages: which one a file is in, what its comments and strings look like. Plain tables; knows no model."""

import re
from functools import cache
from pathlib import PurePosixPath
from typing import Literal

_EXTENSIONS = {
    "c": "c h",
    "cpp": "cc cpp cxx hh hpp hxx",
    "csharp": "cs",
    "css": "css scss less",
    "dart": "dart",
    "go": "go",
    "haskell": "hs",
    "html": "html htm vue svelte",
    "java": "java",
    "javascript": "js cjs mjs jsx",
    "json": "json",
    "kotlin": "kt kts",
    "lua": "lua",
    "markdown": "md markdown",
    "perl": "pl pm",
    "php": "php",
    "python": "py pyi pyw",
    "r": "r",
    "ruby": "rb",
    "rust": "rs",
    "scala": "scala",
    "shellscript": "sh bash zsh",
    "sql": "sql",
    "swift": "swift",
    "toml": "toml",
    "typescript": "ts cts mts tsx",
    "yaml": "yaml yml",
    "zig": "zig",
}
"""Language, as LSP names it -> its file extensions, the usual one first."""

_LANGUAGE = {extension: language for language, row in _EXTENSIONS.items() for extension in row.split()}
_ALIASES = {
    "javascriptreact": "javascript",
    "typescriptreact": "typescript",
    "sh": "shellscript",
    "bash": "shellscript",
}


def language_of(path: str, client_says: str = "") -> str:
    """The language of a file by its name, else what the client calls it, else the empty string."""
    known = _LANGUAGE.get(PurePosixPath(path).suffix[1:].lower())
    return known or _ALIASES.get(client_says, client_says)


def file_name(path: str, client_says: str) -> str:
    """`path`, with the extension of the client's language where it has another (a notebook's cell)."""
    language = _ALIASES.get(client_says, client_says)
    if language not in _EXTENSIONS or _LANGUAGE.get(PurePosixPath(path).suffix[1:].lower()) == language:
        return path
    return str(PurePosixPath(path or "untitled").with_suffix("." + _EXTENSIONS[language].split()[0]))


_QUOTES = r""""(?:\\[\s\S]|[^"\\\n])*(?:"|$)|'(?:\\[\s\S]|[^'\\\n])*(?:'|$)"""
_TRIPLE = r'"""(?:\\[\s\S]|[^\\])*?(?:"""|\Z)|' + r"'''(?:\\[\s\S]|[^\\])*?(?:'''|\Z)"
_BACKTICK = r"`(?:\\[\s\S]|[^`\\])*(?:`|\Z)"
_RUST = r""""(?:\\[\s\S]|[^"\\])*(?:"|\Z)|'(?:\\.|[^'\\\n])'"""
_SLASHES = r"//[^\n]*|/\*[\s\S]*?(?:\*/|\Z)"
_DASHES = r"--[^\n]*"
_LEXICON = (
    ("python", r"#[^\n]*", f"{_TRIPLE}|{_QUOTES}"),
    ("ruby perl r shellscript toml yaml", r"#[^\n]*", _QUOTES),
    ("javascript typescript go", _SLASHES, f"{_BACKTICK}|{_QUOTES}"),
    ("c cpp csharp dart java kotlin php scala swift zig", _SLASHES, _QUOTES),
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
