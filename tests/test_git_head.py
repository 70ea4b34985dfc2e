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


@pytest.mark.parametrize("odd", ["long", "zero"])
def test_a_folder_that_cannot_be_looked_at_is_no_fault(tmp_path: Path, odd: str) -> None:
    """As one behind a folder that may not be entered; and a `.git` that points to what can be no path."""
    root = tmp_path / ("x" * 300) if odd == "long" else tmp_path
    (tmp_path / ".git").write_bytes(b"gitdir: a\0b\n")
    assert not GitHead().moved((root,))


def test_what_work_trees_share_is_looked_at_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is ignored, git reads beside the repository's own HEAD."""
    monkeypatch.setattr(git_head, "LOOK_EVERY_S", 0)
    one, other = tmp_path / "one", tmp_path / "other"
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (
        ["init", "-q"],
        [*identity, "commit", "-q", "--allow-empty", "-m", "x"],
        ["worktree", "add", "-q", other],
    ):
        one.mkdir(exist_ok=True)
        subprocess.run(["git", "-C", one, *words], check=True, capture_output=True)
    it = GitHead()
    assert not it.moved((other,)) and not it.moved((other,))
    (one / ".git" / "info").mkdir(exist_ok=True)
    (one / ".git" / "info" / "exclude").write_text("*.py\n")
    assert it.moved((other,))
