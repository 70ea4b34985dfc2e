"""What the whole-process tests share: a model file, a small real repository, the command of the server."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from places import PROJECT

from tinycode_ls.model_choice import SHIPPED_MODELS


@pytest.fixture(scope="session")
def model_file() -> Path:
    """The model under test: the one named in TINYCODE_TEST_MODEL, else the shipped one."""
    named = os.environ.get("TINYCODE_TEST_MODEL")
    found = [Path(named)] if named else sorted(SHIPPED_MODELS.glob("*.onnx"))
    if not found:
        pytest.skip("no shipped model in this checkout; set TINYCODE_TEST_MODEL to a model file")
    return found[0]


@pytest.fixture(scope="session")
def server_command(model_file: Path) -> list[str]:
    """The real server with that model."""
    return [sys.executable, "-m", "tinycode_ls", "--model", str(model_file)]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with this project's own package in it."""
    root = tmp_path / "repo"
    shutil.copytree(
        PROJECT / "tinycode_ls", root / "tinycode_ls", ignore=shutil.ignore_patterns("__pycache__", "*.onnx")
    )
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "start"]):
        subprocess.run([*git, *command], cwd=root, check=True, capture_output=True)
    return root
