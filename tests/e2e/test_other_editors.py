"""Helix, Emacs (eglot) and Vim (ALE): the completion list in the real programs, with a server of known answers."""

import os
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
SERVER = [sys.executable, str(FAKE), "/nowhere/settings.toml"]
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
def screen():
    opened = []

    def start(command, **environment):
        opened.append(Screen(command, environment))
        return opened[-1]

    yield start
    for it in opened:
        it.close()


def test_helix(file, tmp_path, screen):
    home = editor("helix", "")
    config = tmp_path / "config" / "helix"
    config.mkdir(parents=True)
    arguments = ", ".join(f'"{argument}"' for argument in SERVER[1:])
    (config / "languages.toml").write_text(
        f'[language-server.tinycode]\ncommand = "{SERVER[0]}"\nargs = [{arguments}]\n\n'
        '[[language]]\nname = "python"\nlanguage-servers = ["tinycode"]\n'
    )
    (config / "config.toml").write_text("[editor]\ncompletion-timeout = 5\nidle-timeout = 50\n")
    folders = {f"XDG_{name}_HOME": str(tmp_path / name.lower()) for name in ("CONFIG", "CACHE", "DATA")}
    helix = screen(f"{home}/usr/bin/hx {file}", HELIX_RUNTIME=f"{home}/usr/lib/hx/runtime", **folders)
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


def test_emacs_eglot(file):
    editor("emacs", "")
    if not shutil.which("emacs"):
        pytest.skip("emacs is not installed; run tests/e2e/editors/setup.sh emacs")
    done = subprocess.run(
        ["emacs", "--batch", "-l", str(HERE / "editors" / "eglot.el")],
        env={**os.environ, "SERVER": " ".join(SERVER), "FILE": str(file), "HOME": str(file.parent)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert file.read_text() == f"x = 1\ny = {LINE}\n", done.stdout + done.stderr


def test_vim_ale(file, screen):
    editor("vim", "")
    vim = screen(f"vim -u {HERE / 'editors' / 'ale.vim'} {file}", SERVER=" ".join(SERVER), HOME=str(file.parent))
    vim.until(lambda: "x = 1" in vim.text(), "the file")
    vim.keys("Go", "y = frobnica")
    vim.until(lambda: row_after(vim, "t"), "the list")
    vim.keys("C-n", "C-y", "Escape")
    vim.keys(":wq", "Enter")
    vim.until(lambda: "quux" in file.read_text(), "the file written")
    assert file.read_text() == "x = 1\ny = frobnicate_the_quux\n", "ALE inserts a row only up to its first bracket"
