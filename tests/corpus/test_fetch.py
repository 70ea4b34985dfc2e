"""Packages -> archives -> source trees, with clients that are played by a script: no network."""

import argparse
import hashlib
import io
import os
import re
import resource
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tinycode_ls.errors import CorpusError
from trainer.corpus.apt import apt_command, prepare_state
from trainer.corpus.build import build_from_manifest
from trainer.corpus.cli import add_parser
from trainer.corpus.fetch import fetch
from trainer.corpus.manifest import Package
from trainer.corpus.unpack import unpack

Archive = Callable[..., Path]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """A tar of named texts."""

    def make(files: dict[str, str], name: str = "left-pad-1.0.0.tgz") -> Path:
        path = tmp_path / name
        with tarfile.open(path, "w:gz") as tar:
            for file, text in files.items():
                member = tarfile.TarInfo(file)
                member.size = len(text.encode())
                tar.addfile(member, io.BytesIO(text.encode()))
        return path

    return make


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """An `npm`, or another client, first on the path that runs the given shell lines; returns the file where it counts
    its calls."""

    def install(lines: str, client: str = "npm") -> Path:
        script, calls = tmp_path / "bin" / client, tmp_path / "calls"
        script.parent.mkdir(exist_ok=True)
        script.write_text(f"#!/bin/sh\necho \"$@\" >> '{calls}'\n{lines}\n")
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")
        return calls

    return install


def package_of(path: Path, **changes: str) -> Package:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return replace(Package("left-pad", "1.0.0", "MIT", "npm", digest, include=("*.js",)), **changes)


def test_package_is_fetched_once(archive: Archive, npm: Callable[[str], Path], tmp_path: Path) -> None:
    """The client is asked by name and version; what is in the cache with the right hash is not fetched again."""
    path = archive({"package/index.js": "x\n"})
    calls = npm(f"cp '{path}' .")
    first, second = (fetch(package_of(path), tmp_path / "cache") for _ in range(2))
    assert first == second
    assert first.read_bytes() == path.read_bytes()
    assert calls.read_text() == "pack --loglevel=error left-pad@1.0.0\n"


def test_damaged_download_in_the_cache_is_fetched_again(
    archive: Archive, npm: Callable[[str], Path], tmp_path: Path
) -> None:
    """A file in the cache whose hash is wrong is replaced, not trusted."""
    path = archive({"package/index.js": "x\n"})
    npm(f"cp '{path}' .")
    stored = fetch(package_of(path), tmp_path / "cache")
    stored.write_bytes(b"half")
    assert fetch(package_of(path), tmp_path / "cache").read_bytes() == path.read_bytes()


def test_other_hash_is_refused(archive: Archive, npm: Callable[[str], Path], tmp_path: Path) -> None:
    """A download whose hash differs is not kept, and the line names both hashes."""
    path = archive({"package/index.js": "x\n"})
    npm(f"cp '{path}' .")
    with pytest.raises(CorpusError, match=r"left-pad 1\.0\.0: sha256 differs, found .*, expected 0000"):
        fetch(package_of(path, sha256="0" * 64), tmp_path / "cache")
    assert list((tmp_path / "cache" / "downloads").iterdir()) == []


def test_package_that_is_gone_is_named(archive: Archive, npm: Callable[[str], Path], tmp_path: Path) -> None:
    """When the client fails, its own last words are in our one line."""
    npm("echo 'npm error 404 no such version' >&2; exit 1")
    with pytest.raises(CorpusError, match=r"left-pad 1\.0\.0: gone or out of reach \(npm error 404 no such version\)"):
        fetch(package_of(archive({})), tmp_path / "cache")


