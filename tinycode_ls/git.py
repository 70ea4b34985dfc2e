"""How git is called in a folder that anybody may have made: no program that its settings name is run, and nothing is fetched.

In a partial clone git asks the server for an object that is not here, by a command that the clone's own settings may name.
Knows what is odd about git on each system.
"""

import errno
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

_OWN = {
    "GIT_ALLOW_PROTOCOL": "none",  # stronger than any setting of the repository, and known to every git
    "GIT_NO_LAZY_FETCH": "1",  # git 2.45: does not even try
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}


_NO_WINDOW: int = getattr(subprocess, "CREATE_NO_WINDOW", 0)
"""Windows opens one for each call where we have none ourselves."""


def run_git(folder: Path, *words: str, timeout_s: float | None = None) -> "subprocess.CompletedProcess[bytes]":
    """What git says, whatever its exit code; raises OSError where there is no git, SubprocessError where it takes too long."""
    if not _is_there():
        raise FileNotFoundError(errno.ENOENT, "no git, but Apple's stand-in for it", "git")
    return subprocess.run(
        _command(folder, *words),
        capture_output=True,
        stdin=subprocess.DEVNULL,
        env=_environment(),
        timeout=timeout_s,
        creationflags=_NO_WINDOW,
    )


def start_git(folder: Path, *words: str) -> "subprocess.Popen[bytes]":
    """A git to talk to."""
    return subprocess.Popen(
        _command(folder, *words),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
        creationflags=_NO_WINDOW,
    )


def top_of(folder: Path) -> Path | None:
    """The top of the repository that a folder is in; None where it is in none, or none that can be seen."""
    # `Path.exists` raises where a folder on the way may not be entered
    return next((above for above in (folder, *folder.parents) if os.path.exists(above / ".git")), None)  # noqa: PTH110


def name_of(said: bytes) -> str:
    """A file's name as git says it. In a repository made elsewhere it need not be UTF-8, and Windows, where it has to be, would
    raise for one that is not: here it is a file that is not there."""
    return said.decode(sys.getfilesystemencoding(), "surrogateescape")


def _command(folder: Path, *words: str) -> list[str]:
    settings = ("-c", "core.fsmonitor=false", "-c", "core.quotePath=false")
    return ["git", *settings, "--no-replace-objects", "-C", str(folder), *words]


def _environment() -> dict[str, str]:
    """Ours, without what would point git to another repository."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | _OWN


@cache
def _is_there() -> bool:
    """On a Mac without Apple's developer tools, git is a stand-in that opens a window and asks to install them."""
    if sys.platform != "darwin" or shutil.which("git") != "/usr/bin/git":
        return True
    asked = subprocess.run(["/usr/bin/xcode-select", "-p"], capture_output=True, stdin=subprocess.DEVNULL)
    return asked.returncode == 0
