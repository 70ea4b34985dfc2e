"""Where things are that the whole-process tests need."""

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


def editor(name: str, program: str) -> Path:
    """A real editor that tests/e2e/editors/setup.sh installed; the test skips where it is missing."""
    home = Path(os.environ.get("TINYCODE_EDITORS") or Path.home() / ".cache" / "tinycode-editors")
    if not (home / f"{name}.done").exists():
        pytest.skip(f"{name} is not installed; run tests/e2e/editors/setup.sh {name}")
    return home / name / program
