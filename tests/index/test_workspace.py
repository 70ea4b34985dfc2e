"""The workspace index follows the disk: new text is found, deleted text is gone, unchanged files are not read again."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tinycode_ls.index import files
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


def test_scripts_without_a_suffix_are_known_where_they_may_be_run(tmp_path: Path) -> None:
    """What may not be run is not even looked at: stores of thousands of files have no suffixes either."""
    for name, mode in [("deploy", 0o755), ("stored", 0o644), ("program", 0o755)]:
        (tmp_path / name).write_text(f"{'' if name == 'program' else '#!'}/bin/sh\n{name}_all_servers\n")
        (tmp_path / name).chmod(mode)
    workspace = Workspace([tmp_path])
    workspace.build()
    assert [Path(path).name for path, _ in workspace.texts()] == ["deploy"]
    assert knows(workspace, b"deploy_all_servers")


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


def test_events_of_what_is_not_indexed_need_no_look_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build writes thousands of files that git ignores; once known to be ignored they are looked up, not looked for."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, capture_output=True)
    (tmp_path / ".gitignore").write_text("out/\n")
    (tmp_path / "a.py").write_text("a = 1\n")
    workspace = Workspace([tmp_path])
    workspace.build()
    log, vendored = tmp_path / "out" / "log.txt", tmp_path / "node_modules" / "x"
    for folder in (log.parent, vendored, tmp_path / "target" / "debug"):
        folder.mkdir(parents=True)
    log.write_text("first\n")
    workspace.refresh([log])
    looks: list[Path] = []
    real = module.list_in_time
    monkeypatch.setattr(module, "list_in_time", lambda root, say: looks.append(root) or real(root, say))
    log.write_text("second\n")
    (vendored / ".gitignore").write_text("*\n")
    (tmp_path / "empty").mkdir()
    absent = [tmp_path / "out" / "gone.py", tmp_path / "target" / "debug" / "x.o"]
    workspace.refresh([log, *absent, vendored, vendored / ".gitignore", vendored.parent, tmp_path / "target" / "debug"])
    workspace.refresh([tmp_path / "empty"])
    assert looks == []
    (tmp_path / ".gitignore").write_text("")
    workspace.refresh([tmp_path / ".gitignore"])
    assert knows(workspace, b"second") and len(looks) == 1


def test_turns_to_a_document_that_is_not_indexed_need_one_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that a definition led to: it is the document written in, and then one with text that counts for nothing."""
    vendored = tmp_path / "node_modules" / "library.js"
    vendored.parent.mkdir()
    for file in (tmp_path / "a.js", vendored):
        file.write_text("frobnicate = 1\n")
    workspace = Workspace([tmp_path])
    workspace.build()
    looks: list[Path] = []
    real = module.list_in_time
    monkeypatch.setattr(module, "list_in_time", lambda root, say: looks.append(root) or real(root, say))
    for _ in range(3):
        workspace.refresh([], {tmp_path / "a.js": "frobnicate = 1\n", vendored: None})
        workspace.refresh([], {vendored: "frobnicate = 1\n", tmp_path / "a.js": None})
    assert len(looks) <= 1


def test_turns_between_documents_that_are_on_no_disk_need_one_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notebook's cells: git is asked of each once, and the one that is written in is no voice of the workspace."""
    (tmp_path / "a.py").write_text("a = 1\n")
    cells = [tmp_path / f"cell_{number}.py" for number in "abc"]
    workspace = Workspace([tmp_path])
    workspace.build()
    looks, asked = list[Path](), list[Path]()
    real, real_would = module.list_in_time, module.would_list
    monkeypatch.setattr(module, "list_in_time", lambda root, say: looks.append(root) or real(root, say))
    monkeypatch.setattr(module, "would_list", lambda path, root: asked.append(path) or real_would(path, root))
    for written in cells * 2:
        workspace.refresh([], {cell: None if cell == written else f"{cell.stem}_word = 1\n" for cell in cells})
        assert [knows(workspace, f"{cell.stem}_word".encode()) for cell in cells] == [cell != written for cell in cells]
    assert len(looks) == 1 and sorted(asked) == cells
    workspace.refresh([], {})
    assert not knows(workspace, b"_word")


def test_a_new_script_may_have_the_name_of_a_vendored_folder(tmp_path: Path) -> None:
    """`build`, without a suffix."""
    workspace = Workspace([tmp_path])
    workspace.build()
    script = tmp_path / "build"
    script.write_text("#!/bin/sh\nfrobnicate\n")
    script.chmod(0o755)
    workspace.refresh([script])
    assert knows(workspace, b"frobnicate")


