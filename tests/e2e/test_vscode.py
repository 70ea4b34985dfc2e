"""In a real VS Code workbench (code-server in chromium): the packaged extension; type, accept, undo, save."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from accepts import cases, teach
from places import PROJECT, editor
from workbench import Workbench, build_extension, node_environment

from tinycode_ls.model_choice import SHIPPED_MODELS

FAKE = PROJECT / "tests" / "fake_server.py"
KNOWN_ANSWERS = [sys.executable, str(FAKE), "/nowhere/settings.toml"]
LINE = "frobnicate_the_quux(alpha, beta)"
TYPED = "frobnicat"
END = "<Control+End>"
HERE, LANGUAGE = "!Enable or Disable Here", "!Enable or Disable for This Language"
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
    "row.py": (  # ghost text goes on behind the row that is selected in the menu, and Tab takes both
        "",
        [
            "x = pri",
            "<Control+Space>",
            "?row private",
            "<ArrowDown>",
            "?text vate_key",
            "?shot row",
            "<Tab>",
            "?ghost",
            "<Tab>",
        ],
        "x = private_key",
    ),
    "gone.py": (  # the file that it came from is deleted while the message is there
        "",
        [
            "y = frobnicat",
            "?ghost",
            "!Explain the Last Suggestion",
            "?click src/db.py:118",
            "?see src/db.py:118 is gone",
        ],
        "y = frobnicat",
    ),
    "reset.rb": (  # off by the only setting there is, which is taken out
        "",
        ["frobnicat", "?quiet", "?copy", "?quiet", "?quiet", "e", "?ghost", "<Tab>"],
        LINE,
    ),
    "toml.py": (  # off by the folder's own file
        "",
        ["?copy", "?bar circle-slash", HERE, "?ready", "?edit", "frobnicat", "?ghost", "<Tab>"],
        LINE,
    ),
    "cycle.py": (
        "",
        [
            "y = pri",
            "?text nt(x)",
            "<Alt+BracketRight>",
            "?text vate",
            "<Alt+BracketLeft>",
            "?text nt(x)",
            "<Alt+BracketRight>",
            "?text vate",
            "?shot cycle",
            "<Tab>",
        ],
        "y = private",
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


def test_fifty_files_are_as_shown_with_the_real_server(drive, tmp_path, server_command):
    folder = tmp_path / "fifty"
    folder.mkdir()
    teach(folder)
    # one line each: what is read from the screen has no line ends (blocks are taken below); as long as a busy machine takes
    settings = {"tinycode.precision": 0, "tinycode.maxLines": 1, "tinycode.timeoutMs": 20000}
    seen = drive(server_command, [order(folder, case) for case in cases()], folder, **settings)
    found = {result["name"]: result for result in seen["results"]}
    wrong = {
        case.name: found.get(case.name)
        for case in cases()
        if not (shown := found.get(case.name, {}).get("shown"))
        or found[case.name]["file"] != case.with_text(shown).decode()
    }
    assert wrong == {} and len(found) == 50
    assert seen["outside"] == []


def order(folder, case):
    """Steps that take the ghost text in a file that is made for it."""
    (folder / case.name).write_bytes(case.content)
    move = ["<Control+Home>", *["<ArrowDown>"] * case.line, *["<ArrowRight>"] * case.column]
    return {"name": case.name, "steps": [*move, case.word, "?ghost", "<Tab>"]}


def test_every_way_of_taking_it_and_nothing_outside_is_asked(drive, tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    for name, (text, _, _) in CASES.items():
        (folder / name).write_bytes(text.encode())
    settings, without = folder / ".vscode" / "settings.json", tmp_path / "without.json"
    settings.parent.mkdir()
    settings.write_text('{"tinycode.disabledLanguages": ["ruby"]}')
    without.write_text("{}")
    off = tmp_path / "off.toml"
    off.write_text("enabled = false")
    copies = {"reset.rb": [str(without), str(settings)], "toml.py": [str(off), str(folder / ".tinycode.toml")]}
    orders = [{"name": name, "steps": steps, "copy": copies.get(name)} for name, (_, steps, _) in CASES.items()]
    wanted = {name: after for name, (_, _, after) in CASES.items()}
    for block in cases()[-2:]:
        orders.append(order(folder, block))
        wanted[block.name] = block.wanted.decode()
    seen = drive(KNOWN_ANSWERS, orders, folder)
    wrong = [result for result in seen["results"] if result.get("file") != wanted.get(result["name"])]
    assert wrong == [] and len(seen["results"]) == len(wanted)
    assert seen["outside"] == []


NOTEBOOK = {
    "cells": [{"cell_type": "code", "id": "a", "execution_count": None, "metadata": {}, "outputs": [], "source": []}],
    "metadata": {"language_info": {"name": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}
EXPLAIN = ["!Explain the Last Suggestion", "?see 70 % from src/db.py:118", "?shot explain", "?click src/db.py:118"]
EXPLAIN += ["?see Ln 118", "<Control+PageUp>"]
SESSION = {
    # name: (steps, text after)
    "../three/here.py": (  # off by its folder's own file, as long as no setting of the editor says otherwise
        [
            *[HERE, "?see switched on", "?edit", "frobnicat", "?ghost", HERE, "?bar circle-slash", "e", "?quiet"],
            *[HERE, "?ready", "?edit", "<End>", "x"],
        ],
        "frobnicatex",
    ),
    "../four/own.py": (
        ["x", "?quiet", LANGUAGE, "?see on for python", "?edit", " = frobnicat", "?ghost"],
        "x = frobnicat",
    ),
    "off.py": ([HERE, "?bar circle-slash", "y = frobnicat", "?quiet", HERE, "?ready"], "y = frobnicat"),
    "language.py": (
        [
            LANGUAGE,
            "?see off for python",
            "frobnicat",
            "?quiet",
            LANGUAGE,
            "?see on for python",
            "e",
            "?ghost",
            "<Tab>",
        ],
        LINE,
    ),
    "explain.py": (["y = frobnicat", "?ghost", *EXPLAIN, "<Control+End>", "e"], "y = frobnicate"),
    "../two/quiet.py": (  # by the settings of its folder, which are the ones to change
        [
            *["frobnicat", "?quiet", LANGUAGE, "?see on for python", "?edit", "e", "?ghost"],
            *[LANGUAGE, "?see off for python", "?edit", "x", "?quiet"],
        ],
        "frobnicatex",
    ),
    "restart.py": (  # again while it starts; the answer to a later command tells that the last restart has begun
        [
            *["!Restart the Server", "?bar sync", "!Restart the Server", "!Restart the Server"],
            *["!Explain the Last Suggestion", "?see nothing was suggested yet"],
            *["?ready", "frobnicat", "?ghost", "?calm", "<Tab>"],
        ],
        LINE,
    ),
    "log.py": (["x", "!Show the Log", "?see Output", "<Control+j>"], "x"),
    "unsaved.py": (
        ["<Control+Alt+n>", "frobn", "?quiet", "icat", "?ghost", "?shot unsaved", "<Tab>", "<Control+PageUp>", "x"],
        "x",
    ),
    "cell.ipynb": (["frobnicat", "?ghost", "?shot cell", "<Tab>"], None),
    # the client starts a server that ended anew, but not for ever; then the status says so, and how to go on
    "gone.py": (
        [
            # on to the next line before the next server is there: it would be asked for this one, and one that dies once more
            # than told is given up too early
            *["die_now", "?bar warning", "<Enter>", "?ready"] * 3,
            *["hang_up", "?quiet", "x", "?bar warning", "?ready", "?calm", "<Enter>"],  # a key that meets its end
            *["die_now", "?bar warning"],
            "!Show the Status",
            "?see the server is not running",
            "?click Restart",
            "?ready",
            *["?edit", "<Control+End>", "<Enter>"],
            "frobnicat",
            "?ghost",
            "<Tab>",
        ],
        "die_now\n" * 3 + "hang_upx\ndie_now\n" + LINE,
    ),
}


def test_commands_states_and_documents_of_every_kind(drive, tmp_path):
    """Four folders with settings; on and off; explain and jump; log; restart; a server that dies; unsaved text; a notebook."""
    folder, other = tmp_path / "one", tmp_path / "two"
    (other / "src").mkdir(parents=True)
    folder.mkdir()
    (other / "src" / "db.py").write_text("x = 1\n" * 200)
    (other / ".vscode").mkdir()
    (other / ".vscode" / "settings.json").write_text('{"tinycode.disabledLanguages": ["python"]}')
    opened = tmp_path / "both.code-workspace"
    for name, setting in (("three", "enabled = false"), ("four", 'disabled_languages = ["python"]')):
        (tmp_path / name).mkdir()
        (tmp_path / name / ".tinycode.toml").write_text(setting)
    opened.write_text(json.dumps({"folders": [{"path": name} for name in ("one", "two", "three", "four")]}))
    for name in SESSION:
        (folder / name).write_text(json.dumps(NOTEBOOK) if name.endswith("ipynb") else "")
    orders = [{"name": name, "steps": steps} for name, (steps, _) in SESSION.items()]
    seen = drive(KNOWN_ANSWERS, orders, folder, opened, **{"tinycode.completionList": False})
    found = {result["name"]: result.get("error") or result["file"] for result in seen["results"]}
    assert LINE in found["cell.ipynb"], found
    assert found == {name: after or found[name] for name, (_, after) in SESSION.items()}


def test_a_wrong_command_is_said_where_one_looks_and_the_right_one_serves_again(drive, tmp_path):
    """The status bar's tooltip, too, which told of the server before: ready, with so many files."""
    folder, settings = tmp_path / "one", tmp_path / "profile" / "Machine" / "settings.json"
    folder.mkdir()
    orders = []
    for name, command, steps in (
        ("wrong.py", ["/nowhere/tinycode-ls"], ["?bar warning", "?see no server found", "?tip is not running"]),
        ("right.py", KNOWN_ANSWERS, ["?ready", "?tip tinycode: ready", "?edit", "frobnicat", "?ghost", "<Tab>"]),
    ):
        (folder / name).write_text("")
        (tmp_path / name).write_text(json.dumps({"tinycode.command": command}))
        copy = [str(tmp_path / name), str(settings)]
        orders.append(
            {"name": name, "steps": ["?tip tinycode: ready"] * (not orders) + ["?copy", *steps], "copy": copy}
        )
    orders[0]["steps"] += ["?edit", "x"]
    seen = drive(KNOWN_ANSWERS, orders, folder)
    found = {result["name"]: result.get("error") or result["file"] for result in seen["results"]}
    assert found == {"wrong.py": "x", "right.py": LINE}


