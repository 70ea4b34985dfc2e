"""A manifest: which packages make a corpus, each with its version, licence and hash. Knows nothing of the network.

language = "go"
defaults = { kind = "debian-source", suite = "trixie", include = ["*.go"], most_bytes = 2500000 }
packages = [{ name = "golang-yaml.v3", version = "3.0.1-3", licence = "MIT", sha256 = "…" }]
"""

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tinycode_ls.errors import CorpusError, reason_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

KINDS = ("debian-source", "debian-binary", "pypi-sdist", "npm", "python-stdlib")
LICENCES = {"MIT", "BSD-1-Clause", "BSD-2-Clause", "BSD-3-Clause", "BSD-4-Clause", "0BSD", "Apache-2.0",
            "PSF-2.0", "Python-2.0", "ISC", "Zlib", "Unlicense", "CC0-1.0", "HPND", "MIT-CMU", "PostgreSQL",
            "BSL-1.0"}  # fmt: skip
"""SPDX names of permissive licences. An `OR` needs one of these, an `AND` all."""
FOLDER_NAME = r"[A-Za-z0-9][\w.+-]*"
MOST_BYTES = 2_500_000
"""Kept text of one package unless the manifest says otherwise, so that no giant speaks for a language."""


@dataclass(frozen=True)
class Package:
    """One entry of a manifest. `sha256` is that of the downloaded archive, empty only for `python-stdlib`."""

    name: str
    version: str
    licence: str
    kind: str
    sha256: str = ""
    suite: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    most_bytes: int = MOST_BYTES


@dataclass(frozen=True)
class Manifest:
    """The packages of one language; `language` also names their folder in the cache."""

    language: str
    packages: tuple[Package, ...]
    path: Path


def is_manifest(path: str | Path) -> bool:
    """Whether a file is a manifest, by its suffix and its keys."""
    path = Path(path)
    if path.suffix != ".toml":
        return False
    try:
        keys = set(tomllib.loads(path.read_text("utf-8-sig")))
    except (OSError, ValueError, RecursionError):
        return False
    return {"language", "packages"} <= keys


def read_manifest(path: str | Path, excluded: frozenset[str] = frozenset()) -> Manifest:
    """Read and check a manifest; raises CorpusError for what is wrong with it or for a name in `excluded`."""
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise CorpusError(
            f"{path}: not a readable manifest ({reason_of(error)}); expected TOML as in corpora/README.md"
        ) from error
    language, defaults, entries = (content.get(key) for key in ("language", "defaults", "packages"))
    if not (isinstance(language, str) and isinstance(defaults or {}, dict) and isinstance(entries, list) and entries):
        raise CorpusError(f"{path}: not a manifest; expected `language`, and `packages` with at least one entry")
    if not re.fullmatch(FOLDER_NAME, language):  # the packages are put in a folder of that name
        raise CorpusError(f"{path}: language {language!r}; expected letters, digits and . + - _")
    if not all(isinstance(entry, dict) for entry in entries):
        raise CorpusError(
            f"{path}: not a manifest; each of `packages` is a table with name, version, licence, kind, sha256"
        )
    packages = tuple(_package(path, {**(defaults or {}), **entry}, excluded) for entry in entries)
    repeated = {package.name for package in packages if sum(other.name == package.name for other in packages) > 1}
    if repeated:
        raise CorpusError(f"{path}: {', '.join(sorted(repeated))}: listed twice; keep one entry")
    return Manifest(language, packages, path)


def refuse_repeated(manifests: Sequence[Manifest]) -> None:
    """Raises CorpusError where two manifests of a language name one package: it has one folder in the cache."""
    names: dict[tuple[str, str], Path] = {}
    for manifest in manifests:
        for package in manifest.packages:
            before = names.setdefault((manifest.language, package.name), manifest.path)
            if before is not manifest.path:
                raise CorpusError(f"{manifest.path}: {package.name}: named by {before}, too; keep one entry")


