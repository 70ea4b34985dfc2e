"""The report of a real, tiny run: what stands in the page, that it needs nothing else, and what bad input says."""

import builtins
import json
import os
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from tinycode_ls.errors import TrainingError
from trainer.breakdown import CLASS_NAMES, Breakdown, class_table
from trainer.cli import main
from trainer.history import read_history
from trainer.report import judge, write_report

FLAGS = [
    *("--hidden", "24", "--embedding", "8", "--batch", "4", "--sequence", "16", "--validate-every", "20"),
    *("--steps", "60", "--precision", "float32", "--threads", "1", "--device", "cpu", "--quiet"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over Python and Go."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "source").mkdir()
    for number in range(40):
        python = [f"def name_{number}_{i}(first, second):\n    return first * {i} + second\n\n\n" for i in range(20)]
        go = [f"func name{number}x{i}(a int) int {{\n\treturn a + {i} // <é>\n}}\n\n" for i in range(20)]
        (folder / "source" / f"file{number}.py").write_text("".join(python))
        (folder / "source" / f"file{number}.go").write_text("".join(go), "utf-8")
    assert main(["fit", str(folder / "source"), "--out", str(folder / "tiny.onnx"), *FLAGS]) == 0
    return folder / "tiny.run"


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(made, tmp_path / "tiny.run"))


class Links(HTMLParser):
    """What a browser would fetch or run, and whether each element that was opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.outside: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """References to the page itself are fine."""
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "data") and not (value or "").startswith(("#", "data:")):
                self.outside.append(f"{tag} {name}={value}")


def links(page: str) -> Links:
    """Of a whole page."""
    found = Links()
    found.feed(page)
    return found


def test_the_page_shows_the_run_and_needs_nothing_else(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Four curves, both languages, confusion, samples; no script, nothing from elsewhere; the pictures as PNG too."""
    assert main(["report", str(run), "--png"]) == 0
    page = (run / "report.html").read_text("utf-8")
    found = links(page)
    assert not found.outside and "script" not in found.tags and "link" not in found.tags
    assert found.tags.count("svg") == 6
    for text in ("bits a byte", "learning rate", "gradient norm", "share of next bytes right", "loss, nats"):
        assert text in page
    for text in ("<td>python</td>", "<td>go</td>", "<td>not ASCII</td>", "stood there", "step 20", "step 60"):
        assert text in page, text
    pictures = sorted(path.name for path in run.glob("*.png"))
    assert len(pictures) == 6 and "report-gradient-norm.png" in pictures
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in run.glob("*.png"))
    assert len(capsys.readouterr().out.splitlines()) == 7


def test_the_same_run_gives_the_same_page(run: Path) -> None:
    """No dates, no random ids."""
    one, other = run / "one.html", run / "other.html"
    for out in (one, other):
        write_report([run], out, 3000, png=False)
    assert one.read_bytes() == other.read_bytes()


def test_a_page_on_private_code_is_private(run: Path) -> None:
    """As the model file that `tune` writes: it quotes what was held out."""
    order = run / "run.json"
    order.write_text(json.dumps(json.loads(order.read_text()) | {"mode": 0o600}))
    write_report([run], run / "report.html", 0, png=True)
    assert (run / "report.html").stat().st_mode & 0o777 == (run / "report-bits.png").stat().st_mode & 0o777 == 0o600
    assert "Not measured: --bytes is 0." in (run / "report.html").read_text("utf-8")


def test_several_runs_are_compared(run: Path, tmp_path: Path) -> None:
    """Two lines in one picture, and only what differs of the recipes; folders of one name are told apart."""
    second = Path(shutil.copytree(run, tmp_path / "deeper" / "tiny.run"))
    recipe = json.loads((second / "recipe.json").read_text())
    (second / "recipe.json").write_text(json.dumps(recipe | {"learning_rate": 0.123}))
    write_report([run, second], tmp_path / "both.html", 2000, png=False)
    page = (tmp_path / "both.html").read_text("utf-8")
    assert "deeper/tiny, held out" in page and "<td>0.123</td>" in page and "<td>hidden</td>" not in page


def test_figures_are_those_of_the_model(run: Path) -> None:
    """The breakdown's whole is the held-out quality that training measured, and its parts add up."""
    found = judge(run, 10**9).breakdown
    assert found is not None
    assert found.whole.bits == pytest.approx(read_history(run).validations[-1]["bits"], rel=0.15)
    for parts in (found.languages, found.classes):
        assert sum(tally.count for tally in parts.values()) == found.whole.count == found.confusion.sum()
        assert sum(tally.lost for tally in parts.values()) == pytest.approx(found.whole.lost, rel=1e-4)
    assert found.whole.hits == np.trace(found.confusion)


def test_a_breakdown_by_hand() -> None:
    """`a` right with certainty, `b` taken for a space."""
    logits = np.full((2, 256), -100, np.float32)
    logits[0, ord("a")] = logits[1, ord(" ")] = 0
    found = Breakdown()
    found.add("c", np.frombuffer(b"ab", np.uint8), logits)
    assert found.worst() == [(ord("b"), ord(" "), 1)] and found.whole.accuracy == 0.5
    letters = CLASS_NAMES.index("a-z")
    assert found.by_class()[letters, letters] == found.by_class()[letters, CLASS_NAMES.index("space")] == 0.5
    assert (class_table()[128:] == len(CLASS_NAMES) - 1).all()