def test_a_server_that_hangs_is_said_and_can_be_restarted(drive, tmp_path):
    """At its start, when every command waited for it, or later; nothing of it stays behind."""
    folder, settings, mark = tmp_path / "one", tmp_path / "profile" / "Machine" / "settings.json", str(tmp_path / "own")
    folder.mkdir()
    good = tmp_path / "good.json"
    good.write_text(json.dumps({"tinycode.command": [*KNOWN_ANSWERS[:2], mark]}))
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(10**6)"
    cases = {
        "start.py": [
            *["!Show the Status", "?see the server is not running", "?bar sync", "?click Restart"],
            *["?copy", "?ready", "?edit", "frobnicat", "?ghost", "<Tab>"],
        ],
        "later.py": [
            *["freeze", "<Control+Space>", "?see Loading...", "<Escape>", "!Show the Status"],
            *["?see the server does not answer", "?click Restart", "?bar sync"],
            *["?ready", "?edit", "<Control+End>", "<Enter>", "frobnicat", "?ghost", "?calm", "<Tab>"],
        ],
    }
    for name in cases:
        (folder / name).write_text("")
    copy = [str(good), str(settings)]
    orders = [{"name": name, "steps": steps, "copy": copy, "unready": True} for name, steps in cases.items()]
    seen = drive([sys.executable, "-c", deaf, mark], orders, folder)
    found = {result["name"]: result.get("error") or result["file"] for result in seen["results"]}
    assert found == {"start.py": LINE, "later.py": f"freeze\n{LINE}"}
    left = subprocess.run(["pgrep", "-af", f"python.* {mark}$"], capture_output=True, text=True).stdout
    assert len(left.splitlines()) == 1, left


