"""What is there to learn, by the model that is shipped for it."""

import json
from pathlib import Path

import onnx
import pytest
from onnx import helper

from tinycode_ls.errors import TrainingError
from tinycode_ls.model.card import CARD_KEY
from trainer import lessons as module
from trainer.corpus.store import open_corpus
from trainer.lessons import Lesson, left_alone, lesson_in, lessons, model_name
from trainer.run_corpus import prepare_corpus


def write(folder: Path, sizes: dict[str, int]) -> Path:
    """Files of some sizes."""
    for name, size in sizes.items():
        (folder / name).write_text("".join(f"x{number} = {number}\n" for number in range(size // 10)))
    return folder


def names(found: list[Lesson]) -> list[tuple[str, tuple[str, ...]]]:
    """Model and languages of each."""
    return [(lesson.base.name, lesson.languages) for lesson in found]


def test_each_language_is_for_the_model_that_serves_it(tmp_path: Path) -> None:
    """Most code first: neither the number of files nor prose decides."""
    write(tmp_path, {"a.py": 9000, "b.js": 1000, "c.ts": 3000, "d.js": 100, "README.md": 50_000, "data.json": 90_000})
    assert names(lessons([tmp_path])) == [
        ("python.onnx", ("python",)),
        ("javascript.onnx", ("typescript", "javascript")),
        ("documents.onnx", ("markdown",)),
    ]


@pytest.mark.parametrize(("c", "base"), [(1000, "cpp.onnx"), (9000, "c.onnx")])
def test_headers_go_with_most_of_the_rest(tmp_path: Path, c: int, base: str) -> None:
    """`.h` is C by its name, and C++ in most repositories of it."""
    found = lessons([write(tmp_path, {"a.cpp": 5000, "a.h": 1000, "b.c": c})])
    assert found[0].base.name == base and "c" in found[0].languages


def test_a_folder_without_code_has_the_model_for_everything(tmp_path: Path) -> None:
    """Its emptiness is told by who reads it."""
    assert names(lessons([tmp_path])) == [("code.onnx", ())]


def test_a_language_is_asked_for_by_name(tmp_path: Path) -> None:
    """One that is not there is one line that says what is."""
    found = lessons([write(tmp_path, {"a.py": 9000, "b.ts": 3000})])
    assert lesson_in(found, "") is lesson_in(found, "python") is found[0]
    assert lesson_in(found, "typescript") is found[1]
    assert [model_name(lesson, found, tmp_path) for lesson in found] == ["model", "javascript"]
    with pytest.raises(TrainingError, match="--language is go; expected one of what is there: python, typescript"):
        lesson_in(found, "go")


def test_the_repository_s_model_stays_that_of_its_languages(tmp_path: Path, tiny_model_file: Path) -> None:
    """Of a folder in another language, of a repository where another has got ahead: that one's is another file."""
    script = lessons([write(tmp_path, {"b.ts": 3000})])
    assert model_name(script[0], script, tmp_path) == "model"
    of_python = onnx.load(tiny_model_file)
    words = {item.key: item.value for item in of_python.metadata_props}
    words[CARD_KEY] = json.dumps(json.loads(words[CARD_KEY]) | {"languages": ["python"]})
    helper.set_model_props(of_python, words)
    onnx.save(of_python, tmp_path / "model.onnx")
    assert model_name(script[0], script, tmp_path) == "javascript"
    own = lessons([write(tmp_path, {"a.py": 9000})])
    assert model_name(own[0], own, tmp_path) == "model"
    (tmp_path / "python.onnx").touch()  # serves before the repository's
    assert model_name(own[0], own, tmp_path) == "python"


def test_what_is_not_read_does_not_decide(tmp_path: Path) -> None:
    """Neither vendored nor generated code, nor what was packed for browsers, however much of it is tracked."""
    (tmp_path / "vendor").mkdir()
    write(tmp_path, {"a.py": 5000, "api.pb.go": 90_000, "vendor/b.go": 90_000, "bundle.js": 1_500_000})
    (tmp_path / "packed.js").write_text("x=1;" * 30_000)
    assert names(lessons([tmp_path])) == [("python.onnx", ("python",))]


def test_what_is_worth_a_model_of_its_own_is_told(tmp_path: Path) -> None:
    """Neither little of it nor prose."""
    found = lessons([write(tmp_path, {"a.py": 600_000, "b.ts": 90_000, "c.go": 20_000, "d.md": 300_000})])
    assert [lesson.base.name for lesson in left_alone(found, found[0])] == ["javascript.onnx"]
    assert [lesson.base.name for lesson in left_alone(found, found[1])] == ["python.onnx"]


def test_only_files_of_the_languages_are_read(tmp_path: Path) -> None:
    """By prepare_corpus."""
    (tmp_path / "source").mkdir()
    source = write(tmp_path / "source", {"a.py": 9000, "b.py": 5000, "c.ts": 7000})
    prepare_corpus([source], tmp_path / "run", ("python",))
    assert set(open_corpus(tmp_path / "run" / "corpus").languages) == {"python"}


def test_no_shipped_model_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what to give instead."""
    monkeypatch.setattr(module, "choices", lambda *_, **__: iter(()))
    with pytest.raises(TrainingError, match="--base MODEL"):
        lessons([tmp_path])
