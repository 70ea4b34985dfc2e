"""The command line: quick help, one line and exit 2 for bad input, places in files."""

import io
import sys

import pytest

from tinycode_ls import complete
from tinycode_ls.check import SAMPLE, sample_of
from tinycode_ls.cli import main, parser
from tinycode_ls.complete import read_text, split_place, split_text
from tinycode_ls.errors import SettingsError, TinycodeError
from tinycode_ls.suggestion import Source, Suggestion


class FakeBackend:
    def __init__(self, on_problem):
        self.on_problem = on_problem

    def configure(self, settings, roots):
        if settings.model:
            self.on_problem(f"{settings.model}: no such file; name a model file")
        return True

    def build_index(self, report, deadline):
        pass

    def complete(self, request, deadline):
        return [Suggestion("x)", 0.8)] if request.left.endswith("print(") else []

    def explain(self, suggestion):
        return (Source(0.7, "a.py", 3), Source(0.3))

    def status(self):
        model = {"language": "python", "path": "m.onnx", "origin": "shipped", "bytes": 3_500_000, "name": "m"}
        return {"models": [model], "index": {"files": 2, "bytes": 1000, "complete": True}, "problem": ""}


@pytest.fixture(autouse=True)
def fake(monkeypatch):
    monkeypatch.setattr(complete, "LocalBackend", FakeBackend)


def test_every_flag_has_help():
    for action in parser()._actions:
        assert action.help


def test_complete_prints_the_text_on_stdout_and_where_from_on_stderr(tmp_path, capsys):
    file = tmp_path / "a.py"
    file.write_text("print(\nrest\n")
    assert main(["complete", f"{file}:1"]) == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("x)\n", "  80 %; 70 % from a.py:3, 30 % model\n")


