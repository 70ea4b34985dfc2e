"""Open documents in the workspace: their text counts where it differs from the file's, and only as long as it does."""

import random
import subprocess
from pathlib import Path

import pytest

from tinycode_ls.index.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A repository of two files, `local/` ignored."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, capture_output=True)
    (tmp_path / ".gitignore").write_text("local/\n")
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(f"on_disk_{name[0]} = 1\n")
    made = Workspace([tmp_path])
    made.build()
    return made


def text(workspace: Workspace) -> bytes:
    """All that is indexed."""
    return b"".join(content for _, content in workspace.texts())


def test_unsaved_text_counts_until_it_is_closed_or_written_in(workspace: Workspace, tmp_path: Path) -> None:
    """In place of the file's; None, the document that is written in, is its file."""
    file = tmp_path / "a.py"
    for other in (None, {}):
        workspace.refresh([], {file: "unsaved = 1\r\n"})
        assert b"unsaved = 1\n" in text(workspace) and b"on_disk_a" not in text(workspace)
        workspace.refresh([], {file: None} if other is None else {})
        assert b"unsaved" not in text(workspace) and b"on_disk_a" in text(workspace)


def test_saving_changes_nothing_and_needs_no_new_index(workspace: Workspace, tmp_path: Path) -> None:
    """The text on disk is then the document's."""
    workspace.refresh([], {tmp_path / "a.py": "unsaved = 1\n"})
    index = workspace.index
    (tmp_path / "a.py").write_text("unsaved = 1\n")
    workspace.refresh([tmp_path / "a.py"])
    assert workspace.index is index
    workspace.refresh([], {})
    assert workspace.index is index


def test_a_document_as_it_is_on_disk_needs_no_new_index(workspace: Workspace, tmp_path: Path) -> None:
    """Turning to and fro between unchanged files is free."""
    index = workspace.index
    workspace.refresh([], {tmp_path / "a.py": "on_disk_a = 1\n", tmp_path / "b.py": None})
    workspace.refresh([], {tmp_path / "b.py": "on_disk_b = 1\n", tmp_path / "a.py": None})
    assert workspace.index is index


def test_only_documents_that_would_be_indexed_when_saved(workspace: Workspace, tmp_path: Path) -> None:
    """Not a secret, not what git ignores, not what lies elsewhere; a new file, and one that was empty, yes."""
    (tmp_path / "empty.py").write_text("")
    secrets = {tmp_path / ".env": "TOKEN = 1\n", tmp_path / "local" / "x.py": "ignored = 1\n"}
    elsewhere = {tmp_path.parent / "elsewhere.py": "elsewhere = 1\n", tmp_path / "min.js": "m" * 3000}
    new = {tmp_path / "new.py": "brand_new = 1\n", tmp_path / "empty.py": "no_longer = 1\n"}
    workspace.refresh([], secrets | elsewhere | new)
    found = text(workspace)
    assert b"brand_new" in found and b"no_longer" in found
    for word in (b"TOKEN", b"ignored", b"elsewhere", b"mmm"):
        assert word not in found


def test_a_link_stays_left_out_when_it_is_open(workspace: Workspace, tmp_path: Path) -> None:
    """Its target may lie elsewhere."""
    (tmp_path / "link.py").symlink_to(tmp_path.parent / "elsewhere.py")
    workspace.refresh([], {tmp_path / "link.py": "elsewhere = 1\n"})
    assert b"elsewhere" not in text(workspace)


def test_a_document_whose_name_can_be_no_files_is_passed_over(workspace: Workspace, tmp_path: Path) -> None:
    """A client may send anything; the files that come with it are seen."""
    (tmp_path / "new.py").write_text("brand_new = 1\n")
    workspace.refresh([tmp_path / "new.py", tmp_path / "x\0.py"], {tmp_path / "x\0.py": "odd = 1\n"})
    assert b"brand_new" in text(workspace) and b"odd" not in text(workspace)


@pytest.mark.parametrize("seed", range(8))
def test_followed_step_by_step_is_built_at_once(tmp_path: Path, seed: int) -> None:
    """Random saving, deleting, opening, editing and closing: the index is that of a workspace made anew."""
    rng, files = random.Random(seed), [tmp_path / f"f{number}.py" for number in range(5)]
    workspace = Workspace([tmp_path])
    workspace.build()
    documents: dict[Path, str | None] = {}
    for step in range(25):
        file, saved = rng.choice(files), []
        action = rng.choice(("save", "delete", "edit", "close", "write here"))
        if action == "save":
            file.write_text(f"saved_{step} = {step}\n")
            saved = [file]
        elif action == "delete":
            file.unlink(missing_ok=True)
            saved = [file]
        elif action == "close":
            documents.pop(file, None)
        else:
            documents[file] = f"typed_{step} = 1\n" if action == "edit" else None
        workspace.refresh(saved, documents)
    fresh = Workspace([tmp_path])
    fresh.refresh([], documents)
    fresh.build()
    assert workspace.texts() == fresh.texts() and workspace.summary == fresh.summary
