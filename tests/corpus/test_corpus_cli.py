"""`corpus build` and `corpus why` as a user calls them."""

import argparse
from collections.abc import Callable
from pathlib import Path

import pytest

from tinycode_ls.errors import CorpusError
from trainer.corpus.cli import add_parser

Tree = Callable[..., Path]
STDLIB = """language = "python"
packages = [
  { kind = "python-stdlib", name = "stdlib", version = "running", licence = "PSF-2.0", include = ["/json/*.py"] },
]
"""


def run(*words: str | Path) -> int:
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    flags = parser.parse_args(["corpus", *map(str, words)])
    code: int = flags.run(flags)
    return code


def test_build_reports_what_it_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The running interpreter's library needs no network: bytes, documents, languages and hash are printed."""
    (tmp_path / "python.toml").write_text(STDLIB)
    assert run("build", tmp_path / "python.toml", "--out", tmp_path / "out", "--cache", tmp_path / "cache") == 0
    said = capsys.readouterr().out
    assert "bytes to train on" in said
    assert "documents: python " in said
    assert (tmp_path / "out" / "train.bin").stat().st_size > 10_000


def test_bound_and_exclusion_are_obeyed(tmp_path: Path, tree: Tree, capsys: pytest.CaptureFixture[str]) -> None:
    """--max-mb bounds each manifest; --exclude refuses a manifest that names what is measured on."""
    (tmp_path / "python.toml").write_text(STDLIB)
    assert run("build", tmp_path / "python.toml", "--out", tmp_path / "out", "--max-mb", "0.02") == 0
    assert "beyond the bytes asked of its language" in capsys.readouterr().out
    excluded = tree("lists", {"exclude.txt": "# measured\npython/stdlib stdlib\n"}) / "exclude.txt"
    with pytest.raises(CorpusError, match="stdlib: held out for measuring"):
        run("build", tmp_path / "python.toml", "--out", tmp_path / "out", "--exclude", excluded)


def test_why_prints_a_line_for_each_file(tree: Tree, capsys: pytest.CaptureFixture[str]) -> None:
    """Several files, several lines."""
    root = tree("project", {"a.py": "x = 1\n", "b.png": "x", "c.json": "{}"})
    assert run("why", root / "a.py", root / "c.json", root / "b.png", "--root", root) == 0
    kept, data, left = capsys.readouterr().out.splitlines()
    assert "kept (python" in kept and "kept (json" in data
    assert "left out, not a source file" in left