def test_complete_as_json_from_standard_input(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"print("), "ascii"))
    assert main(["complete", "-", "--json"]) == 0
    assert '"text": "x)"' in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments, found, remedy",
    [
        (["complete", "nowhere.py"], "nowhere.py: No such file", "expected a file that can be read"),
        (["complete", "."], ".: Is a directory", "expected a file"),
        (["complete", "FILE:9"], "there is no line 9", "expected 1 to 1"),
        (["complete", "FILE", "--path", "b.rs"], "--path is what standard input is called", "leave it out"),
        (["complete", "FILE", "--model", "m.onnx"], "m.onnx: no such file", "name a model file"),
        (["--tcp", "localhost"], "--tcp localhost", "expected HOST:PORT"),
        (["--tcp", "localhost:99999"], "--tcp localhost:99999", "expected HOST:PORT"),
        (["--tcp", "localhost:²"], "--tcp localhost:²", "expected HOST:PORT"),
        (["--tcp", "0.0.0.0:8765"], "--tcp 0.0.0.0:8765", "of this machine alone"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(tmp_path, capsys, arguments, found, remedy):
    file = tmp_path / "a.py"
    file.write_text("print(")
    assert main([argument.replace("FILE", str(file)) for argument in arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and err.startswith("tinycode-ls: ")
    assert found in err and remedy in err


def test_a_damaged_model_that_was_not_named_is_told_and_passed_over(tmp_path, capsys, monkeypatch):
    class WithDamagedModel(FakeBackend):
        def configure(self, settings, roots):
            self.on_problem("model.onnx: not a model; tune again")

    monkeypatch.setattr(complete, "LocalBackend", WithDamagedModel)
    file = tmp_path / "a.py"
    file.write_text("print(")
    assert main(["complete", str(file)]) == 0
    out, err = capsys.readouterr()
    assert out == "x)\n" and err.startswith("tinycode-ls: model.onnx: not a model; tune again\n")


def test_complete_names_the_settings_that_are_ignored(tmp_path, monkeypatch, capsys):
    """A value out of range, as `check` names it; the rest counts."""
    (tmp_path / ".tinycode.toml").write_text("max_lines = 0\n")
    (tmp_path / "a.py").write_text("print(")
    monkeypatch.chdir(tmp_path)
    assert main(["complete", "a.py"]) == 0
    printed = capsys.readouterr()
    assert printed.out == "x)\n"
    assert ".tinycode.toml: setting 'max_lines' is 0; expected a whole number from 1 to 1000; ignored" in printed.err


def test_check_names_the_models_of_the_folder_and_what_silences(tmp_path, tiny_model_file, capsys, monkeypatch):
    """One that serves another language than the sample's is not loaded for it."""
    (tmp_path / ".tinycode").mkdir()
    (tmp_path / ".tinycode" / "lua.onnx").write_bytes(tiny_model_file.read_bytes())
    (tmp_path / ".tinycode.toml").write_text("enabled = false\nindex = false\n")
    monkeypatch.chdir(tmp_path)
    main(["check"])
    said = capsys.readouterr().out
    assert "lua.onnx: for python\n" in said and "index: off, by the setting `index`\n" in said
    assert "suggestions: none, by the setting `enabled`" in said


def test_check_tries_the_language_of_the_folder(tmp_path):
    """Not another one's model."""
    (tmp_path / "README.md").write_text("words " * 500)
    (tmp_path / "a.go").write_text("package a\n\n" + "".join(f"func f{n}() int {{ return {n} }}\n" for n in range(50)))
    name, text, typed = sample_of(tmp_path)
    assert name == "a.go" and (tmp_path / name).read_text().startswith(text + typed)
    (tmp_path / "a.go").unlink()
    assert sample_of(tmp_path) == SAMPLE


def test_check_reports_and_fails_when_nothing_can_work(capsys):
    assert main(["check"]) == 0
    assert "m.onnx (shipped), 3.5 MB" in capsys.readouterr().out
    assert main(["check", "--model", "m.onnx", "--json"]) == 2
    assert '"works": false' in capsys.readouterr().out


@pytest.mark.parametrize(
    "place, parts",
    [
        ("a.py", ("a.py", None, None)),
        ("a.py:3", ("a.py", 3, None)),
        ("a.py:3:7", ("a.py", 3, 7)),
        ("a:b.py:3", ("a:b.py", 3, None)),
        ("-", ("-", None, None)),
        ("-:2:1", ("-", 2, 1)),
        ("a.py:²", ("a.py:²", None, None)),
        ("a.py:" + "1" * 5000, ("a.py:" + "1" * 5000, None, None)),
    ],
)
def test_places(place, parts):
    assert split_place(place) == parts


def test_a_file_with_a_colon_in_its_name(tmp_path):
    file = tmp_path / "a.py:3"
    file.write_text("x")
    assert split_place(str(file)) == (str(file), None, None)


@pytest.mark.parametrize(
    "place, left, right",
    [
        ("F", "ab\ncd\n", ""),
        ("F:1", "ab", "\ncd\n"),
        ("F:2:2", "ab\nc", "d\n"),
        ("F:2:99", "ab\ncd", "\n"),
        ("F:3", "ab\ncd\n", ""),
    ],
)
def test_text_around_a_place(place, left, right):
    text = read_text("-", io.BytesIO(b"ab\r\ncd\n"))
    assert split_text(text, place, *split_place(place)[1:]) == (left, right)


def test_text_that_is_not_utf8_nor_what_the_locale_says(tmp_path):
    file = tmp_path / "a.py"
    file.write_bytes(b"\xff\xfe")
    assert read_text(str(file), None) == read_text("-", io.BytesIO(b"\xff\xfe")) == "\ufffd\ufffd"


def test_what_an_editor_leaves_alone_is_not_read(tmp_path, monkeypatch, capsys):
    """A secret by its name, or by what standard input is called; a file of the folder that its settings name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(complete, "read_text", lambda path, standard_input: pytest.fail("was read"))
    (tmp_path / ".tinycode.toml").write_text("disabled_files = ['docs/**']\n")
    for arguments, reason in (
        ([".env"], ".env: no suggestions: a file that may hold secrets"),
        (["-", "--path", "x/id_rsa"], "x/id_rsa: no suggestions: a file that may hold secrets"),
        (["docs/conf.py:3"], "docs/conf.py: no suggestions: the file matches `disabled_files`"),
    ):
        assert main(["complete", *arguments]) == 2
        assert capsys.readouterr() == ("", f"tinycode-ls: {reason}\n")


@pytest.mark.parametrize(
    "arguments", [["replay", "--lines", "x"], ["replay", "--commits", "²"], ["complete", "-n", "0", "-"]]
)
def test_a_number_that_is_none_is_said_in_words(capsys, arguments):
    with pytest.raises(SystemExit):
        main(arguments)
    assert "; expected a whole number from 1\n" in capsys.readouterr().err


def test_errors_are_of_one_tree():
    assert issubclass(SettingsError, TinycodeError)