@pytest.mark.parametrize("same", [True, False])
def test_patches_of_a_debian_package_may_be_newer(
    archive: Archive, npm: Callable[..., Path], tmp_path: Path, same: bool
) -> None:
    """A release of the suite has other patches for the same upstream archive: that is taken. Another upstream is not."""
    path = archive({"pad-1.2/pad.c": "x\n"}, "pad_1.2.orig.tar.gz")
    script = f"case \"$*\" in *pad=*) echo 'E: Can not find version' >&2; exit 100;; *source*) cp '{path}' .;; esac"
    calls = npm(script, "apt-get")
    state = tmp_path / "cache" / "apt-state" / "trixie"
    state.mkdir(parents=True)
    (state / "updated").touch()
    changes = {"name": "pad", "version": "1.2-3", "kind": "debian-source", "suite": "trixie"}
    if same:
        stored = fetch(package_of(path, **changes), tmp_path / "cache")
        assert stored.read_bytes() == path.read_bytes()
    else:
        with pytest.raises(CorpusError, match=r"pad 1\.2-3: gone or out of reach \(E: Can not find version\)"):
            fetch(package_of(path, **changes, sha256="0" * 64), tmp_path / "cache")
    asked = [re.split(r"-o \S+ ", line)[-1] for line in calls.read_text().splitlines()]
    get = "source --download-only --tar-only"
    assert asked == [f"{get} pad=1.2-3", "update", f"{get} --only-source pad"]


def test_missing_client_is_named(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without npm the line says what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CorpusError, match="needs npm, which is not installed"):
        fetch(package_of(archive({})), tmp_path / "cache")


def test_only_wanted_sources_are_unpacked(archive: Archive, tmp_path: Path) -> None:
    """The archive's own top folder goes; other languages, vendored code and secrets are not even written."""
    names = ["lib/a.js", "lib/a.css", "node_modules/b/c.js", ".env", "README"]
    path = archive({f"package/{name}": "x\n" for name in names})
    folder = unpack(package_of(path), path, tmp_path / "out")
    assert [file.relative_to(folder).as_posix() for file in folder.rglob("*.*") if file.suffix] == ["lib/a.js"]


def test_hostile_archive_stays_in_its_folder(archive: Archive, tmp_path: Path) -> None:
    """A member that climbs out stops the unpacking, and nothing is left."""
    path = archive({"package/a.js": "x\n", "package/../../evil.js": "x\n"})
    with pytest.raises(CorpusError, match=r"left-pad 1\.0\.0: damaged archive"):
        unpack(package_of(path), path, tmp_path / "cache" / "out")
    assert not list(tmp_path.rglob("evil.js"))
    assert not (tmp_path / "cache" / "out").exists()


def test_damaged_archive_is_named(tmp_path: Path) -> None:
    """What is no archive is said to be damaged, and which file to delete."""
    path = tmp_path / "x.tgz"
    path.write_bytes(b"no archive")
    with pytest.raises(CorpusError, match=r"damaged archive .*; delete .*x\.tgz"):
        unpack(package_of(path), path, tmp_path / "out")


