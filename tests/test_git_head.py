"""Git that moved is noticed wherever in a repository the open folder lies."""

import os
import subprocess
from pathlib import Path

import pytest

from tinycode_ls import git_head
from tinycode_ls.git_head import GitHead


@pytest.mark.parametrize("inside", [".", "packages/one"])
@pytest.mark.parametrize("changed", ["HEAD", "info/exclude"])
def test_in_the_top_folder_and_below_it(
    tmp_path: Path, inside: str, changed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A branch switch, and other rules of what is ignored."""
    monkeypatch.setattr(git_head, "LOOK_EVERY_S", 0)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, capture_output=True)
    root = tmp_path / inside
    root.mkdir(parents=True, exist_ok=True)
    file = tmp_path / ".git" / changed
    file.parent.mkdir(exist_ok=True)
    file.touch()
    it = GitHead()
    assert not it.moved((root,)) and not it.moved((root,))
    os.utime(file, ns=(1, 1))
    assert it.moved((root,)) and not it.moved((root,))
