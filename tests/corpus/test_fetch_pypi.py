"""A source distribution of the package index, with a pip that is played by a script: no network."""

import hashlib
import io
import sys
import tarfile
from pathlib import Path

import pytest

from trainer.corpus.fetch import fetch
from trainer.corpus.manifest import Package


def test_only_the_package_itself_must_be_a_source_distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip is asked for the package as sources; the tools that state its metadata may be wheels, else they are compiled."""
    sdist, pip, asked = tmp_path / "a-1.0.tar.gz", tmp_path / "python", tmp_path / "asked"
    with tarfile.open(sdist, "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("a-1.0/a.py"), io.BytesIO())
    pip.write_text(f"#!/bin/sh\necho \"$@\" > '{asked}'\ncp '{sdist}' .\n")
    pip.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(pip))
    digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
    archive = fetch(Package("a", "1.0", "MIT", "pypi-sdist", digest), tmp_path / "cache")
    assert archive.read_bytes() == sdist.read_bytes()
    assert asked.read_text().split() == [
        "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "a", "a==1.0",
    ]  # fmt: skip