def test_tune_is_for_the_folder_of_the_notebook_whose_cell_is_in_front(drive, tmp_path):
    """Not for the first of the open folders."""
    folder, other, programs, told = (tmp_path / name for name in ("one", "two", "bin", "told"))
    for made in (folder, other, programs):
        made.mkdir()
    for name, run in (("tinycode-ls", f"exec {shlex.join(KNOWN_ANSWERS)}"), ("tinycode-train", f"pwd > {told}")):
        (programs / name).write_text(f"#!/bin/sh\n{run}\n")
        (programs / name).chmod(0o755)
    (other / "cell.ipynb").write_text(json.dumps(NOTEBOOK))
    opened = tmp_path / "both.code-workspace"
    opened.write_text('{"folders": [{"path": "one"}, {"path": "two"}]}')
    order = {"name": "../two/cell.ipynb", "steps": ["x", "<Control+Alt+t>", "?model"], "copy": ["/nowhere", str(told)]}
    drive([str(programs / "tinycode-ls")], [order], folder, opened)
    assert told.read_text().strip() == str(other)


def test_tune_in_a_terminal_and_the_server_takes_the_model(drive, repository):
    """And the words that VS Code leaves out once there is ghost text are among the rows of the server.

    Six steps need not make a better model, and one that is not better is not written; then one is put there.
    """
    (repository / "a.py").write_text("")
    server = [str(Path(sys.executable).with_name("tinycode-ls"))]
    tuned = repository / ".tinycode" / "model.onnx"
    words = ["zyxwvut_word = 1", "<Enter>", "<Escape>", "zyxwv", "<Control+Space>", "?row zyxwvut_word", "<Escape>"]
    tune = ["<Control+Alt+t>", "?model", "?shot tune", "?open a.py", "<Control+End>", "<Enter>"]
    steps = [*words, *tune, "for value in val", "?ghost", "!Show the Status", "?see repo/.tinycode/model.onnx"]
    orders = [{"name": "a.py", "steps": steps, "copy": [str(SHIPPED_MODELS / "python.onnx"), str(tuned)]}]
    seen = drive(server, orders, repository, **{"editor.wordBasedSuggestions": None, "tinycode.precision": 0})
    assert [result.get("error") for result in seen["results"]] == [None]


