"""The index follows the work: what was typed a moment ago is completed, in this file and in others, and goes when it goes."""

import sys
import time
from pathlib import Path

import pytest
from wire import Wire

DEFINITION = "def frobnicate_the_quux(zot):\n    return zot\n\n\n"
USE = "import os\n\nx = frobnicate_the_q"


@pytest.fixture
def wire(repository: Path, model_file: Path):
    """A server that has indexed the repository."""
    wire = Wire([sys.executable, "-m", "tinycode_ls", "--model", str(model_file)], repository)
    wire.start(repository)
    wire.wait_for_index()
    yield wire
    wire.close()


def change(wire: Wire, path: Path, version: int, text: str) -> None:
    """The whole text anew."""
    document = {"uri": path.as_uri(), "version": version}
    wire.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})


def completes(wire: Wire, path: Path, text: str = USE, rest: str = "uux(") -> bool:
    """Whether the name that the open document `path`, whose text is `text`, ends with is completed there."""
    items = wire.ghost(path, text.count("\n"), len(text.rpartition("\n")[2]), kind=1)
    return bool(items) and items[0]["insertText"].startswith(rest)


def becomes(wire: Wire, path: Path, wanted: bool, seconds: float = 10) -> None:
    """It does (or no longer does) so soon."""
    end = time.monotonic() + seconds
    while completes(wire, path) != wanted:
        assert time.monotonic() < end


def test_a_name_is_completed_in_the_next_line(wire: Wire, repository: Path) -> None:
    """Typed, not saved: the first question knows it."""
    file = repository / "new.py"
    wire.open(file, "")
    text = DEFINITION + "value = frobnicate_the_q"
    change(wire, file, 2, text)
    assert completes(wire, file, text)


def test_an_unsaved_name_is_completed_in_another_document_and_gone_when_that_is_closed(
    wire: Wire, repository: Path
) -> None:
    """Known soon after turning to the other document; closed without saving, it never was."""
    defined, used = repository / "tinycode_ls" / "memory.py", repository / "used.py"
    wire.open(defined, defined.read_text())
    wire.open(used, USE)
    assert not completes(wire, used)
    change(wire, defined, 2, DEFINITION * 3 + defined.read_text())
    becomes(wire, used, True)
    wire.notify("textDocument/didClose", {"textDocument": {"uri": defined.as_uri()}})
    becomes(wire, used, False)


def test_a_document_that_was_never_saved_counts_too(wire: Wire, repository: Path) -> None:
    """New, in a folder of the repository; one that git ignores does not."""
    (repository / ".gitignore").write_text("local/\n")
    ignored, new, used = repository / "local" / "a.py", repository / "never_saved.py", repository / "used.py"
    wire.open(used, USE)
    for file, other in ((ignored, "frobnicate_the_lost"), (new, "frobnicate_the_quux")):
        wire.open(file, "")
        change(wire, file, 2, DEFINITION.replace("frobnicate_the_quux", other) * 3)
    becomes(wire, used, True)
    lost = USE.replace("the_q", "the_lo")
    change(wire, used, 2, lost)
    assert not completes(wire, used, lost, "st(")


def test_a_name_of_one_cell_is_completed_in_another(wire: Wire, repository: Path) -> None:
    """Of a notebook, saved or not; the explanation leads to the cell."""
    uris = [f"vscode-notebook-cell:{repository}/plot.ipynb#W{number}sZmlsZQ%3D%3D" for number in range(2)]
    for uri, text in zip(uris, (DEFINITION * 3, USE), strict=True):
        document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        wire.notify("textDocument/didOpen", {"textDocument": document})
    ask = {
        "textDocument": {"uri": uris[1]},
        "position": {"line": 2, "character": len(USE.rpartition("\n")[2])},
        "context": {"triggerKind": 1},
    }
    end = time.monotonic() + 10
    while "uux(" not in str(wire.ask("textDocument/inlineCompletion", ask)["items"]):
        assert time.monotonic() < end
    found = wire.ask("workspace/executeCommand", {"command": "tinycode.explain", "arguments": []})
    assert "from plot.ipynb:" in found["summary"] and uris[0] in [source.get("uri") for source in found["sources"]]


def test_a_deleted_name_goes_from_other_documents_before_it_is_saved(wire: Wire, repository: Path) -> None:
    """What is deleted in an open document is no longer there, though it still is on disk."""
    defined, used = repository / "defined.py", repository / "used.py"
    defined.write_text(DEFINITION * 3)
    wire.notify("textDocument/didSave", {"textDocument": {"uri": defined.as_uri()}})
    wire.open(defined, DEFINITION * 3)
    wire.open(used, USE)
    becomes(wire, used, True)
    change(wire, defined, 2, "nothing = 1\n")
    becomes(wire, used, False)


def test_a_deleted_file_is_gone(wire: Wire, repository: Path) -> None:
    """Saved, known elsewhere; deleted, unknown."""
    defined, used = repository / "defined.py", repository / "used.py"
    defined.write_text(DEFINITION * 3)
    wire.notify("textDocument/didSave", {"textDocument": {"uri": defined.as_uri()}})
    wire.open(used, USE)
    becomes(wire, used, True)
    defined.unlink()
    wire.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": defined.as_uri(), "type": 3}]})
    becomes(wire, used, False)


def test_a_deleted_folder_is_gone(wire: Wire, repository: Path) -> None:
    """A client may name the folder only."""
    folder, used = repository / "package", repository / "used.py"
    folder.mkdir()
    (folder / "defined.py").write_text(DEFINITION * 3)
    changes = [{"uri": folder.as_uri(), "type": 1}]
    wire.notify("workspace/didChangeWatchedFiles", {"changes": changes})
    wire.open(used, USE)
    becomes(wire, used, True)
    (folder / "defined.py").unlink()
    folder.rmdir()
    wire.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": folder.as_uri(), "type": 3}]})
    becomes(wire, used, False)
