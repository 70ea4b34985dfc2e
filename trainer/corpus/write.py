"""Kept pieces of a spool file -> `train.bin`, `valid.bin` and `corpus.json`. Knows no files to read."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from tinycode_ls.index.files import language_of
from tinycode_ls.model.document import document_header

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
) -> None:
    """Write the arrays and the card that describes them."""
    digest = hashlib.sha256()
    documents: list[Document] = []
    for name, part in zip(("train", "valid"), split(pieces, valid_share), strict=True):
        with (folder / f"{name}.bin").open("wb") as file:
            for piece in part:
                text = _document(spool, piece)
                digest.update(text)
                documents.append(Document(piece.path, name, file.tell(), len(text), piece.source))
                file.write(text)
    card = _card(documents, refused, sources)
    describe(folder, {"hash": digest.hexdigest(), "seed": seed, "valid_share": valid_share, **card})


def _document(spool: BinaryIO, piece: Piece) -> bytes:
    spool.seek(piece.offset)
    return document_header(piece.path) + spool.read(piece.length)


def _card(documents: Sequence[Document], refused: Mapping[str, int], sources: Sequence[Source]) -> dict[str, Any]:
    """What `corpus.json` says beside the hash."""
    languages: Counter[str] = Counter()
    files, sizes = Counter[str](), Counter[str]()
    for document in documents:
        languages[language_of(document.path) or "other"] += document.length
        files[document.source] += 1
        sizes[document.source] += document.length
    return {
        "languages": dict(languages.most_common()),
        "refused": dict(Counter(refused).most_common()),
        "sources": [
            {"name": s.name, "version": s.version, "licence": s.licence, "files": files[s.name], "bytes": sizes[s.name]}
            for s in sources
        ],
        "files": [[d.path, d.split, d.offset, d.length, d.source] for d in documents],
    }
