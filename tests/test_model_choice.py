"""Which model serves: the order of places, reloading, and a broken file that never replaces a good one."""

import json
import os
from pathlib import Path

import onnx
import pytest
from onnx import helper

from tinycode_ls import model_choice
from tinycode_ls.errors import ModelFileError
from tinycode_ls.model.card import CARD_KEY
from tinycode_ls.model_choice import SHIPPED_MODELS, Choice, ModelStore, Served, choices


@pytest.fixture
def places(tmp_path):
    for name in ("root/.tinycode", "mine", "shipped"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def put(path: Path, content: str, age: int = 0):
    path.write_text(content)
    os.utime(path, ns=(age, age))


def found(places, language="go", setting=""):
    return [
        (choice.origin, choice.path.name)
        for choice in choices(language, setting, [places / "root"], places / "mine", places / "shipped")
    ]


def test_the_order(places):
    put(places / "root/.tinycode/model.onnx", "")
    put(places / "mine/go.onnx", "")
    put(places / "mine/rust.onnx", "")
    put(places / "shipped/python.onnx", "")
    put(places / "shipped/code.onnx", "")
    rest = [("workspace", "model.onnx"), ("yours", "go.onnx"), ("shipped", "code.onnx"), ("shipped", "python.onnx")]
    assert found(places) == rest
    assert found(places, setting="/else/m.onnx") == [("setting", "m.onnx"), *rest]
    assert found(places, "python")[-2:] == [("shipped", "python.onnx"), ("shipped", "code.onnx")]
    assert ("yours", "go.onnx") not in found(places, "")


def card(path: Path, source: Path, languages: list[str]):
    """The same model, for other languages."""
    model = onnx.load(source)
    props = {item.key: item.value for item in model.metadata_props}
    helper.set_model_props(
        model, props | {CARD_KEY: json.dumps(json.loads(props[CARD_KEY]) | {"languages": languages})}
    )
    onnx.save(model, path)


def test_a_workspace_s_model_serves_the_languages_of_its_card(places, tiny_model_file):
    """Tuned on the Python of a repository, it would guess its Go worse than the shipped one. `go.onnx` beside it is for Go."""
    card(places / "root/.tinycode/model.onnx", tiny_model_file, ["python"])
    put(places / "shipped/code.onnx", "")
    assert found(places, "python")[0] == ("workspace", "model.onnx")
    assert found(places, "go") == found(places, "") == [("shipped", "code.onnx")]
    card(places / "root/.tinycode/go.onnx", tiny_model_file, ["go"])
    assert found(places, "go")[0] == ("workspace", "go.onnx")
    assert found(places, "python")[0] == ("workspace", "model.onnx")
    card(places / "root/.tinycode/model.onnx", tiny_model_file, [])
    assert found(places, "rust")[0] == ("workspace", "model.onnx")


def test_a_home_of_nobody_is_a_file_that_is_not_there(places):
    """In the setting; it is told when it is loaded, not a traceback for every question."""
    assert found(places, setting="~nobody-of-that-name/m.onnx")[0] == ("setting", "m.onnx")


class Store:
    """A model store over one file, a model being the text of it; time is what the test says."""

    def __init__(self, monkeypatch, *paths):
        self.now, self.told, self.loads = 0.0, [], []
        monkeypatch.setattr(model_choice.time, "monotonic", lambda: self.now)
        self.store = ModelStore(lambda served: [Choice(path, "x") for path in paths], self.load, self.told.append)

    def load(self, path):
        self.loads.append(path)
        if not path.exists() or "broken" in path.read_text():
            raise ModelFileError(f"{path.name}: broken")
        return path.read_text()

    def get(self):
        self.now += 2
        return self.store.get(Served("go"))


def test_a_relative_s_model_serves_before_the_general_one(places):
    """TypeScript is in the model of JavaScript."""
    for name in ("javascript", "python"):
        put(places / f"shipped/{name}.onnx", "")
    assert found(places, "typescript") == [("shipped", "javascript.onnx"), ("shipped", "python.onnx")]


@pytest.mark.parametrize(
    ("language", "first"),
    [
        ("python", "python"),
        ("typescript", "javascript"),
        ("c", "c"),
        ("cpp", "cpp"),
        ("csharp", "csharp"),
        ("php", "php"),
        ("ruby", "ruby"),
        ("crystal", "ruby"),
        ("kotlin", "mobile"),
        ("swift", "mobile"),
        ("lua", "code"),
        ("shell", "scripts"),
        ("sql", "scripts"),
        ("yaml", "documents"),
        ("markdown", "documents"),
        ("css", "web"),
        ("vue", "web"),
        ("xml", "code"),
        ("", "code"),
    ],
)
def test_what_is_shipped_for_a_language(language, first):
    """Its own model, or the one for all languages without one: never Python's accent elsewhere."""
    assert next(choices(language, "", [], Path("/nonexistent"))).path == SHIPPED_MODELS / f"{first}.onnx"


def test_a_file_is_loaded_once_and_again_when_it_changes(places, monkeypatch):
    file = places / "m.onnx"
    put(file, "one", 1)
    it = Store(monkeypatch, file)
    assert (it.get(), it.get(), len(it.loads)) == ("one", "one", 1)
    put(file, "two", 2)
    assert (it.get(), len(it.loads)) == ("two", 2)


def test_the_disk_is_not_asked_for_each_key(places, monkeypatch):
    file = places / "m.onnx"
    put(file, "one", 1)
    it = Store(monkeypatch, file)
    it.get()
    put(file, "two", 2)
    assert it.store.get(Served("go")) == "one"


def test_a_broken_version_is_told_once_and_the_old_model_stays(places, monkeypatch):
    file = places / "m.onnx"
    put(file, "one", 1)
    it = Store(monkeypatch, file)
    it.get()
    put(file, "broken", 2)
    assert (it.get(), it.get(), it.told) == ("one", "one", ["m.onnx: broken"])
    put(file, "three", 3)
    assert it.get() == "three"
    file.unlink()
    assert it.get() == "three"


def test_the_next_place_serves_for_a_broken_file(places, monkeypatch):
    put(places / "a.onnx", "broken", 1)
    put(places / "b.onnx", "good", 1)
    it = Store(monkeypatch, places / "a.onnx", places / "b.onnx")
    assert (it.get(), it.get(), it.told) == ("good", "good", ["a.onnx: broken"])


def test_no_model_says_what_to_do(places, monkeypatch):
    it = Store(monkeypatch)
    with pytest.raises(ModelFileError, match=r"no model for go.*tinycode-train tune"):
        it.get()


def test_only_the_latest_models_stay_in_memory(places):
    """A fourth language takes the place of the one that was used least lately; who comes back has that loaded anew."""
    languages, loads = ["python", "go", "rust", "c"], []
    for language in languages:
        put(places / f"{language}.onnx", "")

    def load(path):
        loads.append(path.stem)
        return path.stem

    store = ModelStore(lambda served: [Choice(places / f"{served.language}.onnx", "x")], load, print)
    assert [store.get(Served(language)) for language in [*languages, "python"]] == [*languages, "python"]
    assert loads == [*languages, "python"]
    assert [served.language for served in store.in_use()] == ["rust", "c", "python"]
