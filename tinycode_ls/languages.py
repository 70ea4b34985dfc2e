"""Languages as editors name them, and where in one the cursor is: code, comment or string. Knows no model."""

import re
from functools import cache
from pathlib import PureWindowsPath
from typing import Literal

from .index import names
from .index.names import LANGUAGES

_ALIASES = {
    "javascriptreact": "javascript", "typescriptreact": "typescript", "shellscript": "shell", "sh": "shell",
    "dockerfile": "docker", "makefile": "make", "scss": "css", "less": "css", "c++": "cpp", "c#": "csharp",
    "cs": "csharp", "cuda-cpp": "cuda", "pyrex": "cython", "bzl": "starlark", "bazel": "starlark", "systemverilog": "verilog",
    "ps1": "powershell", "dosbatch": "bat", "jsonc": "json", "json5": "json", "mdx": "markdown", "rst": "markdown",
    "restructuredtext": "markdown", "proto": "protobuf", "proto3": "protobuf", "go.mod": "gomod", "racket": "scheme",
    "fish": "shell", "bash": "shell", "zsh": "shell",
    **dict.fromkeys(("objective-c", "objective-cpp", "objc", "objcpp"), "objectivec"),
    **dict.fromkeys(("latex", "plaintex", "bibtex", "bib"), "tex"),
    **dict.fromkeys(("properties", "jproperties", "dosini", "conf"), "ini"),
    **dict.fromkeys(("fortran_fixed-form", "fortranfreeform", "fortran-modern"), "fortran"),
    **dict.fromkeys(("sass", "postcss", "tailwindcss", "stylus"), "css"),
    **dict.fromkeys(("xhtml", "handlebars", "html.handlebars", "mustache", "django-html", "htmldjango", "jinja", "jinja-html",
                     "nunjucks", "twig", "liquid", "ejs", "erb", "eruby", "razor", "aspnetcorerazor", "heex", "eelixir",
                     "haml", "pug", "jade", "slim"), "html"),
}  # fmt: skip
"""What editors call a language -> what we call it, where that differs."""
_EXTENSIONS = {language: extension for extension, language in reversed(LANGUAGES.items())}
"""Language -> its usual file extension."""


def language_of(path: str, client_says: str = "") -> str:
    """The language of a file by its name, else what the client calls it, else the empty string."""
    return names.language_of(path) or _ALIASES.get(client_says, client_says)


def file_name(path: str, client_says: str) -> str:
    """`path`, with the extension of the client's language where it has another (a notebook's cell)."""
    language = _ALIASES.get(client_says, client_says)
    if language not in _EXTENSIONS or names.language_of(path) == language:
        return path
    named = PureWindowsPath(path)  # which knows the separators of every system
    return (path.removesuffix(named.suffix) if named.name else f"{path}untitled") + _EXTENSIONS[language]


