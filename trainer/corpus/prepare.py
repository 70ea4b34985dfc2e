"""What a user names -> sources: manifests are fetched and unpacked, files and folders are taken as they are."""

import sys
import sysconfig
from collections.abc import Callable, Iterable
from pathlib import Path

from tinycode_ls.errors import CorpusError

from .collect import Progress
from .fetch import default_cache, fetch
from .manifest import Manifest, Package, is_manifest, read_manifest
from .source import Source, source_of
from .unpack import unpack

Missing = Callable[[CorpusError], None]


def sources_of(paths: Iterable[str | Path], cache: Path | None = None) -> list[Source]:
    """Files, folders and repositories as they are, manifests fetched; raises CorpusError for none or an absent one."""
    sources: list[Source] = []
    for path in map(Path, paths):
        found = fetch_sources(read_manifest(path), cache or default_cache()) if is_manifest(path) else [source_of(path)]
        sources.extend(found)
    if not sources:
        raise CorpusError("nothing to read: no path was given; name a file, a folder, a git repository or a manifest")
    return sources


def fetch_sources(
    manifest: Manifest, cache: Path, missing: Missing | None = None, progress: Progress | None = None
) -> list[Source]:
    """Every package of a manifest, fetched and unpacked below `cache`."""
    sources: list[Source] = []
    for number, package in enumerate(manifest.packages):
        if progress:
            progress(number, len(manifest.packages), f"packages of {manifest.language}")
        try:
            sources.append(_source(package, manifest.language, cache))
        except CorpusError as error:
            if missing is None:
                raise
            missing(error)
    return sources


def _source(package: Package, language: str, cache: Path) -> Source:
    root, version = Path(sysconfig.get_path("stdlib")), "{}.{}.{}".format(*sys.version_info)
    if package.kind != "python-stdlib":
        archive, version = fetch(package, cache), package.version
        root = unpack(package, archive, cache / "packages" / language / package.name.replace("/", "-"))
    patterns = package.include, package.exclude
    return Source(package.name, root, version, package.licence, *patterns, package.most_bytes, language)
