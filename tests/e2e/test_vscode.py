"""In a real VS Code workbench (code-server in chromium): the packaged extension; type, accept, undo, save."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from accepts import cases
from places import PROJECT, editor
from workbench import Workbench, build_extension

FAKE = PROJECT / "tests" / "fake_server.py"
KNOWN_ANSWERS = [sys.executable, str(FAKE), "/nowhere/settings.toml"]
LINE = "frobnicate_the_quux(alpha, beta)"
TYPED = "frobnicat"
END = "<Control+End>"
CASES = {
    # name: (text before, steps, text after)
    "all.py": ("x = 1\n", [END, f"y = {TYPED}", "?ghost", "?shot ghost", "<Tab>"], f"x = 1\ny = {LINE}"),
    "word.py": ("", [TYPED, "?ghost", "<Control+ArrowRight>", "?shot word", "<Escape>"], "frobnicate_the_quux"),
    "undo.py": ("", [f"y = {TYPED}", "?ghost", "<Tab>", "<Control+z>"], f"y = {TYPED}"),
    "dismiss.py": ("", [f"y = {TYPED}", "?ghost", "<Escape>", "?no ghost", "x"], f"y = {TYPED}x"),
    "typeon.py": ("", [f"y = {TYPED}", "?ghost", "e_t", "?ghost", "<Tab>"], f"y = {LINE}"),
    "list.py": (
        "",
        [f"y = {TYPED}", "?ghost", "<Control+Space>", "?row frobnicate_the_quux", "?shot list", "<Enter>"],
        f"y = {LINE}",
    ),
}


@pytest.fixture(scope="session")
def vscode():
    """The folder with the workbench, its Node on PATH."""
    home = editor("vscode", "")
    if not shutil.which("chromium"):
        pytest.skip("no chromium; run tests/e2e/editors/setup.sh vscode")
    return home


@pytest.fixture(scope="session")
def extension(vscode, tmp_path_factory):
    """The .vsix, built from the checkout."""
    return build_extension(vscode, tmp_path_factory.mktemp("extension") / "vscode")


@pytest.fixture
def drive(vscode, extension, tmp_path):
    """Runs cases in a fresh profile; -> what the browser saw."""
    shots = Path(os.environ.get("TINYCODE_SHOTS") or tmp_path / "shots")
    shots.mkdir(parents=True, exist_ok=True)
    running = []

    def run(server, cases, folder, opened=None, **settings):
        running.append(Workbench(vscode, extension, tmp_path, server, settings))
        seen = running[-1].drive(opened or folder, folder, cases, shots)
        (shots / f"{folder.name}.json").write_text(json.dumps(seen))
        return seen

    yield run
    for workbench in running:
        workbench.close()


def test_fifty_files_are_as_shown(drive, tmp_path):
    folder = tmp_path / "fifty"
    folder.mkdir()
    orders = []
    for case in cases():
        (folder / case.name).write_bytes(case.content)
        move = ["<Control+Home>", *["<ArrowDown>"] * case.line, *["<ArrowRight>"] * case.column]
        orders.append({"name": case.name, "steps": [*move, case.word, "?ghost", "<Tab>"]})
    seen = drive(KNOWN_ANSWERS, orders, folder)
    found = {result["name"]: result.get("file", result) for result in seen["results"]}
    wanted = {case.name: case.wanted.decode() for case in cases()}
    assert {name: text for name, text in found.items() if text != wanted.get(name)} == {}
    assert len(found) == 50 and seen["outside"] == []
    delays = sorted(result["latency"] for result in seen["results"])
    assert delays[len(delays) // 2] < 1000, (
        f"{delays} ms from the last key to the ghost text, the editor's wait included"
    )


def test_every_way_of_taking_it_and_nothing_outside_is_asked(drive, tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    for name, (text, _, _) in CASES.items():
        (folder / name).write_bytes(text.encode())
    seen = drive(KNOWN_ANSWERS, [{"name": name, "steps": steps} for name, (_, steps, _) in CASES.items()], folder)
    wrong = [result for result in seen["results"] if result.get("file") != CASES.get(result["name"], (0, 0, 0))[2]]
    assert wrong == [] and len(seen["results"]) == len(CASES)
    assert seen["outside"] == []


def test_the_real_server_and_model(drive, repository, server_command):
    """What is shown by the model is what ends in the file."""
    text = "for value in values:\n    print('😋', value.strip())\n" * 4
    (repository / "a.py").write_text(text)
    steps = [END, "for value in values:", "<Enter>", "print('😋', val", "?ghost", "?shot real", "<Tab>"]
    seen = drive(server_command, [{"name": "a.py", "steps": steps}], repository, **{"tinycode.precision": 0})
    (result,) = seen["results"]
    assert "error" not in result, result
    assert result["file"].startswith(text + "for value in values:\n    print('😋', val" + result["shown"].rstrip())


def test_package_json_has_every_setting_of_the_server():
    """It is made from settings.py; make_package.py writes it anew."""
    done = subprocess.run(
        [sys.executable, "-c", "import make_package, sys; sys.stdout.write(make_package.text())"],
        cwd=PROJECT / "editors" / "vscode",
        capture_output=True,
        text=True,
    )
    assert done.stdout == (PROJECT / "editors" / "vscode" / "package.json").read_text()