_DOUBLE = r'"(?:\\[\s\S]|[^"\\\n])*(?:"|$)'
_SINGLE = r"'(?:\\[\s\S]|[^'\\\n])*(?:'|$)"
_QUOTES = f"{_DOUBLE}|{_SINGLE}"
_TRIPLE = r'"""(?:\\[\s\S]|[^\\])*?(?:"""|\Z)'
_TRIPLES = rf"{_TRIPLE}|'''(?:\\[\s\S]|[^\\])*?(?:'''|\Z)"
_BACKTICK = r"`(?:\\[\s\S]|[^`\\])*(?:`|\Z)"
_OVER_LINES = r'"(?:\\[\s\S]|[^"\\])*(?:"|\Z)'
_CHARACTER = r"'(?:\\.[^'\n]*|[^'\\\n])'"
"""Where a single quote may also be of a lifetime, a type or a name."""
_NUMBER = r"\b\d(?:'?[0-9A-Za-z])+"
"""Taken for a string that ends at once: the quotes between its digits begin none."""
_BRACKETS = r"\[(?P<level>=*)\[[\s\S]*?(?:\](?P=level)\]|\Z)"
_HASH = r"#[^\n]*"
_HASH_AFTER_BLANK = r"(?<![^\s;(])#[^\n]*"
_SLASHES = r"//[^\n]*"
_STARS = r"/\*[\s\S]*?(?:\*/|\Z)"
_C_LIKE = f"{_SLASHES}|{_STARS}"
_DASHES = r"--[^\n]*"
_ML = r"\(\*(?!\))[\s\S]*?(?:\*\)|\Z)"
_NOTHING = r"(?!)"
_LEXICON = (
    ("python cython starlark toml mojo vyper", _HASH, f"{_TRIPLES}|{_QUOTES}"),
    ("julia elixir nim gdscript graphql coffeescript", _HASH, f"{_TRIPLE}|{_QUOTES}"),
    ("r nix make docker cmake meson awk crystal rego gn wdl nushell gherkin robot capnp", _HASH, _QUOTES),
    ("tcl", r"^[ \t]*#[^\n]*|;[ \t]*#[^\n]*", _DOUBLE),
    ("shell perl", _HASH_AFTER_BLANK, rf"\\['\"]|{_QUOTES}"),
    ("yaml", _HASH_AFTER_BLANK, rf"(?<![^\s\[{{,])(?:{_QUOTES})"),
    ("ruby", rf"^=begin\b[\s\S]*?(?:^=end\b|\Z)|{_HASH}", _QUOTES),
    ("powershell", rf"<#[\s\S]*?(?:#>|\Z)|{_HASH}", _QUOTES),
    ("ini", r"[#;][^\n]*", _NOTHING),
    ("javascript typescript", _C_LIKE, f"{_BACKTICK}|{_QUOTES}"),
    ("go", _C_LIKE, rf"`[^`]*(?:`|\Z)|{_QUOTES}"),
    ("c cpp objectivec cuda metal opencl yacc", _C_LIKE, f"{_NUMBER}|{_QUOTES}"),
    ("csharp java kotlin scala swift vala", _C_LIKE, f"{_TRIPLE}|{_QUOTES}"),
    ("dart groovy gradle", _C_LIKE, f"{_TRIPLES}|{_QUOTES}"),
    ("zig protobuf solidity d haxe qml apex cue glsl hlsl wgsl dts", _C_LIKE, _QUOTES),
    ("odin move dafny antlr p4 codeql flatbuffers bicep", _C_LIKE, _QUOTES),
    ("verilog prisma gomod gleam cairo typst rescript reason", _C_LIKE, _DOUBLE),
    ("php hack terraform puppet thrift jsonnet", rf"{_C_LIKE}|#(?!\[)[^\n]*", _QUOTES),
    ("json", _C_LIKE, _DOUBLE),
    ("css", rf"{_STARS}|(?<![:('\"])//[^\n]*", _QUOTES),
    ("rust", _C_LIKE, rf"\br(?P<fence>#*)\"[\s\S]*?(?:\"(?P=fence)|\Z)|{_OVER_LINES}|{_CHARACTER}"),
    ("lua", f"--{_BRACKETS}|{_DASHES}", f"{_BRACKETS.replace('level', 'depth')}|{_QUOTES}"),
    ("sql", f"{_DASHES}|{_STARS}", _QUOTES),
    ("ada vhdl", _DASHES, f"{_DOUBLE}|{_CHARACTER}"),
    ("fortran", r"![^\n]*", _QUOTES),
    ("pascal", rf"{_SLASHES}|\{{[^}}]*(?:\}}|\Z)|{_ML}", r"'[^'\n]*(?:'|$)"),
    ("vb", r"'[^\n]*", r'"[^"\n]*(?:"|$)'),
    ("bat", r"^[ \t]*(?:::|[rR][eE][mM]\b)[^\n]*", _NOTHING),
    ("haskell elm purescript idris agda dhall cabal", rf"{_DASHES}|\{{-[\s\S]*?(?:-\}}|\Z)", f"{_DOUBLE}|{_CHARACTER}"),
    ("ocaml", _ML, f"{_OVER_LINES}|{_CHARACTER}"),
    ("fsharp", f"{_SLASHES}|{_ML}", f"{_TRIPLE}|{_OVER_LINES}|{_CHARACTER}"),
    ("clojure lisp scheme", r";[^\n]*", rf"[\\?]\\?\"|{_OVER_LINES}"),
    ("tex", r"(?<!\\)%[^\n]*", _NOTHING),
    ("erlang", r"%[^\n]*", rf"\$\\?['\"]|{_QUOTES}"),
    ("html vue svelte astro markdown xml", r"<!--[\s\S]*?(?:-->|\Z)", _NOTHING),
    ("vim", r'^[^\S\n]*"[^\n]*', _QUOTES),
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
