"""A corpus in shards: what is written, what is joined, and that a shard that is not what was written is named."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tinycode_ls.errors import CorpusError
from tinycode_ls.model.document import document_header
from trainer.corpus.cli import summary
from trainer.corpus.collect import Options, build_from_sources
from trainer.corpus.join import join_corpora
from trainer.corpus.prepare import sources_of
from trainer.corpus.store import Corpus, open_corpus

Code = Callable[..., str]
Tree = Callable[..., Path]
SHARD = 10_000


@pytest.fixture
def build(tree: Tree, code: Code, tmp_path: Path) -> Callable[..., Corpus]:
    """`build("a")`: a corpus of twenty files that no other name's has."""

    def make(name: str, shard_bytes: int | None = SHARD) -> Corpus:
        project = tree(f"project-{name}", {f"m{i}.py": code(sum(name.encode()) * 100 + i) for i in range(20)})
        return build_from_sources(sources_of([project]), tmp_path / name, Options(shard_bytes=shard_bytes))

    return make


def text(corpus: Corpus) -> bytes:
    """All of it."""
    return b"".join(corpus.train.open(number).tobytes() for number in range(len(corpus.train.parts)))


def test_shards_hold_what_one_file_would(build: Callable[..., Corpus]) -> None:
    """The same documents in the same order, whole in their shard; none larger than asked; another hash."""
    many = build("a")
    whole = text(many)
    assert len(many.train.parts) > 2 and max(many.train.sizes) <= SHARD and len(many.train) == len(whole)
    assert all(part.path.read_bytes().startswith(document_header("m0.py")[:1]) for part in many.train.parts)
    one = build("a", None)
    assert [part.path.name for part in one.train.parts] == ["train.bin"]
    assert text(one) == whole and bytes(one.valid) == bytes(many.valid) and one.files == many.files


def test_the_hash_tells_other_shards_apart(build: Callable[..., Corpus]) -> None:
    """A run stands at a place in its shards: the same text cut elsewhere is another corpus."""
    assert len({build("a", size).hash for size in (None, SHARD, 2 * SHARD)}) == 3
    assert build("a").hash == build("a").hash


def test_a_corpus_without_hashes_of_its_shards_still_opens(build: Callable[..., Corpus]) -> None:
    """As older versions wrote it: one file, of which only the size is known."""
    corpus = build("a", None)
    path = corpus.folder / "corpus.json"
    card = json.loads(path.read_text())
    del card["shards"]
    path.write_text(json.dumps(card))
    assert text(open_corpus(corpus.folder)) == text(corpus)


def test_joined_corpora_leave_the_text_where_it_is(build: Callable[..., Corpus], tmp_path: Path) -> None:
    """The card lists shards by their place and hash; held-out documents come along, each where the card says."""
    one, two = build("a"), build("b", None)
    joined = join_corpora([one.folder, two.folder], tmp_path / "elsewhere" / "both")
    assert text(joined) == text(one) + text(two)
    assert sorted(path.name for path in joined.folder.iterdir()) == ["corpus.json", "valid.bin"]
    assert bytes(joined.valid) == bytes(one.valid) + bytes(two.valid)
    for document, corpus in zip(joined.files, (one, two), strict=True):
        assert joined.valid[document.offset : document.offset + document.length].tobytes() == bytes(corpus.valid)
    assert joined.languages["python"] == one.languages["python"] + two.languages["python"]
    assert [source["name"] for source in joined.sources] == ["project-a", "project-b"]
    assert f"in {len(joined.train.parts)} shards" in summary(joined) and "kept 40 documents" in summary(joined)


def test_a_joined_corpus_is_joined_again(build: Callable[..., Corpus], tmp_path: Path) -> None:
    """Lists of lists are one list."""
    first = join_corpora([build("a").folder, build("b").folder], tmp_path / "first")
    assert text(join_corpora([first.folder, build("c").folder], tmp_path / "all"))[: len(text(first))] == text(first)


def test_held_out_text_of_many_corpora_is_bounded(
    build: Callable[..., Corpus], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each gives its share, and at least a document."""
    monkeypatch.setattr("trainer.corpus.join.MOST_VALID_BYTES", 10)
    joined = join_corpora([build("a").folder, build("b").folder], tmp_path / "both")
    assert len(joined.files) == 2


def test_the_same_corpus_is_not_read_twice(build: Callable[..., Corpus], tmp_path: Path) -> None:
    """One line, and nothing is written."""
    folder = build("a").folder
    with pytest.raises(CorpusError, match="given twice"):
        join_corpora([folder, folder], tmp_path / "both")
    assert not (tmp_path / "both").exists()


def test_a_join_does_not_replace_what_it_lists(build: Callable[..., Corpus], tmp_path: Path) -> None:
    """Neither the folder of a shard nor one above it, by whatever name: the text would be gone."""
    one, two = build("a"), build("b")
    (tmp_path / "link").symlink_to(one.folder, target_is_directory=True)
    for out in (one.folder, tmp_path, tmp_path / "link"):
        with pytest.raises(CorpusError, match="would be deleted; choose another folder"):
            join_corpora([one.folder, two.folder], out)
    assert text(open_corpus(one.folder)) == text(one)
    both = join_corpora([one.folder, two.folder], tmp_path / "both")
    assert len(text(join_corpora([both.folder, build("c").folder], both.folder))) > len(text(both))


def damage(path: Path, how: str) -> None:
    """Gone, cut short, or other bytes."""
    content = path.read_bytes()
    if how == "missing":
        path.unlink()
    else:
        path.write_bytes(content[:-1] if how == "half-written" else content[:-1] + b"?")


@pytest.mark.parametrize("how", ["missing", "half-written", "sha256"])
def test_a_damaged_shard_is_named(build: Callable[..., Corpus], how: str) -> None:
    """What the size tells is told when the corpus is opened, what only the hash tells when the shard's turn comes."""
    corpus = build("a")
    path = corpus.train.parts[1].path
    content = path.read_bytes()
    damage(path, how)
    with pytest.raises(CorpusError, match=rf"{path.name}: .*{how}.*restore it") as caught:
        open_corpus(corpus.folder).train.open(1)
    assert "\n" not in str(caught.value)
    assert isinstance(corpus.train.open(0), np.memmap)
    path.write_bytes(content)
    open_corpus(corpus.folder).train.open(1)