def test_full_disk_leaves_no_half_unpacked_package(archive: Archive, tmp_path: Path) -> None:
    """Played by a bound on the size of files: one line, the old tree stays whole, and with room again all is well."""
    old, new = archive({"package/a.js": "x\n"}), archive({"package/b.js": "y\n" * 5_000}, "new.tgz")
    folder = unpack(package_of(old), old, tmp_path / "out")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, hard))
    try:
        with pytest.raises(CorpusError, match=r"out: not unpacked \(.*\); free some space") as caught:
            unpack(package_of(new), new, tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "\n" not in str(caught.value)
    assert [file.name for file in folder.glob("*.js")] == ["a.js"]
    assert not list(tmp_path.glob(".*.part"))
    assert [file.name for file in unpack(package_of(new), new, tmp_path / "out").glob("*.js")] == ["b.js"]


def test_new_version_replaces_the_old_tree(archive: Archive, tmp_path: Path) -> None:
    """A tree is kept while the hash is the same, and wholly replaced when it is another."""
    first, second = archive({"package/a.js": "x\n"}), archive({"package/b.js": "y\n"}, "other.tgz")
    for path in (first, first, second):
        folder = unpack(package_of(path), path, tmp_path / "out")
    assert [file.name for file in folder.glob("*.js")] == ["b.js"]


def test_other_names_are_unpacked_anew(archive: Archive, tmp_path: Path) -> None:
    """A manifest that asks for more of the same archive is not given what an older one had wanted."""
    path = archive({"package/a.js": "x\n", "package/b.ts": "y\n"})
    package = package_of(path)
    assert not list(unpack(replace(package, include=("*.js",)), path, tmp_path / "out").glob("*.ts"))
    folder = unpack(replace(package, include=("*.js", "*.ts")), path, tmp_path / "out")
    assert sorted(file.name for file in folder.glob("*.*s")) == ["a.js", "b.ts"]


def test_manifest_becomes_a_corpus(
    archive: Archive, npm: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From a manifest to arrays: fetched, unpacked, bounded; the card keeps each package's version and licence."""
    path = archive({f"package/lib/m{i}.js": f"export const value{i} = {i * 7919}\n" * 30 for i in range(20)})
    npm(f"cp '{path}' .")
    entry = f'name = "left-pad", version = "1.0.0", licence = "MIT", sha256 = "{package_of(path).sha256}"'
    manifest = tmp_path / "javascript.toml"
    manifest.write_text(
        'language = "javascript"\ndefaults = { kind = "npm", include = ["*.js"], most_bytes = 5000 }\n'
        f"packages = [ {{ {entry} }}, {{ {entry.replace('left-pad', 'gone').replace('1.0.0', '2.0.0')} }} ]\n"
    )
    npm(f"case \"$*\" in *gone*) echo 'npm error gone' >&2; exit 1;; esac; cp '{path}' .")
    missing: list[CorpusError] = []
    corpus = build_from_manifest(manifest, tmp_path / "out", cache=tmp_path / "cache", missing=missing.append)
    assert [str(error).split(":")[0] for error in missing] == ["gone 2.0.0"]
    assert dict(corpus.sources[0]) | {"files": 0, "bytes": 0} == {
        "name": "left-pad", "version": "1.0.0", "licence": "MIT", "files": 0, "bytes": 0
    }  # fmt: skip
    assert 3000 < sum(corpus.languages.values()) < 6000
    assert corpus.refused["beyond the bytes asked of its package"] > 5
    with pytest.raises(CorpusError, match="gone or out of reach"):
        build_from_manifest(manifest, tmp_path / "out", cache=tmp_path / "cache")
    asked = argparse.ArgumentParser()
    add_parser(asked.add_subparsers())
    fetching = ["corpus", "fetch", str(manifest), "--cache", str(tmp_path / "cache")]
    flags = asked.parse_args([*fetching, "--skip-missing"])
    assert flags.run(flags) == 0
    told = capsys.readouterr()
    assert "1 package\n" in told.out and "left out: gone 2.0.0" in told.err
    flags = asked.parse_args(fetching)
    with pytest.raises(CorpusError, match="gone or out of reach"):
        flags.run(flags)


def test_manifest_of_which_nothing_can_be_had_builds_nothing(npm: Callable[[str], Path], tmp_path: Path) -> None:
    """Leaving out what is missing does not go as far as an empty corpus; the old one stays."""
    npm("echo 'npm error code E404' >&2; exit 1")
    manifest = tmp_path / "javascript.toml"
    entry = f'name = "gone", version = "1.0.0", licence = "MIT", kind = "npm", sha256 = "{"0" * 64}"'
    manifest.write_text(f'language = "javascript"\npackages = [ {{ {entry} }} ]\n')
    missing: list[CorpusError] = []
    with pytest.raises(CorpusError, match=r"none of its 1 packages could be had.*npm error code E404") as caught:
        build_from_manifest(manifest, tmp_path / "out", cache=tmp_path / "cache", missing=missing.append)
    assert "\n" not in str(caught.value) and len(missing) == 1 and not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("debian.sources", "Types: deb\nURIs: http://mirror.example/debian/\nSuites: bookworm\n"),
        (
            "sources.list",
            "deb [arch=amd64] http://other.example/tools stable main\ndeb http://mirror.example/debian/ x main\n",
        ),
    ],
)
def test_apt_uses_the_machine_s_own_mirror(tmp_path: Path, name: str, text: str) -> None:
    """The private list takes the address of the machine's Debian source, in either format, and adds source packages."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / name).write_text(text)
    prepare_state(tmp_path / "state", "trixie", [str(tmp_path / "etc")])
    stanza = (tmp_path / "state" / "sources" / "private.sources").read_text()
    assert "URIs: http://mirror.example/debian/\nSuites: trixie\n" in stanza
    assert stanza.startswith("Types: deb deb-src\n")
    assert f"Dir::State::Lists={tmp_path / 'state' / 'lists'}" in apt_command(tmp_path / "state")


def test_machine_without_debian_is_told(tmp_path: Path) -> None:
    """Where there is no Debian source the line says so."""
    with pytest.raises(CorpusError, match="this machine has no Debian package source"):
        prepare_state(tmp_path / "state", "trixie", [str(tmp_path)])
