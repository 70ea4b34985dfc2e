"""How git is called in a folder that anybody may have made: no program that its settings name is run, and nothing is fetched.

In a partial clone git asks the server for an object that is not here, by a command that the clone's own settings may name.
"""

import os
from pathlib import Path

_OWN = {
    "GIT_ALLOW_PROTOCOL": "none",  # stronger than any setting of the repository, and known to every git
    "GIT_NO_LAZY_FETCH": "1",  # git 2.45: does not even try
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}


def git_command(folder: Path, *words: str) -> list[str]:
    """To be run with `git_environment`."""
    settings = ("-c", "core.fsmonitor=false", "-c", "core.quotePath=false")
    return ["git", *settings, "--no-replace-objects", "-C", str(folder), *words]


def git_environment() -> dict[str, str]:
    """Ours, without what would point git to another repository."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | _OWN
