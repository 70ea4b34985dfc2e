"""Several built corpora -> one: a card that lists their shards where they lie, and a share of each one's held-out text.

Nothing of the text to train on is copied, so that a corpus may be larger than a disk. Documents that two of the corpora
share are not looked for: that is for `corpus build` of several manifests.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from tinycode_ls.errors import CorpusError, reason_of

from .digest import sha256_of
from .shards import Shard, listing_hash
from .store import Corpus, Document, describe, new_corpus, open_corpus

MOST_VALID_BYTES = 64_000_000
"""A validation reads less than a megabyte; this is plenty, and is written again for each join."""


def join_corpora(folders: Sequence[str | Path], out: str | Path) -> Corpus:
    """Write the joined corpus to `out`; raises CorpusError when one is not whole, given twice, or would be replaced."""
    corpora = [open_corpus(folder) for folder in folders]
    repeated = [corpus for number, corpus in enumerate(corpora) if corpus.hash in {c.hash for c in corpora[:number]}]
    if repeated:
        raise CorpusError(f"{repeated[0].folder}: given twice, or a copy of another corpus given; name each once")
    place = Path(out).resolve()
    lost = [shard.path for c in corpora for shard in c.train.parts if shard.path.resolve().is_relative_to(place)]
    if lost:
        raise CorpusError(f"{out}: holds {lost[0]}, which is to be joined and would be deleted; choose another folder")
    shards = [_hashed(shard) for corpus in corpora for shard in corpus.train.parts]
    with new_corpus(Path(out)) as folder:
        with (folder / "valid.bin").open("wb") as file:
            documents = _join_valid(corpora, file)
        key = listing_hash(shards, sha256_of(folder / "valid.bin"))
        describe(folder, shards, {"hash": key, **_card(corpora, documents)})
    return open_corpus(out)


def _hashed(shard: Shard) -> Shard:
    """With its place on this machine, and its hash where an older version left it out."""
    try:
        return replace(shard, path=shard.path.absolute(), sha256=shard.sha256 or sha256_of(shard.path))
    except OSError as error:
        raise CorpusError(f"{shard.path}: unreadable ({reason_of(error)}); restore it") from error


def _join_valid(corpora: Sequence[Corpus], file: BinaryIO) -> list[Document]:
    """Whole documents of each corpus, as many as its share of the bound allows, and at least one."""
    share = min(1.0, MOST_VALID_BYTES / max(1, sum(len(corpus.valid) for corpus in corpora)))
    documents: list[Document] = []
    for corpus in corpora:
        began = file.tell()
        for document in (each for each in corpus.files if each.split == "valid"):
            at = file.tell()
            if at > began and at - began + document.length > share * len(corpus.valid):
                break
            file.write(corpus.valid[document.offset : document.offset + document.length].tobytes())
            documents.append(replace(document, offset=at))
    return documents


def _card(corpora: Sequence[Corpus], documents: Sequence[Document]) -> dict[str, object]:
    languages, refused = Counter[str](), Counter[str]()
    for corpus in corpora:
        languages.update(corpus.languages)
        refused.update(corpus.refused)
    return {
        "languages": dict(languages.most_common()),
        "refused": dict(refused.most_common()),
        "sources": [dict(source) for corpus in corpora for source in corpus.sources],
        "files": [[d.path, d.split, d.offset, d.length, d.source] for d in documents],
    }
