"""The two ways to a corpus: from paths of the user, and from manifests of packages."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from tinycode_ls.errors import CorpusError

from .collect import Options, Progress, build_from_sources
from .fetch import default_cache
from .manifest import read_manifest, refuse_repeated
from .prepare import Missing, fetch_sources, sources_of
from .store import Corpus


def build_corpus(
    paths: Iterable[str | Path],
    out: str | Path,
    *,
    seed: int = 1,
    valid_share: float = 0.025,
    suffixes: Collection[str] | None = None,
    held_out: Sequence[str | Path] | None = None,
    progress: Progress | None = None,
) -> Corpus:
    """Build a corpus of files, folders, git repositories, unpacked packages and manifests in the folder `out`."""
    options = Options(seed, valid_share, suffixes, held_out, by_path=True, progress=progress)
    return build_from_sources(sources_of(paths), out, options)


def build_from_manifest(
    manifest: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    cache: str | Path | None = None,
    held_out: Sequence[str | Path] | None = None,
    excluded: frozenset[str] = frozenset(),
    most_bytes: int | None = None,
    shard_bytes: int | None = None,
    seed: int = 1,
    missing: Missing | None = None,
    progress: Progress | None = None,
) -> Corpus:
    """Fetch the packages of one manifest, or several, and build their corpus; `most_bytes` bounds each language,
    `shard_bytes` each file that is written.

    A package that cannot be had raises CorpusError, or is told to `missing` and left out.
    """
    paths = [manifest] if isinstance(manifest, (str, Path)) else list(manifest)
    manifests = [read_manifest(path, excluded) for path in paths]
    refuse_repeated(manifests)
    folder = Path(cache) if cache else default_cache()
    gone: list[CorpusError] = []

    def left_out(error: CorpusError) -> None:
        gone.append(error)
        if missing:
            missing(error)

    tell = left_out if missing else None
    sources = [source for each in manifests for source in fetch_sources(each, folder, tell, progress)]
    if not sources:
        raise CorpusError(f"{paths[0]}: none of its {len(gone)} packages could be had; the first: {gone[0]}")
    options = Options(seed, held_out=held_out, most_bytes=most_bytes, shard_bytes=shard_bytes, progress=progress)
    return build_from_sources(sources, out, options)
