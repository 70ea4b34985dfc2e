"""Helix, Emacs (eglot) and Vim (ALE): the completion list in the real programs, set up by the very words of editors/README.md,
with a server of known answers."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from places import editor

HERE = Path(__file__).parent
FAKE = HERE.parent / "fake_server.py"
README = (HERE.parents[1] / "editors" / "README.md").read_text("utf-8")
LINE = "frobnicate_the_quux(alpha, beta)"


class Screen:
    """A terminal of our own that a program runs in."""

    def __init__(self, command: str, environment: dict[str, str]) -> None:
        if not shutil.which("tmux"):
            pytest.skip("tmux is not installed")
        self._tmux = ["tmux", "-L", f"tinycode-{uuid.uuid4().hex}", "-f", "/dev/null"]
        size = ["new-session", "-d", "-x", "90", "-y", "16"]
        subprocess.run([*self._tmux, *size, command], check=True, env={**os.environ, **environment})

    def keys(self, *keys: str) -> None:
        subprocess.run([*self._tmux, "send-keys", *keys], check=True)

    def text(self) -> str:
        return subprocess.run([*self._tmux, "capture-pane", "-p"], capture_output=True, text=True).stdout

    def until(self, holds, what: str, seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"waited in vain for {what}:\n{self.text()}"
            time.sleep(0.05)

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], capture_output=True)


@pytest.fixture
def file(tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=work, check=True)
    (work / "a.py").write_text("x = 1\n")
    return work / "a.py"


@pytest.fixture
def path(tmp_path):
    """PATH with a `tinycode-ls` of known answers, whose user has settings in `own.toml`."""
    server = tmp_path / "bin" / "tinycode-ls"
    server.parent.mkdir()
    server.write_text(f"#!/bin/sh\nexec {shlex.join([sys.executable, str(FAKE), str(tmp_path / 'own.toml')])}\n")
    server.chmod(0o755)
    return f"{server.parent}:{os.environ['PATH']}"


def snippet(editor_name):
    """What editors/README.md says to write for an editor."""
    found = re.search(rf"^## {editor_name}$.*?^```\w+\n(.*?)^```$", README, re.S | re.M)
    assert found is not None, editor_name
    return found[1]


@pytest.fixture
def screen():
    opened = []

    def start(command, **environment):
        opened.append(Screen(command, environment))
        return opened[-1]

    yield start
    for it in opened:
        it.close()


def test_helix(file, tmp_path, path, screen):
    home = editor("helix", "")
    config = tmp_path / "config" / "helix"
    config.mkdir(parents=True)
    (config / "languages.toml").write_text(snippet("Helix"))
    (config / "config.toml").write_text("[editor]\ncompletion-timeout = 5\nidle-timeout = 50\n")
    folders = {f"XDG_{name}_HOME": str(tmp_path / name.lower()) for name in ("CONFIG", "CACHE", "DATA")}
    helix = screen(f"{home}/usr/bin/hx {file}", HELIX_RUNTIME=f"{home}/usr/lib/hx/runtime", PATH=path, **folders)
    helix.until(lambda: "x = 1" in helix.text(), "the file")
    helix.keys("g", "e", "o", "y = frobnica")
    helix.until(lambda: row_after(helix, "t"), "the list")
    helix.keys("Tab", "Enter", "Escape")
    helix.keys(":wq", "Enter")
    helix.until(lambda: "quux" in file.read_text(), "the file written")
    assert file.read_text() == f"x = 1\ny = {LINE}\n"


def row_after(screen, key):
    """Type a key; once the server is up, its row shows. Else take the key back."""
    screen.keys(key)
    end = time.monotonic() + 3
    while time.monotonic() < end:
        if "quux" in screen.text():
            return True
        time.sleep(0.05)
    screen.keys("BSpace")
    return False


def test_emacs_eglot(file, tmp_path, path):
    editor("emacs", "")
    if not shutil.which("emacs"):
        pytest.skip("emacs is not installed; run tests/e2e/editors/setup.sh emacs")
    init = tmp_path / "init.el"
    init.write_text(snippet("Emacs, eglot"))
    done = subprocess.run(
        ["emacs", "--batch", "-l", str(init), "-l", str(HERE / "editors" / "eglot.el")],
        env={**os.environ, "PATH": path, "FILE": str(file), "HOME": str(file.parent)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert file.read_text() == f"x = 1\ny = {LINE}\n", done.stdout + done.stderr


def test_vim_ale(file, tmp_path, path, screen):
    editor("vim", "")
    settings = "set nocompatible hidden noswapfile completeopt=menu,menuone,noinsert\nfiletype plugin on\n"
    (tmp_path / "vimrc").write_text(settings + snippet("Vim, ALE"))
    (tmp_path / "own.toml").write_text("completion_list = false\n")
    (file.parent / ".tinycode.toml").write_text("completion_list = true\n")  # counts if the root is the repository
    below = file.parent / "package" / "a.py"
    below.parent.mkdir()
    file = file.rename(below)
    vim = screen(f"vim -u {tmp_path / 'vimrc'} {file}", PATH=path, HOME=str(tmp_path))
    vim.until(lambda: "x = 1" in vim.text(), "the file")
    vim.keys("Go", "y = frobnica")
    vim.until(lambda: row_after(vim, "t"), "the list")
    vim.keys("C-n", "C-y", "Escape")
    vim.keys(":wq", "Enter")
    vim.until(lambda: "quux" in file.read_text(), "the file written")
    assert file.read_text() == "x = 1\ny = frobnicate_the_quux\n", "ALE inserts a row only up to its first bracket"
