"""`--why FILE`: one sentence that agrees with what a build does."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tinycode_ls.errors import CorpusError
from trainer.corpus.build import build_corpus
from trainer.corpus.explain import explain_file
from trainer.lessons import TRAINED_SUFFIXES

Code = Callable[..., str]
Tree = Callable[..., Path]


@pytest.fixture
def project(tree: Tree, code: Code) -> Path:
    files: dict[str, str | bytes] = {
        "src/a.py": code(1),
        "src/deep/b.py": code(2),
        "blank.py": "\n",
        "vendor/c.py": code(3),
    }
    files |= {"d.json": '{"a": 1}\n', "Makefile": "all:\n\ttrue\n", "deploy.mk": "go:\n\tfalse\n"}
    files |= {".env": "PASSWORD=x\n", "noise.py": code(4), ".gitignore": "noise.py\n", "photo.png": b"\x89PNG"}
    root = tree("project", files)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


@pytest.mark.parametrize("suffixes", [None, TRAINED_SUFFIXES])
def test_answers_agree_with_the_build(project: Path, tmp_path: Path, suffixes: set[str] | None) -> None:
    """A file is said to be kept exactly when it is in the corpus that is built of the same folder."""
    kept = {document.path for document in build_corpus([project], tmp_path / "out", suffixes=suffixes).files}
    for path in project.rglob("*"):
        if path.is_file() and ".git" not in path.parts:
            name = path.relative_to(project).as_posix()
            assert (f"{path}: kept" in explain_file(path, [project], suffixes)) == (name in kept), name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("src/a.py", "kept (python, "),
        ("src/a.py", 'headed "src/a.py"'),
        ("src/deep/b.py", 'headed "deep/b.py"'),
        ("blank.py", "left out, empty"),
        ("vendor/c.py", "left out, vendored or built (vendor/)"),
        (".env", "left out, a secret by its name; never opened"),
        ("noise.py", "left out, ignored (by git"),
        ("d.json", "left out, json (.json) is trained on only where the file itself is named"),
        ("Makefile", "left out, make (Makefile) is trained on only"),
        ("deploy.mk", "kept (make, "),
        ("photo.png", "left out, not a source file (.png)"),
    ],
)
def test_each_reason_is_said(project: Path, name: str, said: str) -> None:
    """Each file's fate comes with its reason."""
    assert said in explain_file(project / name, [project], TRAINED_SUFFIXES)


def test_file_elsewhere_and_single_file(project: Path, tree: Tree) -> None:
    """A file outside what is trained on is said to be so; one that is itself the root is judged alone."""
    assert "left out, not below" in explain_file(tree("other", {"x.py": "x = 1\n"}) / "x.py", [project])
    assert 'headed "a.py"' in explain_file(project / "src" / "a.py", [project / "src" / "a.py"])
    assert 'headed "a.py"' in explain_file(project / "src" / "a.py")
    assert "kept (json" in explain_file(project / "d.json", [project / "d.json"])


def test_a_file_is_known_by_any_name(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `..` in it, through a link, from another folder; the header is that of the file's own place."""
    (project / "link").symlink_to(project / "src", target_is_directory=True)
    monkeypatch.chdir(project)
    for name in ("src/../src/a.py", "link/a.py", "src/deep/../a.py"):
        assert 'headed "src/a.py"' in explain_file(name, ["."]), name
    monkeypatch.chdir(project / "src")
    assert explain_file("../d.json", ["."]) == "../d.json: left out, not below ."
    assert 'headed "src/a.py"' in explain_file("a.py", [".."])


def test_absent_file_and_folder_are_errors(project: Path) -> None:
    """What cannot be asked about is one clear line."""
    with pytest.raises(CorpusError, match="not found; name a file that exists"):
        explain_file(project / "absent.py")
    with pytest.raises(CorpusError, match="a folder; name one file in it"):
        explain_file(project)
    for given in ((project / ("x" * 300),), (project / "src" / "a.py", [project / ("x" * 300)])):
        with pytest.raises(CorpusError, match="File name too long; name "):
            explain_file(*given)
