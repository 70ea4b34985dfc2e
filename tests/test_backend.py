"""The glue between server and engine: what is made anew when, and that a problem is one message."""

import pytest

from tinycode_ls import backend as module
from tinycode_ls.backend import LocalBackend
from tinycode_ls.deadline import Deadline
from tinycode_ls.errors import ModelFileError
from tinycode_ls.settings import Settings
from tinycode_ls.suggestion import Explanation, Request, Source, Suggestion


class FakeCompleter:
    def __init__(self, models, workspace):
        self.models, self.workspace = models, workspace

    def complete(self, request, deadline):
        self.models(request)
        return [Suggestion("found", 1.0)]


@pytest.fixture
def told(monkeypatch):
    monkeypatch.setattr("tinycode_ls.completer.Completer", FakeCompleter)
    return []


def ask(backend, path="a.py"):
    return [suggestion.text for suggestion in backend.complete(Request(path, "", ""), Deadline())]


def test_only_other_folders_or_budgets_ask_for_a_new_index(told, tmp_path):
    backend = LocalBackend(told.append)
    assert backend.configure(Settings(), (tmp_path,))
    assert not backend.configure(Settings(precision=0.9), (tmp_path,))
    assert backend.configure(Settings(index_budget_mb=2), (tmp_path,))
    assert not backend.configure(Settings(index=False), (tmp_path,))
    assert not backend.configure(Settings(), ())


def test_a_folder_s_model_serves_its_own_files(told, tmp_path, tiny_model_file):
    """In a window with two folders, the model tuned on one would guess the other's files worse than the shipped one."""
    tuned, plain, file = tmp_path / "tuned", tmp_path / "plain", tmp_path / "tuned/.tinycode/model.onnx"
    for folder in (plain, file.parent):
        folder.mkdir(parents=True)
    file.write_bytes(tiny_model_file.read_bytes())
    backend = LocalBackend(told.append)
    backend.configure(Settings(), (tuned, plain))
    for folder in (plain, tuned):
        path = folder / "a.py"
        backend.complete(Request("a.py", "", "", uri=path.as_uri()), Deadline())
        backend.warm_up(str(path))
    assert [(used["language"], used["origin"]) for used in backend.status()["models"]] == [
        ("python", "shipped"),
        ("python", "workspace"),
    ]
    backend.configure(Settings(), (tuned,))
    assert ask(backend, "/elsewhere/a.py") and backend.status()["models"][0]["origin"] == "workspace"


def test_a_model_that_is_not_there_is_one_message_and_silence(told, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "choices", lambda *more: iter(()))
    backend = LocalBackend(told.append)
    backend.configure(Settings(), ())
    assert ask(backend) == ask(backend) == []
    assert len(told) == 1 and "no model for python" in told[0]
    assert backend.status()["problem"] == told[0]


def test_no_model_is_loaded_before_there_is_a_document(told):
    backend = LocalBackend(told.append)
    backend.configure(Settings(), ())
    backend.warm_up("")
    assert backend.status()["models"] == []
    backend.warm_up("a.go")
    assert [model["language"] for model in backend.status()["models"]] == ["go"]


def test_a_model_that_is_named_is_loaded_at_once(told):
    """It serves every document; where it cannot, one message says so before the first."""
    backend = LocalBackend(told.append)
    backend.configure(Settings(model="/nowhere/m.onnx"), ())
    backend.warm_up("")
    assert len(told) == 1 and "/nowhere/m.onnx" in told[0]


def test_a_problem_that_goes_is_forgotten(told, monkeypatch):
    backend = LocalBackend(told.append)
    backend.configure(Settings(), ())
    models = iter([ModelFileError("broken"), None])

    def model_for(request):
        if error := next(models):
            raise error

    monkeypatch.setattr(backend, "_model_for_request", model_for)
    assert ask(backend) == [] and backend.status()["problem"] == "broken"
    assert ask(backend) and backend.status()["problem"] == ""


def test_an_explanation_in_words():
    found = Explanation(Suggestion("x", 0.82), (Source(0.7, "src/db.py", 118), Source(0.3)), ("file:///w/src/db.py",))
    assert found.summary == "82 %; 70 % from src/db.py:118, 30 % model"
    assert Explanation(Suggestion("x", 0.5), (), ()).summary == "50 %"
    unnamed = Explanation(Suggestion("x", 0.4), (Source(0.9), Source(0.1, "", 3)), ())
    assert unnamed.summary == "40 %; 90 % model, 10 % from line 3"


def test_a_model_is_named_once_for_files_of_a_folder_and_of_none(told, tmp_path):
    backend = LocalBackend(told.append)
    backend.configure(Settings(), (tmp_path,))
    for path in (tmp_path / "a.go", "/elsewhere/a.go"):
        backend.warm_up(str(path))
    assert [model["language"] for model in backend.status()["models"]] == ["go"]
