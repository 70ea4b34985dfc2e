"""Where things are that the whole-process tests need."""

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


def installed(name: str, program: str) -> Path | None:
    """A real editor that tests/e2e/editors/setup.sh installed, or None."""
    home = Path(os.environ.get("TINYCODE_EDITORS") or Path.home() / ".cache" / "tinycode-editors")
    return home / name / program if (home / f"{name}.done").exists() else None


def editor(name: str, program: str) -> Path:
    """The same; the test skips where it is missing."""
    found = installed(name, program)
    if found is None:
        pytest.skip(f"{name} is not installed; run tests/e2e/editors/setup.sh {name}")
    return found
