"""Data flows one way: who may import whom, and which packages."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = ("model", "index", "engine", "completer", "backend", "session", "server")
"""Modules and packages of `tinycode_ls`; none imports one that stands behind it."""
FORBIDDEN = {
    "tinycode_ls": {"trainer", "torch", "onnx"},
    "tinycode_ls/model": {"numpy", "onnxruntime", "pygls", "lsprotocol"},
    "tinycode_ls/engine": {"pygls", "lsprotocol"},
    "tinycode_ls/index": {"pygls", "lsprotocol", "onnxruntime"},
    "tinycode_ls/completer.py": {"pygls", "lsprotocol", "threading"},
    "tinycode_ls/text.py": {"pygls", "numpy"},
    "tinycode_ls/server.py": {"numpy"},
}


def layers_imported(path: Path) -> set[str]:
    """Of LAYERS, those that a file of `tinycode_ls` imports: by names relative to it, as all of them do."""
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            folder = path.parents[node.level - 1].relative_to(ROOT / "tinycode_ls")
            parts = (*folder.parts, *(node.module or "").split("."))
            found |= {parts[0]} if any(parts) else {alias.name for alias in node.names}
    return found & set(LAYERS)


@pytest.mark.parametrize("layer", LAYERS)
def test_no_layer_imports_one_behind_it(layer: str) -> None:
    """Anywhere in its files, inside functions too."""
    path = ROOT / "tinycode_ls" / layer
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
    before, imports = set(LAYERS[: LAYERS.index(layer) + 1]), {name for file in files for name in layers_imported(file)}
    assert imports <= before and (imports or layer == "model")


def imported(path: Path) -> Iterator[str]:
    """Top-level names of the packages that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").split(".")[0]


@pytest.mark.parametrize("place", FORBIDDEN)
def test_nothing_is_imported_against_the_flow(place: str) -> None:
    """No file of the place imports what the table forbids."""
    path = ROOT / place
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    assert files
    for file in files:
        assert not FORBIDDEN[place] & set(imported(file)), file


def test_the_trainer_imports_itself_relatively() -> None:
    """Two other distributions own a package named `trainer`."""
    for file in (ROOT / "trainer").rglob("*.py"):
        assert "trainer" not in imported(file), file


def loaded(code: str, *modules: str) -> list[str]:
    """Those of the modules that a new process has loaded when it ran `code`, with nothing at its standard input."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; print(*{set(modules)} & sys.modules.keys())"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.split()


def test_the_server_process_loads_no_torch() -> None:
    """Nor the engine before it is needed: an editor is answered first. Nor, with the engine, random numbers: 3 MB."""
    assert not loaded("import tinycode_ls.server", "torch", "onnx", "numpy", "onnxruntime")
    assert not loaded("import tinycode_ls.server, tinycode_ls.completer", "torch", "onnx", "numpy.random")


def test_the_server_loads_no_openssl() -> None:
    """It makes no connection; asyncio, which would load 4 MB for them, does without."""
    assert not loaded("from tinycode_ls.cli import main; assert main([]) == 1", "_ssl", "_hashlib")


def test_the_command_line_loads_no_engine_for_its_help() -> None:
    """`tinycode-ls --help` is quick because nothing heavy is imported."""
    help_alone = "import tinycode_ls.cli as c; c.parser().format_help()"
    assert not loaded(help_alone, "numpy", "onnxruntime", "pygls", "lsprotocol", "asyncio", "torch")
