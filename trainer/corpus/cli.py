"""`tinycode-train corpus build`, `join`, `fetch` and `why`: flags in, one call, a report out."""

import argparse
import math
import sys
from contextlib import closing
from typing import TYPE_CHECKING

from tinycode_ls.bar import Bar
from tinycode_ls.errors import CorpusError

from ..flags import expect

if TYPE_CHECKING:
    from .store import Corpus  # which brings numpy along


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `corpus` with its commands; `run` of the flags returns an exit code."""
    corpus = subparsers.add_parser("corpus", help="build a corpus of packages named by manifests, or explain a file")
    commands = corpus.add_subparsers(dest="corpus_command", required=True, metavar="COMMAND")
    _add_build(commands)
    join = commands.add_parser("join", help="list the shards of built corpora as one corpus; their text stays in place")
    join.add_argument("corpora", nargs="+", metavar="DIR", help="built corpora, on any disk")
    join.add_argument("--out", required=True, metavar="DIR", help="where the card and the held-out text go")
    join.set_defaults(run=_join)
    fetch = commands.add_parser("fetch", help="fetch, verify and unpack the packages of manifests, and build nothing")
    fetch.add_argument("manifests", nargs="+", metavar="MANIFEST")
    fetch.add_argument("--cache", metavar="DIR", help="where they are kept (default: the user's cache folder)")
    _add_skip_missing(fetch)
    fetch.set_defaults(run=_fetch)
    why = commands.add_parser("why", help="say what training does with a file, and why")
    why.add_argument("files", nargs="+", metavar="FILE")
    why.add_argument(
        "--root", action="append", default=[], metavar="DIR", help="trained on (default: the file's folder)"
    )
    why.set_defaults(run=_why)


def _add_build(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    build = commands.add_parser("build", help="fetch, verify and clean the packages of manifests; write the arrays")
    add = build.add_argument
    add("manifests", nargs="+", metavar="MANIFEST")
    add("--out", required=True, metavar="DIR", help="where the corpus goes; an older corpus there is replaced")
    add("--cache", metavar="DIR", help="where downloads are kept (default: the user's cache folder)")
    add("--held-out", nargs="+", metavar="PATH", help="text to keep out: .jsonl(.gz), files, folders (default: none)")
    add("--exclude", metavar="FILE", help="names of packages to refuse, one or more a line (default: none)")
    add("--max-mb", type=float, metavar="MB", help="at most this much text of each language (default: no bound)")
    add("--shard-mb", type=float, metavar="MB", help="write files of at most this much text (default: one file)")
    add("--seed", type=int, default=1, metavar="N", help="of the split and the order (default: 1)")
    _add_skip_missing(build)
    build.set_defaults(run=_build)


def _add_skip_missing(parser: argparse.ArgumentParser) -> None:
    sentence = "go on without packages that cannot be had (default: stop)"
    parser.add_argument("--skip-missing", action="store_true", help=sentence)


def _build(flags: argparse.Namespace) -> int:
    from .build import build_from_manifest
    from .manifest import read_excluded

    for name, without in (("max_mb", "all of it"), ("shard_mb", "one file")):
        megabytes = getattr(flags, name)
        good = megabytes is None or 0 < megabytes < math.inf
        expect(good, name, megabytes, f"megabytes above 0, or leave it out for {without}")
    missing: list[CorpusError] = []
    with closing(Bar()) as bar:
        corpus = build_from_manifest(
            flags.manifests,
            flags.out,
            cache=flags.cache,
            held_out=flags.held_out,
            excluded=read_excluded(flags.exclude) if flags.exclude else frozenset(),
            most_bytes=int(flags.max_mb * 1e6) if flags.max_mb else None,
            shard_bytes=int(flags.shard_mb * 1e6) if flags.shard_mb else None,
            seed=flags.seed,
            missing=missing.append if flags.skip_missing else None,
            progress=bar,
        )
    _report(missing)
    print(summary(corpus))
    return 0


def _join(flags: argparse.Namespace) -> int:
    from .join import join_corpora

    print(summary(join_corpora(flags.corpora, flags.out)))
    return 0


def _fetch(flags: argparse.Namespace) -> int:
    from pathlib import Path

    from .fetch import default_cache
    from .manifest import read_manifest
    from .prepare import fetch_sources

    cache = Path(flags.cache) if flags.cache else default_cache()
    missing: list[CorpusError] = []
    skip = missing.append if flags.skip_missing else None
    for path in flags.manifests:
        with closing(Bar()) as bar:
            sources = fetch_sources(read_manifest(path), cache, skip, bar)
        packages = f"{len(sources)} package{'s' if len(sources) != 1 else ''}"
        print(f"{sources[0].folder.parent}: {packages}" if sources else f"{path}: nothing could be had")
    _report(missing)
    return 0


def _report(missing: list[CorpusError]) -> None:
    for error in missing:
        print(f"left out: {error}", file=sys.stderr)


def _why(flags: argparse.Namespace) -> int:
    from .explain import explain_file

    for file in flags.files:
        print(explain_file(file, flags.root, suffixes=None))
    return 0


def summary(corpus: "Corpus") -> str:
    """What was kept and why the rest was not, for a person."""
    count = len(corpus.train.parts)
    shards = f" in {count:,} shards" if count > 1 else ""
    head = f"{corpus.folder}: {len(corpus.train):,} bytes to train on{shards}, {len(corpus.valid):,} to validate"
    languages = ", ".join(f"{name} {size:,}" for name, size in corpus.languages.items())
    refused = [f"  {count:>8,}  {reason}" for reason, count in corpus.refused.items()]
    kept = f"kept {sum(int(source['files']) for source in corpus.sources):,} documents: {languages}"
    return "\n".join([head, kept, "left out:", *(refused or ["  nothing"]), f"hash {corpus.hash}"])
