"""Kept pieces of a spool file -> the text to train on, `valid.bin` and `corpus.json`. Knows no files to read."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from tinycode_ls.index.names import language_of
from tinycode_ls.model.document import document_header

from .shards import Shard, listing_hash
from .source import Source
from .split import Piece, split
from .store import Document, describe


def write_corpus(
    folder: Path,
    spool: BinaryIO,
    pieces: Sequence[Piece],
    refused: Mapping[str, int],
    sources: Sequence[Source],
    seed: int,
    valid_share: float,
    shard_bytes: int | None = None,
) -> None:
    """Write the arrays and the card that describes them; `shard_bytes` bounds each shard, None makes one."""
    train, valid = split(pieces, valid_share)
    writer = _Writer(folder, spool, sources)
    shards = [writer.write(name, "train", part) for name, part in _shards(train, shard_bytes)]
    writer.write("valid.bin", "valid", valid)
    key = listing_hash(shards, writer.digest.hexdigest())
    card = _card(writer, refused)
    describe(folder, shards, {"hash": key, "seed": seed, "valid_share": valid_share, **card})


def _shards(pieces: Sequence[Piece], most: int | None) -> Iterator[tuple[str, list[Piece]]]:
    """Names and documents of the shards: as many whole documents as fit, at least one."""
    if most is None:
        yield "train.bin", list(pieces)
        return
    part: list[Piece] = []
    size = number = 0
    for piece in pieces:
        length = piece.length + len(document_header(piece.path))
        if part and size + length > most:
            yield f"train-{number:05}.bin", part
            part, size, number = [], 0, number + 1
        part.append(piece)
        size += length
    yield f"train-{number:05}.bin", part


class _Writer:
    """Writes files of documents; keeps where each document stands in its split, how many of each source there are, and the
    hash of all text."""

    def __init__(self, folder: Path, spool: BinaryIO, sources: Sequence[Source]) -> None:
        self.folder, self.spool, self.sources = folder, spool, sources
        self.files, self.sizes = Counter[int](), Counter[int]()
        self.digest, self.documents, self.ends = hashlib.sha256(), list[Document](), Counter[str]()

    def write(self, name: str, split_name: str, pieces: Sequence[Piece]) -> Shard:
        """One file."""
        digest, size = hashlib.sha256(), 0
        with (self.folder / name).open("wb") as file:
            for piece in pieces:
                text = _document(self.spool, piece)
                file.write(text)
                self.digest.update(text)
                digest.update(text)
                at = self.ends[split_name]
                source = self.sources[piece.source].name
                self.documents.append(Document(piece.path, split_name, at, len(text), source))
                self.files[piece.source] += 1
                self.sizes[piece.source] += len(text)
                self.ends[split_name] += len(text)
                size += len(text)
        return Shard(self.folder / name, size, digest.hexdigest())


def _document(spool: BinaryIO, piece: Piece) -> bytes:
    spool.seek(piece.offset)
    return document_header(piece.path) + spool.read(piece.length)


def _card(writer: _Writer, refused: Mapping[str, int]) -> dict[str, Any]:
    """What `corpus.json` says beside the hash."""
    languages: Counter[str] = Counter()
    for document in writer.documents:
        languages[language_of(document.path) or "other"] += document.length
    return {
        "languages": dict(languages.most_common()),
        "refused": dict(Counter(refused).most_common()),
        "sources": [
            {
                "name": s.name,
                "version": s.version,
                "licence": s.licence,
                "files": writer.files[n],
                "bytes": writer.sizes[n],
            }
            for n, s in enumerate(writer.sources)
        ],
        "files": [[d.path, d.split, d.offset, d.length, d.source] for d in writer.documents],
    }
