"""The whole command on small repositories with the shipped model: never into the future, the same every time."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tinycode_ls.cli import main
from tinycode_ls.index.workspace import Workspace
from tinycode_ls.model_choice import SHIPPED_MODELS
from tinycode_ls.replay.history import Situations, added_lines, draw
from tinycode_ls.replay.past import PastWorkspace
from tinycode_ls.replay.repository import Repository
from tinycode_ls.replay.retyping import Order, replay

pytestmark = pytest.mark.skipif(not list(SHIPPED_MODELS.glob("*.onnx")), reason="no shipped model in this checkout")
MODULE = (
    "class {name}Handler:\n    def handle_{low}(self, request):\n        return self.registry.lookup(request)\n\n\n"
)


@pytest.fixture
def handlers(project):
    """Six commits that each add a class much like the ones before."""
    text = "from base import registry\n\n\n"
    project.commit(handlers_py=text)
    for name in ("Alpha", "Beta", "Gamma", "Delta", "Omega", "Sigma"):
        text += MODULE.format(name=name, low=name.lower())
        project.commit(handlers_py=text)
    return project


def quietly(order: Order):
    return replay(order, lambda done, of, what: None)


def knows(workspace: Workspace, context: bytes) -> bool:
    """Whether a text of up to 32 bytes occurs."""
    if workspace.index is None:
        return False
    low, high = workspace.index.start(context)
    return bool(high[0, len(context) - 1] > low[0, len(context) - 1])


def test_what_stands_in_the_future_only_is_not_in_the_index(project) -> None:
    """Another file of the same commit, and later commits, are unknown; the parent is known."""
    project.commit(a_py="known_before = 1\n")
    same = project.commit(a_py="known_before = 1\nuse_helper()\n", helper_py="def quizzical_helper(): pass\n")
    later = project.commit(late_py="quixotic_later = 1\n")
    with Repository(project.folder) as repository:
        past = PastWorkspace(repository, 8)
        past.go_to(f"{same}^", "a.py")
        assert knows(past, b"known_before")
        assert not knows(past, b"use_helper") and not knows(past, b"quizzical") and not knows(past, b"quixotic")
        past.go_to(f"{later}^", "late.py")
        assert knows(past, b"quizzical") and not knows(past, b"quixotic")


def test_a_name_that_only_the_future_has_is_not_completed(project) -> None:
    """The same edit with the helper committed before it is completed by the index, and with it committed later is not:
    the test would see a leak."""
    use = "value = 1\n\n\nresult = zygomorphic_quernstone_lookup(value)\n"
    helper = "def zygomorphic_quernstone_lookup(value):\n    return value\n" * 3
    project.commit(a_py="value = 1\n", b_py="other = 2\n")
    project.commit(a_py=use)
    project.commit(helper_py=helper)
    project.commit(b_py="other = 2\n" + use.replace("result", "b_result"))
    report = quietly(Order(project.folder, commits=1))
    assert report.voices["index"].accepted >= 1
    last = quietly(Order(project.folder, commits=3)).voices["index"]
    with Repository(project.folder) as repository:
        found = added_lines(repository, repository.commits(3), lambda: None)
        lines = [Situations(repository).of(added) for added in draw(found, 99, 1)]
    assert [line.text for line in lines if line.path == "a.py"] == ["result = zygomorphic_quernstone_lookup(value)"]
    assert last.accepted >= report.voices["index"].accepted
    project.git("reset", "-q", "--hard", "HEAD~2")  # the helper is the future now
    alone = quietly(Order(project.folder, commits=1)).voices["index"]
    assert alone.saved < 0.15 < report.voices["index"].saved  # `value` may be completed, the name of 29 letters may not


def test_the_past_index_is_that_of_a_checkout(handlers, tmp_path: Path) -> None:
    """File by file and byte by byte, step by step through history or at once."""
    handlers.commit(docs_md="# Handlers\n", ignored__x_py="ignored = 1\n")
    (handlers.folder / ".tinycodeignore").write_text("ignored/\n")
    handlers.commit()
    with Repository(handlers.folder) as repository:
        past = PastWorkspace(repository, 8)
        for commit in ("HEAD~5", "HEAD~2", "HEAD"):
            past.go_to(commit, "handlers.py")
        handlers.git("clone", "-q", str(handlers.folder), str(tmp_path / "clone" / "project"))
        there = Workspace([tmp_path / "clone" / "project"])
        there.build()
        assert past.index is not None and there.index is not None
        assert (past.index.column == there.index.column).all()
        assert past.summary.files == there.summary.files == 2


def test_two_runs_agree_but_for_the_milliseconds(handlers) -> None:
    """Same seed, same everything."""
    first, second = (quietly(Order(handlers.folder, lines=8)).to_dict() for _ in range(2))
    for report in (first, second):
        for voice in report["voices"].values():
            assert set(voice.pop("latency_ms")) == {"p50", "p90", "p99"}
    assert first == second


def test_the_work_tree_is_not_touched(handlers) -> None:
    """Not by a byte, nor is git's own state."""
    (handlers.folder / "handlers.py").write_text("work in progress\n")
    (handlers.folder / "new.py").write_text("never committed = True\n")

    def state() -> dict[str, tuple[int, bytes]]:
        files = [path for path in handlers.folder.rglob("*") if path.is_file()]
        return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}

    before = state()
    quietly(Order(handlers.folder, lines=3))
    assert state() == before