def read_excluded(path: str | Path) -> frozenset[str]:
    """Names no corpus may take: the words of each line that is no comment, `owner/name` also as `name`."""
    try:
        lines = Path(path).read_text("utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise CorpusError(
            f"{path}: not a readable list of excluded names ({reason_of(error)}); expected one name a line"
        ) from error
    words = [word.lower() for line in lines if not line.startswith("#") for word in line.split()]
    return frozenset(words) | {word.rpartition("/")[2] for word in words if not word.startswith("@")}


def allowed(licence: str) -> bool:
    """Whether an SPDX expression (`MIT OR GPL-2.0-only`, `(MIT OR Zlib) AND ISC`) is permissive."""
    simple = re.sub(r"\([^()]*\)", lambda group: "MIT" if allowed(group[0][1:-1]) else "none", licence)
    choices = re.split(r"\s+OR\s+", simple)
    return any(set(re.split(r"\s+AND\s+", choice)) <= LICENCES for choice in choices)


def is_excluded(name: str, excluded: frozenset[str]) -> bool:
    """`httpx`, and what distributions call it: `python-httpx`, `golang-github-gin-gonic-gin`, `rust-ripgrep`."""
    name = name.lower()
    bare = re.sub(
        r"^(python3?-|node-|rust-|librust-|lib|golang-(github|gopkg|golang)-)|(-java|-dev|-clojure)$", "", name
    )
    return not excluded.isdisjoint({name, bare}) or any("/" in e and bare == e.replace("/", "-") for e in excluded)


def _package(path: Path, entry: Mapping[str, Any], excluded: frozenset[str]) -> Package:
    """One checked entry; each message names the file and the package."""
    where = f"{path}: {entry.get('name', 'a package')}"
    unknown = entry.keys() - {field.name for field in fields(Package)}
    if unknown:
        raise CorpusError(f"{where}: unknown key {', '.join(sorted(unknown))}")
    needed = {"name", "version", "licence", "kind"} | ({"sha256"} if entry.get("kind") != "python-stdlib" else set())
    missing = {key for key in needed if not isinstance(entry.get(key), str) or not entry[key]}
    if missing:
        raise CorpusError(f"{where}: needs {', '.join(sorted(missing))} as text")
    if not re.fullmatch(rf"(@[\w.-]+/)?{FOLDER_NAME}", entry["name"]):
        raise CorpusError(f"{where}: name {entry['name']!r}; expected letters, digits and . + - _")
    if not re.fullmatch(r"[\w.+~:-]+", entry["version"]):  # npm is a batch file on Windows, which obeys a `&`
        raise CorpusError(f"{where}: version {entry['version']!r}; expected letters, digits and . + - _ ~ :")
    if "sha256" in needed and not re.fullmatch("[0-9a-f]{64}", entry["sha256"]):
        raise CorpusError(f"{where}: sha256 {entry['sha256']!r}; expected 64 hexadecimal digits")
    if entry["kind"] not in KINDS:
        raise CorpusError(f"{where}: kind {entry['kind']!r}; expected one of {', '.join(KINDS)}")
    if not allowed(entry["licence"]):
        raise CorpusError(f"{where}: licence {entry['licence']!r} is not on the permissive list; take the package out")
    for key in ("include", "exclude"):
        patterns = entry.get(key, [])
        if not (isinstance(patterns, list) and all(isinstance(pattern, str) for pattern in patterns)):
            raise CorpusError(f"{where}: {key} is {patterns!r}; expected a list of patterns, as text")
    most = entry.get("most_bytes", MOST_BYTES)
    if type(most) is not int or most < 1:
        raise CorpusError(f"{where}: most_bytes is {most!r}; expected a whole number of 1 or more")
    suite = entry.get("suite", "")
    if not (isinstance(suite, str) and re.fullmatch(rf"({FOLDER_NAME})?", suite)):
        raise CorpusError(f"{where}: suite is {suite!r}; expected letters, digits and . + - _")
    if is_excluded(entry["name"], excluded):
        raise CorpusError(f"{where}: held out for measuring (in the list of excluded names); take the package out")
    lists = {key: tuple(entry[key]) for key in ("include", "exclude") if key in entry}
    return Package(**{**entry, **lists})
