"""The workspace index follows the disk: new text is found, deleted text is gone, unchanged files are not read again."""

from pathlib import Path

import pytest

from tinycode_ls.index import workspace as module
from tinycode_ls.index.workspace import Workspace


def knows(workspace: Workspace, context: bytes) -> bool:
    """Whether the whole context (up to 32 bytes) occurs."""
    if workspace.index is None:
        return False
    low, high = workspace.index.start(context)
    return bool(high[0, len(context) - 1] > low[0, len(context) - 1])


def test_what_is_written_is_known_and_what_is_deleted_is_gone(tmp_path: Path) -> None:
    """After a refresh the answers are those of the files as they are now."""
    (tmp_path / "a.py").write_text("frobnicate = 1\n")
    workspace = Workspace([tmp_path])
    workspace.build()
    assert knows(workspace, b"frobnicate") and not knows(workspace, b"xyzzy")
    (tmp_path / "b.py").write_text("xyzzy = 2\n")
    (tmp_path / "a.py").unlink()
    workspace.refresh()
    assert knows(workspace, b"xyzzy") and not knows(workspace, b"frobnicate")


def test_refreshed_is_rebuilt(tmp_path: Path) -> None:
    """Step by step or from scratch, the index is the same."""
    for name in "abc":
        (tmp_path / f"{name}.py").write_text(f"def {name}():\n    return '{name}'\n" * 5)
    workspace = Workspace([tmp_path])
    workspace.build()
    (tmp_path / "b.py").write_text("def changed():\n    pass\n")
    workspace.refresh()
    fresh = Workspace([tmp_path])
    fresh.build()
    assert workspace.index is not None and fresh.index is not None
    assert (workspace.index.column == fresh.index.column).all()


def test_unchanged_files_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the changed file is judged in a refresh."""
    for name in "abc":
        (tmp_path / f"{name}.py").write_text(f"{name} = 1\n")
    workspace = Workspace([tmp_path])
    workspace.build()
    (tmp_path / "b.py").write_text("b = 12345\n")
    read: list[str] = []
    real = module.judge
    monkeypatch.setattr(module, "judge", lambda path, root: read.append(path.name) or real(path, root))
    workspace.refresh()
    assert read == ["b.py"]


def test_the_budget_bounds_the_text_and_says_so(tmp_path: Path) -> None:
    """Files beyond the budget are left out and the summary is not complete."""
    for number in range(4):
        (tmp_path / f"{number}.py").write_text("x = 1\n" * 5000)
    workspace = Workspace([tmp_path], budget_mb=0.065)
    workspace.build()
    assert workspace.summary.files == 2 and not workspace.summary.complete
    assert workspace.summary.bytes <= 65_000


def test_an_empty_folder_is_no_index(tmp_path: Path) -> None:
    """Nothing to count in, nothing to fail at."""
    workspace = Workspace([tmp_path])
    workspace.build()
    assert workspace.index is None and workspace.summary.files == 0