def test_json_has_its_schema(handlers, capsys) -> None:
    """Voices, calibration bins, advice; nothing but JSON on standard output, no bar in a pipe."""
    assert main(["replay", str(handlers.folder), "--lines", "6", "--commits", "4", "--json", "--set-precision"]) == 0
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert err == "" and report["format"] == 1 and report["lines"] == 6 and report["commits"] == 4
    assert set(report["voices"]) == {"network", "index", "mixture"}
    for voice in report["voices"].values():
        assert voice["characters"] == report["voices"]["mixture"]["characters"] > 0
        assert -1 <= voice["net"] <= voice["saved"] <= 1 and 0 <= voice["precision"] <= 1
        assert sum(row["count"] for row in voice["reliability"]) == voice["shown"]
        assert 0 <= voice["calibration_error"] <= 1
    assert [row["setting"] for row in report["advice"]["settings"]] == [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    own = next(row for row in report["advice"]["settings"] if row["setting"] == report["precision"])
    assert own["net"] == report["voices"]["mixture"]["net"]
    assert max(row["net"] for row in report["advice"]["settings"]) - own["net"] == pytest.approx(
        report["advice"]["lead"]
    )


def test_the_text_names_voices_model_and_seed(handlers, capsys) -> None:
    """For a person."""
    assert main(["replay", str(handlers.folder), "--lines", "3", "--seed", "7"]) == 0
    out = capsys.readouterr().out
    for word in ("network", "index", "mixture", "python.onnx (shipped)", "seed 7", "how sure"):
        assert word in out


def test_the_mixture_saves_more_than_nothing_and_quieter_saves_less_often(handlers) -> None:
    """Repeated code is completed; with a high `precision` fewer suggestions are shown."""
    report = quietly(Order(handlers.folder, lines=10, try_settings=True))
    assert report.voices["mixture"].saved > 0.3
    assert report.advice is not None
    shown = [row.shown_per_100 for row in report.advice.settings]
    assert shown[0] >= shown[-1]


def test_settings_of_the_repository_count_and_its_own_model_is_passed_over(handlers) -> None:
    """A model tuned on this repository has read the lines; it serves only when it is named."""
    (handlers.folder / ".tinycode").mkdir()
    (handlers.folder / ".tinycode" / "model.onnx").write_bytes(b"tuned")
    (handlers.folder / ".tinycode.toml").write_text("precision = 0.8\nindex = false\nnonsense = 1\n")
    report = quietly(Order(handlers.folder, lines=2))
    assert report.precision == 0.8 and report.index_budget_mb == 0
    assert any("passed over" in note for note in report.notes) and any("nonsense" in note for note in report.notes)
    assert "shipped" in report.models["python"]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["replay", "FOLDER"], "not a git repository"),
        (["replay", "FOLDER/nowhere"], "no such folder"),
        (["replay", "PROJECT", "--model", "nowhere.onnx"], "nowhere.onnx: no such model file"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(handlers, tmp_path: Path, capsys, arguments: list[str], found: str) -> None:
    """No traceback."""
    words = [word.replace("PROJECT", str(handlers.folder)).replace("FOLDER", str(tmp_path)) for word in arguments]
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and found in err


def test_without_git_there_is_one_line(handlers, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    """Git is not installed."""
    monkeypatch.setenv("PATH", "")
    assert main(["replay", str(handlers.folder)]) == 2
    assert "install git" in capsys.readouterr().err


def test_no_torch_and_no_server_in_the_process(handlers) -> None:
    """The command runs where only the server's dependencies are installed, and loads no language server."""
    code = (
        "import sys; from tinycode_ls.cli import main; "
        f"main(['replay', {str(handlers.folder)!r}, '--lines', '1', '--json']); "
        "sys.exit(bool({'torch', 'onnx', 'tqdm', 'pygls', 'lsprotocol'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=120).returncode == 0


def test_lines_of_one_commit_tell_nothing_of_chance(handlers) -> None:
    """An interval of nothing would look like certainty."""
    report = quietly(Order(handlers.folder, commits=1, lines=2))
    assert any("one commit" in note for note in report.notes)
    assert not any("one commit" in note for note in quietly(Order(handlers.folder, lines=10)).notes)


def test_a_model_without_a_mixer_says_so(handlers, tiny_model_file: Path) -> None:
    """Then there is the network, and a note."""
    report = quietly(Order(handlers.folder, lines=2, model=str(tiny_model_file)))
    assert set(report.voices) == {"network", "mixture"} and any("no mixer" in note for note in report.notes)