def test_an_interrupted_run(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Half a line at the end, no model, no corpus: said in one line each, and the curves are there."""
    with (run / "metrics.jsonl").open("a") as file:
        file.write('{"kind": "step", "step": 70, "bi')
    (run / "model.onnx").unlink()
    assert main(["report", str(run)]) == 0
    page = (run / "report.html").read_text("utf-8")
    assert "1 damaged line(s)" in capsys.readouterr().err and "1 damaged line(s)" in page
    assert "has not exported a model yet" in page and page.count("<svg") == 4


def test_a_corpus_that_is_gone_or_another_is_said_in_the_page(run: Path) -> None:
    """The rest of the page stays."""
    card = run / "corpus" / "corpus.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"hash": "0" * 64}))
    write_report([run], run / "report.html", 1000, png=False)
    assert "the corpus has changed since the run" in (run / "report.html").read_text("utf-8")
    shutil.rmtree(run / "corpus")
    write_report([run], run / "report.html", 1000, png=False)
    assert "no whole corpus here" in (run / "report.html").read_text("utf-8")


def test_a_run_on_a_built_corpus_is_judged_on_that(run: Path, tmp_path: Path) -> None:
    """Not on what an earlier run left in the folder."""
    built = Path(shutil.copytree(run / "corpus", tmp_path / "built"))
    order = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(order | {"paths": [str(built)]}))
    card = run / "corpus" / "corpus.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"hash": "0" * 64}))
    assert judge(run, 1000).breakdown is not None


def test_steps_taken_again_after_a_kill_count_once(run: Path) -> None:
    """The later record of a step is the one of the run that went on."""
    lines = (run / "metrics.jsonl").read_text().splitlines()
    again = [line for line in lines if json.loads(line)["step"] >= 30]
    (run / "metrics.jsonl").write_text("\n".join(lines + again) + "\n")
    history = read_history(run)
    assert list(history.column("step")) == [1, 10, 20, 30, 40, 50, 60]
    assert [record["step"] for record in history.samples] == [20, 40, 60]


@pytest.mark.parametrize("spoil", ["absent", "no metrics", "empty", "noise", "recipe", "deep"])
def test_what_is_no_run_is_one_line(run: Path, spoil: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Named, with what was expected; nothing is written."""
    if spoil == "absent":
        shutil.rmtree(run)
    elif spoil == "no metrics":
        (run / "metrics.jsonl").unlink()
    elif spoil == "recipe":
        (run / "recipe.json").write_text("{")
    elif spoil == "deep":
        (run / "recipe.json").write_text("[" * 100_000)
    else:
        (run / "metrics.jsonl").write_bytes(b"" if spoil == "empty" else b"\xff\x00\n[1]\n{}\n3\n")
    assert main(["report", str(run)]) == 2
    errors = capsys.readouterr().err
    assert len(errors.splitlines()) == 1 and "tiny.run" in errors and ";" in errors
    assert not (run / "report.html").exists()


def test_fewer_bytes_than_none_is_one_line(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As of the other commands; it was taken for none."""
    assert main(["report", str(run), "--bytes", "-1"]) == 2
    assert capsys.readouterr().err == "tinycode-train: --bytes is -1; expected 0 or more\n"


@pytest.mark.parametrize("name", ["a$\\frac$", "$_$_$", os.fsdecode(b"bad\xff"), "red\x1b[31m"])
def test_a_folder_may_have_any_name(run: Path, name: str) -> None:
    """One that looks like a formula, is no text, or would colour the terminal."""
    page = run.parent / "page.html"
    assert main(["report", str(run.rename(run.with_name(f"{name}.run"))), "--bytes", "0", "--out", str(page)]) == 0
    shown = name.encode("ascii", "backslashreplace").decode().replace("\x1b", r"\x1b")
    assert page.read_text("utf-8").count(f"{shown}, training") == 4


def test_a_record_of_somebody_else_spoils_no_page(run: Path) -> None:
    """Half a character, a number beyond all, a list without an end: written as a question mark, or passed over."""
    step = json.loads((run / "metrics.jsonl").read_text().splitlines()[0]) | {"step": 61}
    sample = {"kind": "sample", "step": 61, "prompt": "<script>\ud800", "text": ""}
    with (run / "metrics.jsonl").open("a") as file:
        file.write("\n".join([json.dumps(step | {"bits": 10**400}), json.dumps(sample), "[" * 100_000]) + "\n")
    assert main(["report", str(run), "--bytes", "0"]) == 0
    page = (run / "report.html").read_text("utf-8")
    assert "2 damaged line(s)" in page and "&lt;script&gt;?" in page and "<script" not in page


def test_without_matplotlib_it_says_what_to_install(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line with the command."""
    import sys

    real = builtins.__import__

    def without(name: str, *rest: object, **more: object) -> object:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.delitem(sys.modules, "trainer.charts", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(TrainingError, match="pip install matplotlib"):
        write_report([run], run / "report.html", 0, png=False)
