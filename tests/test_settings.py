"""Settings: later layers win, what is wrong is named and ignored, a workspace cannot point outside itself."""

import os
from dataclasses import fields
from pathlib import Path

import pytest

from tinycode_ls.settings import Layer, Settings, camel_case, from_editor, merge, read_toml, snake_case


def test_every_setting_has_a_default_and_one_sentence():
    for entry in fields(Settings):
        sentence = entry.metadata["sentence"]
        assert sentence.endswith(".") and sentence.count(". ") == 0, entry.name


def test_later_layers_win_and_null_is_no_value():
    settings, problems = merge(
        [Layer("a", {"precision": 0.3, "max_lines": 3}), Layer("b", {"precision": 1, "maxLines": None})]
    )
    assert (settings.precision, settings.max_lines, problems) == (1.0, 3, [])


@pytest.mark.parametrize(
    "key, value, expected",
    [
        ("precison", 0.5, "unknown; expected one of enabled, model, precision"),
        ("precision", 2, "expected a number from 0 to 1"),
        ("precision", "high", "expected a number from 0 to 1"),
        ("precision", True, "expected a number from 0 to 1"),
        ("timeoutMs", 1.5, "expected a whole number from 10 to 60000"),
        ("enabled", 1, "expected true or false"),
        ("disabledFiles", "*.md", "expected a list of strings"),
        ("disabledFiles", [1], "expected a list of strings"),
        ("logLevel", "loud", "expected debug or info or warning or error"),
        ("model", 3, "expected a string"),
    ],
)
def test_what_is_wrong_is_named_and_ignored(key, value, expected):
    settings, (problem,) = merge([Layer("initializationOptions", {key: value})])
    assert settings == Settings()
    assert problem.startswith(f"initializationOptions: setting {key!r} is ") and expected in problem


def test_a_pattern_that_is_none_is_named_and_the_others_count():
    settings, problems = merge([Layer("w", {"disabledFiles": ["*.md", "!", "a\\"]})])
    assert settings == Settings(disabled_files=("*.md",))
    assert problems == [
        f"w: setting 'disabledFiles' has {glob!r}; expected a pattern as in a .gitignore; ignored"
        for glob in ("!", "a\\")
    ]


def test_a_workspace_cannot_choose_files_outside_itself():
    settings, problems = merge([Layer("w", {"log_file": "/etc/x", "model": "/etc/y", "precision": 0.9}, trusted=False)])
    assert settings == Settings(precision=0.9)
    assert len(problems) == 2 and "not taken from a workspace" in problems[0]


def test_a_toml_file(tmp_path: Path):
    file = tmp_path / ".tinycode.toml"
    assert read_toml(file, trusted=False) == (Layer(str(file), {}, False), [])
    file.write_text("precision = 0.7\ndisabled-languages = ['markdown']\n")
    layer, problems = read_toml(file, trusted=False)
    assert merge([layer])[0] == Settings(precision=0.7, disabled_languages=("markdown",)) and not problems


def test_a_toml_file_with_a_byte_order_mark(tmp_path: Path):
    """As PowerShell and older editors of Windows write it."""
    (tmp_path / "s.toml").write_text("precision = 0.7\r\n", encoding="utf-8-sig")
    layer, problems = read_toml(tmp_path / "s.toml", trusted=True)
    assert (layer.values, problems) == ({"precision": 0.7}, [])


def test_a_toml_file_without_an_end(tmp_path: Path):
    """A repository may hold a link to a device that never ends; a pipe would be waited for."""
    file = tmp_path / ".tinycode.toml"
    file.symlink_to("/dev/zero")
    _, (problem,) = read_toml(file, trusted=False)
    assert "not a regular file" in problem
    file.unlink()
    os.mkfifo(file)
    assert read_toml(file, trusted=False)[1] == [problem]
    file.unlink()
    file.write_bytes(b"#" * 1_000_001)
    _, (problem,) = read_toml(file, trusted=False)
    assert "larger than 1000000 bytes" in problem


@pytest.mark.parametrize("content", [b"precision = ", b"\xff\xfe", b"= 3", b"a = " + b"[" * 20_000])
def test_a_toml_file_that_cannot_be_read_is_one_sentence(tmp_path: Path, content: bytes):
    file = tmp_path / ".tinycode.toml"
    file.write_bytes(content)
    layer, (problem,) = read_toml(file, trusted=True)
    assert layer.values == {} and str(file) in problem and "mend or remove" in problem and "\n" not in problem


@pytest.mark.parametrize("value", [{"maxLines": 2}, {"tinycode": {"max_lines": 2}}])
def test_what_an_editor_sends(value):
    layer, _ = from_editor("settings", value)
    assert merge([layer])[0].max_lines == 2


@pytest.mark.parametrize("value", [None, [], {}, {"tinycode": None}, {"tinycode": []}])
def test_nothing_is_no_setting(value):
    """Lua writes an empty object as an empty array."""
    layer, problems = from_editor("settings", value)
    assert (layer.values, problems) == ({}, [])


@pytest.mark.parametrize("value", [[1], "x", 3, {"tinycode": "x"}])
def test_what_no_editor_should_send(value):
    layer, (problem,) = from_editor("settings", value)
    assert layer.values == {} and "expected an object" in problem


def test_names_in_both_spellings():
    for entry in fields(Settings):
        assert snake_case(camel_case(entry.name)) == entry.name