def test_the_real_server_and_model(drive, repository, server_command):
    """What is shown by the model is what ends in the file."""
    text = "for value in values:\n    print('😋', value.strip())\n" * 4
    (repository / "a.py").write_text(text)
    steps = [END, "for value in values:", "<Enter>", "print('😋', val", "?ghost", "?shot real", "<Tab>"]
    seen = drive(server_command, [{"name": "a.py", "steps": steps}], repository, **{"tinycode.precision": 0})
    (result,) = seen["results"]
    assert "error" not in result, result
    assert result["file"].startswith(text + "for value in values:\n    print('😋', val" + result["shown"].rstrip())


def test_types_hold(vscode, extension):
    """esbuild, which packs it, looks at none."""
    command = ["npm", "run", "check", "--silent"]
    done = subprocess.run(command, cwd=extension.parent, env=node_environment(vscode), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_package_json_has_every_setting_of_the_server():
    """It is made from settings.py; make_package.py writes it anew."""
    done = subprocess.run(
        [sys.executable, "-c", "import make_package, sys; sys.stdout.write(make_package.text())"],
        cwd=PROJECT / "editors" / "vscode",
        capture_output=True,
        text=True,
    )
    assert done.stdout == (PROJECT / "editors" / "vscode" / "package.json").read_text()
