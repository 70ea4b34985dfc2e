"""A workspace is made of what there is: each bad input leaves the rest indexed, in bounded time, with one line in the log."""

import logging
import os
import subprocess
import time
from pathlib import Path

import pytest

from tinycode_ls.deadline import Deadline
from tinycode_ls.index import files as files_module
from tinycode_ls.index.files import judge
from tinycode_ls.index.workspace import Workspace

GOOD = "def frobnicate():\n    return 1\n"
as_user = pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")


def git(folder: Path, *words: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always"]
    subprocess.run(["git", *identity, "-C", str(folder), *words], check=True, capture_output=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With one good file."""
    root = tmp_path / "folder"
    root.mkdir()
    (root / "good.py").write_text(GOOD)
    return root


def built(root: Path, **more) -> Workspace:
    """Indexed."""
    workspace = Workspace([root], **more)
    workspace.build()
    return workspace


def names(workspace: Workspace) -> list[str]:
    """Of the files that are indexed."""
    return [Path(path).name for path, _ in workspace.texts()]


def told(caplog: pytest.LogCaptureFixture, words: str) -> int:
    """How many lines of the log say so."""
    return sum(words in record.getMessage() for record in caplog.records)


@pytest.fixture(autouse=True)
def log_everything(caplog: pytest.LogCaptureFixture) -> None:
    """As with `log_level = "info"`."""
    caplog.set_level(logging.INFO, logger="tinycode_ls")


def test_not_a_git_repository(folder: Path, caplog) -> None:
    """The folder is walked; said once, however often it is looked at again."""
    workspace = built(folder)
    workspace.refresh()
    assert names(workspace) == ["good.py"] and told(caplog, "not a git repository") == 1


def test_git_is_not_installed(folder: Path, caplog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then too."""
    monkeypatch.setenv("PATH", "")
    assert names(built(folder)) == ["good.py"] and told(caplog, "git cannot list it") == 1


def test_no_folder_at_all(tmp_path: Path, caplog) -> None:
    """None open, one that is not there, one that is a file."""
    empty = Workspace([])
    empty.build()
    assert empty.index is None
    (tmp_path / "file").write_text("x")
    for place in ("nowhere", "file"):
        assert names(built(tmp_path / place)) == []
        assert told(caplog, f"{place}: cannot be listed") == 1


@as_user
def test_a_file_and_a_folder_that_may_not_be_read(folder: Path, caplog) -> None:
    """For a user who is not root; see the next test for one who is."""
    (folder / "secret.py").write_text(GOOD)
    (folder / "secret.py").chmod(0)
    (folder / "closed").mkdir(mode=0)
    assert names(built(folder)) == ["good.py"]
    assert told(caplog, "unreadable") == 1 and told(caplog, "closed: cannot be listed") == 1
    (folder / "closed").chmod(0o755)


def test_a_file_that_cannot_be_read(folder: Path, caplog, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk says no."""
    (folder / "broken.py").write_text(GOOD)
    really = Path.open

    def broken(self: Path, *words, **more):
        if self.name == "broken.py":
            raise PermissionError(13, "Permission denied")
        return really(self, *words, **more)

    monkeypatch.setattr(Path, "open", broken)
    assert names(built(folder)) == ["good.py"]
    assert told(caplog, "1 left out of the index: unreadable: ") == told(caplog, "broken.py") == 1


def test_a_line_of_the_ignore_file_that_is_no_pattern(folder: Path, caplog) -> None:
    """The others count; said once."""
    (folder / "out.py").write_text(GOOD)
    (folder / ".tinycodeignore").write_text("!\nout.py\nends in \\\n")
    workspace = built(folder)
    workspace.refresh([], {folder / "never_saved.py": GOOD})
    assert names(workspace) == ["good.py", "never_saved.py"]
    assert told(caplog, ".tinycodeignore: no pattern as in a .gitignore, passed over: '!', 'ends in \\\\'") == 1


def test_a_read_only_folder_is_only_read(folder: Path) -> None:
    """Nothing is written into it."""
    before = sorted(folder.rglob("*"))
    folder.chmod(0o555)
    try:
        assert names(built(folder)) == ["good.py"] and sorted(folder.rglob("*")) == before
    finally:
        folder.chmod(0o755)


def test_a_file_that_vanishes_before_it_is_read(folder: Path, caplog) -> None:
    """Git knows it, the disk does not: the others are indexed."""
    git(folder, "init", "-q")
    (folder / "gone.py").write_text(GOOD)
    git(folder, "add", "-A")
    (folder / "gone.py").unlink()
    assert names(built(folder)) == ["good.py"] and told(caplog, "gone.py") == 1


def test_links_that_lead_in_circles(folder: Path, caplog) -> None:
    """A link to itself, to its own folder, to nothing: none is followed."""
    (folder / "self.py").symlink_to("self.py")
    (folder / "up").symlink_to(folder, target_is_directory=True)
    (folder / "nowhere.py").symlink_to("absent.py")
    for _ in ("walk", "git"):
        assert names(built(folder)) == ["good.py"]
        git(folder, "init", "-q")
    assert told(caplog, "2 left out of the index: a link") == 2


def test_a_submodule_is_left_out_and_said(folder: Path, tmp_path: Path, caplog) -> None:
    """Its own folder can be opened beside it."""
    inner = tmp_path / "inner"
    inner.mkdir()
    git(inner, "init", "-q")
    (inner / "inside.py").write_text(GOOD)
    git(inner, "add", "-A")
    git(inner, "commit", "-qm", "x")
    git(folder, "init", "-q")
    git(folder, "submodule", "add", "-q", str(inner), "module.py")
    assert names(built(folder)) == ["good.py"] and told(caplog, "submodules are left out (module.py)") == 1
    both = Workspace([folder, folder / "module.py"])
    both.build()
    assert sorted(names(both)) == ["good.py", "inside.py"]


def test_a_file_that_changes_while_it_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read counts for now; the next look reads it again, though nobody said that it changed."""
    file, really = folder / "good.py", files_module.judge_content

    def written_meanwhile(path: Path, content: bytes):
        if path == file:
            file.write_text("def other_name():\n    return 22\n")
        return really(path, content)

    monkeypatch.setattr(files_module, "judge_content", written_meanwhile)
    workspace = built(folder)
    monkeypatch.undo()
    assert workspace.texts()[0][1] == GOOD.encode()
    workspace.refresh([file])
    assert b"other_name" in workspace.texts()[0][1]


def test_a_file_that_grows_while_it_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that somebody writes without end is not read without end."""
    monkeypatch.setattr(Path, "lstat", lambda self: os.stat_result((0o100644, 0, 0, 1, 0, 0, 10, 0, 0, 0)))
    (folder / "growing.py").write_bytes(b"x = 1\n" * 400_000)
    assert "grew" in judge(folder / "growing.py", folder).reason


def test_one_line_of_50_megabytes(folder: Path, caplog) -> None:
    """Not even opened. A sparse file: it takes no room."""
    with (folder / "line.py").open("wb") as file:
        file.truncate(50_000_000)
    (folder / "minified.js").write_text("x" * 500_000)
    begin = time.perf_counter()
    workspace = built(folder)
    assert time.perf_counter() - begin < 2
    assert names(workspace) == ["good.py"] and workspace.summary.complete
    assert told(caplog, "too large") == told(caplog, "minified or data") == 1


def test_mixed_encodings(folder: Path, caplog) -> None:
    """UTF-8 with and without a mark is text; Latin-1, UTF-16 and Shift-JIS are left out, not guessed."""
    (folder / "marked.py").write_bytes(b"\xef\xbb\xbfname = 1\r\n")
    for name, encoding in (("latin.py", "latin-1"), ("wide.py", "utf-16")):
        (folder / name).write_bytes("naïve = 'é'\n".encode(encoding))
    (folder / "japanese.py").write_bytes("名前 = 1\n".encode("shift-jis"))
    workspace = built(folder)
    assert (
        names(workspace) == ["good.py", "marked.py"]
        and dict(workspace.texts())[str(folder / "marked.py")] == b"name = 1\n"
    )
    assert told(caplog, "2 left out of the index: not UTF-8") == 1


def test_five_thousand_files(folder: Path) -> None:
    """Each is looked at once, and an edit looks at one."""
    for number in range(5000):
        (folder / f"f{number}.py").write_text(f"value_{number} = {number}\n")
    workspace = built(folder)
    assert workspace.summary.files == 5001 and workspace.summary.complete
    looked: list[Path] = []
    workspace._look = lambda path, really=workspace._look: (looked.append(path), really(path))[1]  # type: ignore[method-assign]
    (folder / "f7.py").write_text("changed_name = 1\n")
    workspace.refresh([folder / "f7.py"])
    assert looked == [folder / "f7.py"] and workspace.summary.files == 5001


def test_what_does_not_fit_is_far_away_and_not_even_read(folder: Path, caplog, monkeypatch) -> None:
    """Room for two of four; which two follows the open document; one line says so."""
    for name in ("near/a.py", "far/b.py", "near/c.js", "readme.md"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(f"value = '{name}'\n" * 1000)
    (folder / "good.py").unlink()
    workspace = Workspace([folder], budget_mb=0.045)
    read: list[str] = []
    really = workspace._look
    monkeypatch.setattr(workspace, "_look", lambda path: (read.append(path.name), really(path))[1])
    workspace.refresh([], {folder / "near" / "open.py": None})
    assert workspace.index is None, "nothing is read before it is built"
    workspace.build()
    assert sorted(names(workspace)) == ["a.py", "b.py"] and not workspace.summary.complete
    assert sorted(read) == ["a.py", "b.py"] and told(caplog, "do not fit") == 1
    workspace.refresh([], {folder / "near" / "open.js": None})
    assert sorted(names(workspace)) == ["a.py", "c.js"]
    workspace.refresh([], {folder / "readme.md": None})
    assert "readme.md" in names(workspace)


def test_a_file_that_grows_beyond_the_budget_leaves_the_index_within_it(folder: Path) -> None:
    """The budget holds after every refresh."""
    (folder / "other.py").write_text("x = 1\n" * 100)
    workspace = built(folder, budget_mb=0.002)
    assert workspace.summary.complete
    (folder / "good.py").write_text(GOOD * 60)
    workspace.refresh([folder / "good.py"])
    assert names(workspace) in (["good.py"], ["other.py"]) and workspace.summary.bytes <= 2000
    assert not workspace.summary.complete


def test_a_build_can_be_stopped(folder: Path, caplog) -> None:
    """Then nothing is said of what does not fit; the next file that is saved has everything read."""
    (folder / "other.py").write_text(GOOD)
    deadline = Deadline()
    workspace = Workspace([folder])
    workspace.build(lambda *_: deadline.cancel(), deadline)
    assert workspace.index is None and not workspace.summary.complete and told(caplog, "do not fit") == 0
    workspace.refresh([folder / "good.py"])
    assert names(workspace) == ["good.py", "other.py"] and workspace.summary.complete
