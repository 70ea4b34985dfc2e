"""Sources -> a corpus: judge each file, drop what repeats, split by file, shuffle, write.

Every choice follows from a hash of the content, or of the path, and the seed: adding a file moves no other file to the
other side of the split, and the same input gives the same bytes. Text is spooled to disk, so memory holds one file.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from tinycode_ls.errors import CorpusError
from tinycode_ls.index.files import Verdict, judge

from .duplicates import Duplicates
from .held_out import held_out_windows
from .source import Source, size_of
from .split import Piece, order_key
from .store import Corpus, new_corpus, open_corpus
from .write import write_corpus

Progress = Callable[[int, int, str], None]
"""Told how many were looked at, of how many, and what they are."""


@dataclass(frozen=True)
class Options:
    """How a corpus is made from its sources. `most_bytes` bounds each group of sources (a language), `shard_bytes` each
    file of the text to train on (None: one file). `by_path`: a file's path decides its side of the split, not its content, so
    that one that is edited stays where it was: the next run is compared with this one."""

    seed: int = 1
    valid_share: float = 0.025
    suffixes: Collection[str] | None = None
    held_out: Sequence[str | Path] | None = None
    most_bytes: int | None = None
    shard_bytes: int | None = None
    by_path: bool = False
    progress: Progress | None = None


@dataclass
class Spool:
    """What was kept so far, as it lies in the spool file, its bytes by source (numbered: two may have one name) and by
    group, and why the rest was not."""

    file: BinaryIO
    pieces: list[Piece] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    of_source: Counter[int] = field(default_factory=Counter)
    of_group: Counter[str] = field(default_factory=Counter)

    def add(self, number: int, group: str, path: str, text: bytes, key: int) -> None:
        """Keep a text of a source; `key` is its place in the order of all."""
        self.pieces.append(Piece(key, path, number, self.file.tell(), len(text)))
        self.file.write(text)
        self.of_source[number] += len(text)
        self.of_group[group] += len(text)


def build_from_sources(sources: Sequence[Source], out: str | Path, options: Options) -> Corpus:
    """Build a corpus of `sources`; raises CorpusError, and leaves `out` as it was, when it cannot."""
    candidates = _candidates(sources, options)
    if not candidates:
        names = ", ".join(str(source.root) for source in sources[:3])
        raise CorpusError(f"{names}: no source files found; expected text files of a known language")
    with new_corpus(Path(out)) as folder:
        with (folder / "spool").open("w+b") as file:
            spool = Spool(file)
            _collect(sources, candidates, spool, options)
            if not spool.pieces:
                raise CorpusError(
                    f"nothing left of {len(candidates)} files: {_worst(spool.refused)}; try `tinycode-train corpus why FILE`"
                )
            how = options.seed, options.valid_share, options.shard_bytes
            write_corpus(folder, spool.file, spool.pieces, spool.refused, sources, *how)
        (folder / "spool").unlink()
    return open_corpus(out)


def _candidates(sources: Sequence[Source], options: Options) -> list[tuple[int, Path]]:
    """Every file asked for with the number of its source, in an order that its name decides, so that a bounded source is
    sampled evenly."""
    found = [(number, path) for number, source in enumerate(sources) for path in source.files(options.suffixes)]

    def place(candidate: tuple[int, Path]) -> bytes:
        label = _label(sources[candidate[0]], candidate[1])
        return hashlib.blake2b(label.encode("utf-8", "replace")).digest()

    return sorted(found, key=place)


def _label(source: Source, path: Path) -> str:
    return f"{source.name}/{path.relative_to(source.folder).as_posix()}"


def _collect(sources: Sequence[Source], candidates: list[tuple[int, Path]], spool: Spool, options: Options) -> None:
    """Read, judge and spool the candidates one by one."""
    duplicates = Duplicates(sum(size_of(path) for _, path in candidates), held_out_windows(options.held_out or ()))
    for done, (number, path) in enumerate(candidates, 1):
        source = sources[number]
        reason = _over_group(source, path, spool, options)
        verdict = Verdict(path, reason) if reason else judge(path, source.folder, source.most_file_bytes)
        reason = (
            verdict.reason or _over_package(source, verdict, spool.of_source[number]) or duplicates.reason(verdict.text)
        )
        if reason:
            spool.refused[reason.split(" (")[0]] += 1
        else:
            name = path.relative_to(source.folder).as_posix()
            decides = name.encode("utf-8", "replace") if options.by_path else verdict.text
            spool.add(number, source.group, name, verdict.text, order_key(options.seed, decides))
        if options.progress:
            options.progress(done, len(candidates), "files")


def _over_group(source: Source, path: Path, spool: Spool, options: Options) -> str:
    """The reason to leave a file unread because enough was taken of its language, or ''."""
    full = options.most_bytes is not None and spool.of_group[source.group] + size_of(path) > options.most_bytes
    return "beyond the bytes asked of its language" if full else ""


def _over_package(source: Source, verdict: Verdict, taken: int) -> str:
    """The reason to leave a file out because enough was taken of its package, or ''."""
    full = source.most_bytes is not None and taken + len(verdict.text) > source.most_bytes
    return "beyond the bytes asked of its package" if full else ""


def _worst(refused: Counter[str]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in refused.most_common(3))
