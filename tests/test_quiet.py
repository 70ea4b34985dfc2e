"""Silence where it is wanted: secrets always, the rest by settings."""

from pathlib import Path

import pytest

from tinycode_ls.index.names import is_secret
from tinycode_ls.languages import file_name, kind_at_end, language_of
from tinycode_ls.quiet import why_quiet
from tinycode_ls.settings import Settings


@pytest.mark.parametrize(
    "path",
    [".env", "a/.env.local", "deploy/server.key", "id_ed25519", ".netrc", "b/secrets.toml"],
)
def test_secrets_have_no_suggestions(path):
    assert is_secret(path)
    assert why_quiet(Settings(), path, "plaintext", "", "")


@pytest.mark.parametrize("path", ["", "env.py", ".env.example", "keys.py", "id_rsa.pub", "src/secrets.py", "a.py"])
def test_ordinary_files_are_no_secrets(path):
    assert not is_secret(path)
    assert why_quiet(Settings(), path, "python", "", "") == ""


def test_each_switch_names_itself():
    for settings, word in (
        (Settings(enabled=False), "enabled"),
        (Settings(disabled_languages=("python",)), "disabled_languages"),
        (Settings(disabled_files=("docs/**",)), "disabled_files"),
        (Settings(max_document_mb=0), "max_document_mb"),
        (Settings(in_comments=False), "comment"),
    ):
        assert word in why_quiet(settings, "docs/conf.py", "python", "x = 1  # no", "")


@pytest.mark.parametrize(
    "path, globs, disabled",
    [
        ("/w/docs/conf.py", ["docs/**"], True),
        ("/w/src/a.py", ["src/a.py"], True),
        ("/w/generated/a.py", ["/generated/"], True),
        ("/w/src/generated/a.py", ["/generated/"], False),
        ("/w/inner/docs/a.py", ["/docs/"], True),
        ("/w/src/a.py", ["/w/src/"], True),
        ("/elsewhere/docs/a.py", ["docs/**"], False),
        ("/w/src/a.py", ["*.py", "!src/a.py"], False),
        ("/w/src/a.py", ["!src/a.py", "*.py"], True),
        ("", ["*"], False),
    ],
)
def test_disabled_files_are_named_within_the_innermost_folder_or_from_the_top(path, globs, disabled):
    roots = (Path("/w"), Path("/w/inner"))
    assert bool(why_quiet(Settings(disabled_files=tuple(globs)), path, "python", "", "", roots)) == disabled


@pytest.mark.parametrize(
    "language, left, kind",
    [
        ("python", "x = 1", "code"),
        ("python", "x = 1  # it's", "comment"),
        ("python", "# it's\nx", "code"),
        ("python", "x = 'a # b", "string"),
        ("python", "x = 'a # b'", "code"),
        ("python", 'def f():\n    """It\'s\n', "string"),
        ("python", 'def f():\n    """It\'s"""\n', "code"),
        ("python", "x = 'not closed\ny", "code"),
        ("python", "x = 'a\\'b", "string"),
        ("c", "/* a\n b", "comment"),
        ("c", "/* a */ b // c\n d", "code"),
        ("javascript", "`a ${b} \n", "string"),
        ("rust", "fn f<'a>(x: &'a str) { x", "code"),
        ("rust", "let c = '\"'; c", "code"),
        ("rust", 'let r = r"\\"; c', "code"),
        ("rust", 'let r = r#"a " b', "string"),
        ("go", "var r = `C:\\`\nx", "code"),
        ("css", "// of scss and less", "comment"),
        ("css", "a { b: url(https://c) }\nx", "code"),
        ("lua", "-- a", "comment"),
        ("php", "<?php\n# note", "comment"),
        ("php", "#[Route]\nx", "code"),
        ("sql", "/* note", "comment"),
        ("haskell", "{- note", "comment"),
        ("haskell", "foldl' f x'", "code"),
        ("lua", "--[==[ a\n]] note", "comment"),
        ("lua", "x = [[ a\n b", "string"),
        ("toml", 'a = """\n it', "string"),
        ("java", 'a = """\n it', "string"),
        ("cpp", "int a = 1'000; x", "code"),
        ("cpp", "char a = 'x", "string"),
        ("html", "<p>it's<!-- n", "comment"),
        ("markdown", "it's <!-- n --> x", "code"),
        ("vue", "<!--\n n", "comment"),
        ("json", '{"a": "it\'s', "string"),
        ("ini", "; note", "comment"),
        ("ocaml", "(* it's", "comment"),
        ("ocaml", "f (x : 'a) '\"' y", "code"),
        ("clojure", "(f \\\" x) ; it's", "comment"),
        ("lisp", "(f ?\\\" 'x)", "code"),
        ("erlang", '$" x', "code"),
        ("vim", '  " note', "comment"),
        ("gradle", "// note", "comment"),
        ("shell", "echo it\\'s ${#a} x", "code"),
        ("yaml", "a: it's b", "code"),
        ("powershell", "<# a\n note", "comment"),
        ("ruby", "=begin\n note", "comment"),
        ("verilog", "wire [7:0] a = 8'hff; // note", "comment"),
        ("verilog", "assign a = 8'hff; b", "code"),
        ("vhdl", "a <= b'event; c", "code"),
        ("fortran", "call it ! note", "comment"),
        ("tex", "50 \\% of it % note", "comment"),
        ("vb", "a = \"it's\" ' note", "comment"),
        ("bat", "rem note", "comment"),
        ("pascal", "a := 'it''s'; { note", "comment"),
        ("tcl", "set a #b", "code"),
        ("cuda", "k<<<1, 2>>>(a); // note", "comment"),
        ("unknown", "# a", "code"),
    ],
)
def test_where_the_cursor_is(language, left, kind):
    assert kind_at_end(left, language) == kind


def test_language_by_name_then_by_client():
    assert language_of("a/b.PY", "plaintext") == "python"
    assert language_of("Untitled-1", "typescriptreact") == "typescript"
    assert language_of("Untitled-2", "dockerfile") == "docker"
    assert language_of("Untitled-4", "cuda-cpp") == language_of("k.cu") == "cuda"
    assert language_of("a/index.html.erb", "erb") == language_of("Untitled-3", "django-html") == "html"
    assert language_of("", "") == ""


def test_cells_and_unsaved_buffers_get_a_telling_name():
    assert file_name("/w/nb.ipynb", "python") == "/w/nb.py"
    assert file_name("Untitled-1", "rust") == "Untitled-1.rs"
    assert file_name("a.tsx", "typescriptreact") == "a.tsx"
    assert file_name("", "python") == "untitled.py"
    assert file_name("/", "python") == "/untitled.py"
    assert file_name("Makefile", "makefile") == "Makefile"
    assert file_name("c:\\my.work\\nb.ipynb\\W0=", "python") == "c:\\my.work\\nb.ipynb\\W0=.py"
    assert file_name("c:\\my.work\\build", "shellscript") == "c:\\my.work\\build.sh"