def test_what_is_ignored_no_longer_and_what_comes_again_is_seen(tmp_path: Path) -> None:
    """A file that was a moment too late, a folder that is deleted, made anew and moved, named by itself."""
    (tmp_path / "a.py").write_text("a = 1\n")
    workspace = Workspace([tmp_path])
    workspace.build()
    late, folder, moved = tmp_path / "late.py", tmp_path / "package", tmp_path / "moved"
    workspace.refresh([late], {late: "unsaved = 1\n"})
    late.write_text("frobnicate = 1\n")
    workspace.refresh([late], {})
    assert knows(workspace, b"frobnicate")
    for word in ("xyzzy", "plugh"):
        folder.mkdir()
        (folder / "data.bin").write_bytes(b"\0")
        workspace.refresh([folder])
        (folder / "b.py").write_text(f"{word} = 1\n")
        workspace.refresh([folder])
        assert knows(workspace, word.encode())
        folder.rename(moved)
        workspace.refresh([folder, moved])
        assert knows(workspace, word.encode()) and not any(str(folder) in path for path, _ in workspace.texts())
        shutil.rmtree(moved)
        workspace.refresh([moved])
        assert word not in str(workspace.texts())


@pytest.mark.parametrize("order", [1, -1])
def test_a_folder_opened_beside_the_one_around_it_has_its_own_rules(tmp_path: Path, order: int) -> None:
    """Vendored for the outer one; whichever was opened first, the inner one says what is its source."""
    inner = tmp_path / "third_party" / "sub"
    inner.mkdir(parents=True)
    (inner / ".tinycodeignore").write_text("no.py\n")
    for file in (tmp_path / "a.py", inner / "b.py", inner / "no.py"):
        file.write_text(f"{file.stem} = 1\n")
    workspace = Workspace([tmp_path, inner][::order])
    workspace.build()
    new = inner / "new.py"
    new.write_text("new = 1\n")
    workspace.refresh([new])
    assert [Path(path).name for path, _ in workspace.texts()] == ["a.py", "b.py", "new.py"]


def test_a_new_document_counts_where_a_file_was_deleted(tmp_path: Path) -> None:
    """Several files came and went before; the document is not saved yet."""
    (tmp_path / "a.py").write_text("a = 1\n")
    workspace = Workspace([tmp_path])
    workspace.build()
    new, other = tmp_path / "new.py", tmp_path / "other.py"
    new.write_text("new = 1\n")
    workspace.refresh([new])
    new.unlink()
    other.write_text("other = 1\n")
    workspace.refresh([new, other])
    workspace.refresh([], {new: "frobnicate = 1\n"})
    assert knows(workspace, b"frobnicate")


def test_another_file_of_the_same_size_and_time_is_read(tmp_path: Path) -> None:
    """As `cp -p`, `rsync -t` and what unpacks archives put there."""
    file, other = tmp_path / "a.py", tmp_path / "other"
    for path, word in ((file, "frobnicate"), (other, "xyzzyxyzzy")):
        path.write_text(f"{word} = 1\n")
        os.utime(path, (1_000_000_000, 1_000_000_000))
    workspace = Workspace([tmp_path])
    workspace.build()
    other.replace(file)
    workspace.refresh([file])
    assert knows(workspace, b"xyzzyxyzzy") and not knows(workspace, b"frobnicate")


def test_an_open_folder_in_another_that_goes_takes_no_other_change_along(tmp_path: Path) -> None:
    """It is told of together with what changed elsewhere."""
    (tmp_path / "inner").mkdir()
    workspace = Workspace([tmp_path, tmp_path / "inner"])
    workspace.build()
    (tmp_path / "inner").rmdir()
    (tmp_path / "a.py").write_text("frobnicate = 1\n")
    workspace.refresh([tmp_path / "inner", tmp_path / "a.py"])
    assert knows(workspace, b"frobnicate")


def test_what_counted_counts_on_where_git_is_slow_and_what_is_new_as_soon_as_it_is_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once it was slow, and a running server knew nothing any more; the file that was saved meanwhile was never looked at."""
    (tmp_path / "a.py").write_text("frobnicate = 1\n")
    workspace = Workspace([tmp_path])
    workspace.build()
    (tmp_path / "b.py").write_text("xyzzy = 2\n")
    with monkeypatch.context() as patch:
        patch.setattr(files, "GIT_TIMEOUT_S", 1e-6)
        workspace.refresh([tmp_path / "b.py"])
    assert knows(workspace, b"frobnicate") and not knows(workspace, b"xyzzy") and not workspace.summary.complete
    workspace.refresh([tmp_path / "b.py"])
    assert knows(workspace, b"frobnicate") and knows(workspace, b"xyzzy") and workspace.summary.complete
