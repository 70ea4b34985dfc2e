"""A corpus on disk: `corpus.json`, its card, `valid.bin`, and the text to train on: `train.bin`, or the shards that the
card lists, here or on other disks. All hold documents one after the other.

Knows nothing of where text comes from. A folder is a corpus only when `corpus.json`, written last, fits.
"""

import errno
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinycode_ls.errors import CorpusError, reason_of

from .shards import Bytes, Shard, Shards
from .workplace import put, workplace

FORMAT = 1


@dataclass(frozen=True)
class Document:
    """A file in the corpus: bytes `offset` to `offset + length` of its split (all shards in a row), header included."""

    path: str
    split: str
    offset: int
    length: int
    source: str


@dataclass(frozen=True)
class Corpus:
    """Text to train on and `valid`, mapped from disk. `hash` is the sha256 of the text (see `listing_hash`), `refused`
    counts files by reason, `languages` bytes by language, `sources` lists name, version, licence, files and bytes of
    each source. `files` lists the documents; of several corpora joined only those of `valid`."""

    folder: Path
    train: Shards
    valid: Bytes
    hash: str
    files: tuple[Document, ...]
    refused: Mapping[str, int]
    languages: Mapping[str, int]
    sources: tuple[Mapping[str, Any], ...]


def is_corpus(folder: str | Path) -> bool:
    """Whether the folder says that it is a corpus; `open_corpus` tells whether it is a whole one."""
    try:
        card = _read_card(Path(folder))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(card, dict) and {"format", "bytes", "hash"} <= card.keys()


def open_corpus(folder: str | Path) -> Corpus:
    """Map a corpus; raises CorpusError when it is absent, half-written, lacks a shard or is of another version."""
    folder = Path(folder)
    try:
        card: dict[str, Any] = _read_card(folder)
        version, sizes = card["format"], card["bytes"]
        if version != FORMAT:
            raise CorpusError(f"{folder}: a corpus of format {version}, expected {FORMAT}; build it again")
        shards = [_shard(folder, row) for row in card.get("shards", [["train.bin", sizes["train"]]])]
        valid = Shard(folder / "valid.bin", sizes["valid"])
        files = tuple(map(_document, card["files"]))
        languages = {str(name): int(size) for name, size in card["languages"].items()}
        about = dict(card["refused"]), languages, tuple(map(dict, card["sources"]))
        key = str(card["hash"])
        if not re.fullmatch("[0-9a-f]{64}", key):
            raise ValueError(f"its hash is {key[:80]}")
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CorpusError(
            f"{folder}: no whole corpus here ({reason_of(error)}); build it with `corpus build`"
        ) from error
    for shard in shards:
        shard.check_size()
    return Corpus(folder, Shards(tuple(shards)), valid.open(), key, files, *about)


def _read_card(folder: Path) -> Any:
    """Raises OSError where the card is no regular file: in a folder of somebody else's it may be a link to a device, which has
    no end."""
    path = folder / "corpus.json"
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return json.loads(path.read_text("utf-8"))


def _shard(folder: Path, row: Any) -> Shard:
    """A row of the card; raises ValueError where it is none."""
    match row:
        case [str(path), int(size), *rest] if "\0" not in path and all(isinstance(part, str) for part in rest):
            return Shard(folder / path, size, *rest)
    raise ValueError(f"a row of its shards is {json.dumps(row)[:80]}")


def _document(row: Any) -> Document:
    """A row of the card; raises ValueError where it is none."""
    match row:
        case [str(path), str(split), int(offset), int(length), str(source)]:
            return Document(path, split, offset, length, source)
    raise ValueError(f"a row of its files is {json.dumps(row)[:80]}")


@contextmanager
def new_corpus(folder: Path) -> Iterator[Path]:
    """A folder to write a corpus in; it takes the place of `folder` when the block ends well, else it is removed."""
    try:
        if folder.exists() and not (folder / "corpus.json").is_file() and any(folder.iterdir()):
            raise CorpusError(f"{folder}: holds other things than a corpus; choose a new or empty folder")
        with workplace(folder) as work:
            yield work
            put(work, folder, work)
    except OSError as error:
        raise _unwritable(folder, error) from error


def describe(folder: Path, shards: Sequence[Shard], card: Mapping[str, Any]) -> None:
    """Write `corpus.json`, the last file of a corpus; shards in `folder` are listed by name, others by their path."""
    rows = [
        [shard.path.name if shard.path.parent == folder else str(shard.path), shard.size, shard.sha256]
        for shard in shards
    ]
    sizes = {"train": sum(shard.size for shard in shards), "valid": (folder / "valid.bin").stat().st_size}
    whole = {"format": FORMAT, "bytes": sizes, "shards": rows, **card}
    text = json.dumps(whole, separators=(",", ":"))  # ASCII: names of files need not be UTF-8
    (folder / "corpus.json").write_text(text + "\n", "utf-8")


def _unwritable(folder: Path, error: OSError) -> CorpusError:
    remedy = "free some space" if error.errno == errno.ENOSPC else "choose a writable place"
    return CorpusError(f"{folder}: corpus not written ({reason_of(error)}); {remedy}")
