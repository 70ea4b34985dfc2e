"""Manifests: what they may say, and the one line for each thing they may not."""

from pathlib import Path

import pytest

from tinycode_ls.errors import CorpusError
from trainer.corpus.manifest import (
    MOST_BYTES,
    allowed,
    is_excluded,
    is_manifest,
    read_excluded,
    read_manifest,
    refuse_repeated,
)

CORPORA = Path(__file__).parents[2] / "corpora"
GOOD = {"name": "zlib", "version": "1.3", "licence": "Zlib", "kind": "debian-source", "sha256": "ab" * 32}


def manifest(folder: Path, **changes: object) -> Path:
    entry = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
    fields = ", ".join(f"{key} = {value!r}" for key, value in entry.items())
    path = folder / "c.toml"
    path.write_text(
        f'language = "c"\ndefaults = {{ suite = "trixie", include = ["*.c"] }}\npackages = [ {{ {fields} }} ]\n'
    )
    return path


def test_entry_takes_the_defaults(tmp_path: Path) -> None:
    """What an entry does not say comes from `defaults`, then from the type."""
    (package,) = read_manifest(manifest(tmp_path)).packages
    assert (package.suite, package.include, package.most_bytes) == ("trixie", ("*.c",), MOST_BYTES)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"licence": "GPL-3.0-only"}, "zlib: licence 'GPL-3.0-only' is not on the permissive list"),
        ({"licence": "MIT AND GPL-2.0-only"}, "is not on the permissive list"),
        ({"licence": None}, "zlib: needs licence as text"),
        ({"sha256": None}, "zlib: needs sha256 as text"),
        ({"version": 3}, "zlib: needs version as text"),
        ({"version": "1 & calc"}, "zlib: version '1 & calc'; expected letters"),
        ({"kind": "tarball"}, "zlib: kind 'tarball'; expected one of debian-source"),
        ({"licnce": "MIT"}, "zlib: unknown key licnce"),
        ({"sha256": "abc"}, "zlib: sha256 'abc'; expected 64 hexadecimal digits"),
        ({"name": "../zlib"}, "name '../zlib'; expected letters"),
        ({"most_bytes": "abc"}, "zlib: most_bytes is 'abc'; expected a whole number of 1 or more"),
        ({"most_bytes": 0}, "zlib: most_bytes is 0; expected"),
        ({"include": 5}, "zlib: include is 5; expected a list of patterns, as text"),
        ({"include": [5]}, "zlib: include is [5]; expected a list of patterns"),
        ({"exclude": "*.h"}, "zlib: exclude is '*.h'; expected a list of patterns"),
        ({"suite": 13}, "zlib: suite is 13; expected letters"),
        ({"suite": "../../elsewhere"}, "zlib: suite is '../../elsewhere'; expected letters"),
        ({"suite": "x\\nURIs: y"}, "; expected letters"),
        ({"name": "python-httpx"}, "python-httpx: held out for measuring"),
    ],
)
def test_bad_entry_is_named(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    """A message names the manifest, the package, what was found and what is expected, in one line."""
    with pytest.raises(CorpusError) as caught:
        read_manifest(manifest(tmp_path, **changes), excluded=frozenset({"httpx"}))
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "language = ",
        f"x = {'[' * 5000}",
        "x = 1\n",
        'language = "c"\npackages = []\n',
        'language = "c"\npackages = [1]\n',
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    """Broken TOML, other TOML and a manifest without packages are told apart from a good one."""
    path = tmp_path / "x.toml"
    path.write_text(text)
    with pytest.raises(CorpusError, match=r"x\.toml: not a"):
        read_manifest(path)


def test_package_listed_twice_is_refused(tmp_path: Path) -> None:
    """A package counts once."""
    path = manifest(tmp_path)
    path.write_text(path.read_text().replace(" ]\n", ", " + path.read_text().split("packages = [ ")[1]))
    with pytest.raises(CorpusError, match="zlib: listed twice"):
        read_manifest(path)


@pytest.mark.parametrize(
    ("licence", "verdict"),
    [
        ("MIT", True),
        ("MIT OR GPL-2.0-only", True),
        ("(MIT OR Apache-2.0) AND Zlib", True),
        ("(MIT OR Apache-2.0) AND LGPL-2.1-only", False),
        ("MPL-2.0", False),
        ("", False),
    ],
)
def test_licence_expressions(licence: str, verdict: bool) -> None:
    """Of an OR one licence must be permissive, of an AND all."""
    assert allowed(licence) is verdict


def test_excluded_names_are_found_under_their_other_names(tmp_path: Path) -> None:
    """A list of repositories refuses what distributions call them, and nothing that only looks alike."""
    path = tmp_path / "exclude.txt"
    path.write_text("# measured on\nencode/httpx httpx\ngin-gonic/gin\nBurntSushi/ripgrep ripgrep\ngoogle/gson gson\n")
    excluded = read_excluded(path)
    names = [
        "httpx",
        "python-httpx",
        "golang-github-gin-gonic-gin",
        "rust-ripgrep",
        "librust-ripgrep-dev",
        "libgoogle-gson-java",
    ]
    assert [name for name in names if not is_excluded(name, excluded)] == []
    assert not any(is_excluded(name, excluded) for name in ("httplib2", "rust-grep", "gson-extras", "measured"))


def test_source_files_are_no_manifests(tmp_path: Path) -> None:
    """A repository's own TOML files are text to train on, not lists of packages to fetch."""
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert not is_manifest(tmp_path / "pyproject.toml")
    assert not is_manifest(tmp_path / "absent.toml")
    assert is_manifest(manifest(tmp_path))


@pytest.mark.parametrize("path", sorted(CORPORA.glob("*.toml")), ids=lambda path: path.stem)
def test_our_own_manifests_are_sound(path: Path) -> None:
    """Every manifest that we ship reads, and bounds each package."""
    found = read_manifest(path)
    stem = path.stem.removesuffix("-more")
    assert found.language == {"small": "python", "python-pypi": "python"}.get(stem, stem)
    assert all(package.most_bytes <= 40_000_000 for package in found.packages)


@pytest.mark.parametrize("language", ["../../victim", "/victim", ""])
def test_a_language_is_no_path(tmp_path: Path, language: str) -> None:
    """Packages are unpacked in a folder of that name, in the place of what is there."""
    path = manifest(tmp_path)
    path.write_text(path.read_text().replace('language = "c"', f'language = "{language}"'))
    with pytest.raises(CorpusError, match=r"c\.toml: language .*; expected letters"):
        read_manifest(path)


def test_a_package_is_named_by_one_manifest_of_a_language(tmp_path: Path) -> None:
    """It has one folder in the cache: of two versions only the later would be read, twice."""
    for name, version in (("one", "1.3"), ("two", "1.4")):
        (tmp_path / name).mkdir()
        manifest(tmp_path / name, version=version)
    one, two = (read_manifest(tmp_path / name / "c.toml") for name in ("one", "two"))
    refuse_repeated([one])
    with pytest.raises(CorpusError, match=r"two.c\.toml: zlib: named by .*one.c\.toml, too"):
        refuse_repeated([one, two])


def test_toml_without_an_end_is_no_manifest(tmp_path: Path) -> None:
    """One that is nested too deep to be read."""
    (tmp_path / "deep.toml").write_text(f"x = {'[' * 5000}{']' * 5000}\n")
    assert not is_manifest(tmp_path / "deep.toml")
