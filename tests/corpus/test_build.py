"""Files -> a corpus: what is kept, what repeats, how it is split, and that it is whole or absent."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tinycode_ls.errors import CorpusError
from tinycode_ls.model.document import document_header
from trainer.corpus.build import build_corpus
from trainer.corpus.collect import Options, build_from_sources
from trainer.corpus.explain import explain_file
from trainer.corpus.source import Source
from trainer.corpus.store import is_corpus, open_corpus

Code = Callable[..., str]
Tree = Callable[..., Path]


@pytest.fixture
def project(tree: Tree, code: Code) -> Path:
    return tree("project", {f"src/m{i}.py": code(i) for i in range(30)})


def paths(corpus_split: str, folder: Path) -> set[str]:
    return {document.path for document in open_corpus(folder).files if document.split == corpus_split}


def test_documents_are_header_and_text(project: Path, tmp_path: Path) -> None:
    """Each document of the arrays is document_header(path) and the file's bytes, at the place the card names."""
    corpus = build_corpus([project], tmp_path / "out")
    assert len(corpus.files) == 30
    for document in corpus.files:
        array = corpus.train.open(0) if document.split == "train" else corpus.valid
        text = array[document.offset : document.offset + document.length].tobytes()
        assert text == document_header(document.path) + (project / document.path).read_bytes()


def test_arrays_are_mapped_and_read_only(project: Path, tmp_path: Path) -> None:
    """A corpus larger than memory opens: its arrays are memory maps, and nobody can write to them."""
    corpus = build_corpus([project], tmp_path / "out")
    train = corpus.train.open(0)
    assert isinstance(train, np.memmap)
    assert train.dtype == np.uint8
    with pytest.raises(ValueError, match="read-only"):
        train[0] = 1


def test_same_input_same_bytes(project: Path, tmp_path: Path) -> None:
    """The same files and seed give the same bytes and hash; another seed another order."""
    first, second, other = (build_corpus([project], tmp_path / f"o{i}", seed=seed) for i, seed in enumerate((1, 1, 2)))
    assert first.hash == second.hash
    assert bytes(first.train.open(0)) == bytes(second.train.open(0))
    assert bytes(first.train.open(0)) != bytes(other.train.open(0))


def test_split_is_stable_when_files_are_added(tree: Tree, code: Code, tmp_path: Path) -> None:
    """A file keeps its side of the split whatever is added, so a longer corpus never trains on old validation text."""
    project = tree("project", {f"m{i}.py": code(i) for i in range(60)})
    build_corpus([project], tmp_path / "small", valid_share=0.1)
    tree("project", {f"n{i}.py": code(100 + i) for i in range(60)})
    build_corpus([project], tmp_path / "large", valid_share=0.1)
    assert paths("valid", tmp_path / "small") <= paths("valid", tmp_path / "large")
    assert not paths("valid", tmp_path / "small") & paths("train", tmp_path / "large")


def test_an_edited_file_stays_on_its_side(project: Path, tmp_path: Path) -> None:
    """What a model was tuned on must not be what the next one is compared with it on."""
    before = build_corpus([project], tmp_path / "before", valid_share=0.2)
    for path in (project / "src").iterdir():
        path.write_text(path.read_text() + "# edited\n")
    after = build_corpus([project], tmp_path / "after", valid_share=0.2)
    assert before.hash != after.hash
    assert paths("valid", tmp_path / "before") == paths("valid", tmp_path / "after") != set()


def test_repeats_are_dropped(tree: Tree, code: Code, tmp_path: Path) -> None:
    """An exact copy and a lightly edited one are dropped; a file that only shares a header is kept."""
    text, header = code(1), code(2, 6)
    files = {"a.py": text, "b.py": text, "near/c.py": text.replace("call", "fall", 3), "near/d.py": text + code(3, 9)}
    own = {f"own{i}.py": header + code(10 + i) for i in range(3)}
    corpus = build_corpus([tree("project", files | own)], tmp_path / "out")
    assert sum(corpus.refused.values()) == 3
    assert corpus.refused["a near duplicate"] >= 2
    assert {document.path for document in corpus.files} > own.keys()


def test_held_out_text_is_kept_out(project: Path, tree: Tree, code: Code, tmp_path: Path) -> None:
    """A file that shares text with a held-out record does not enter, wherever in the record it stands."""
    record = {"prefix": "import os\n" + code(7, 20), "expected": "x = 1\n", "suffix": code(8, 10)}
    held_out = tree("bench", {"set.jsonl": json.dumps(record) + "\n"})
    corpus = build_corpus([project], tmp_path / "out", held_out=[held_out])
    assert {f"src/m{i}.py" for i in range(30)} - {document.path for document in corpus.files} == {
        "src/m7.py",
        "src/m8.py",
    }
    assert corpus.refused == {"shares text with what is held out": 2}


def test_damaged_held_out_text_is_named(project: Path, tree: Tree, tmp_path: Path) -> None:
    """Held-out text that cannot be read stops the build: going on would train on what is measured."""
    held_out = tree("bench", {"set.jsonl.gz": b"no gzip"})
    with pytest.raises(CorpusError, match=r"set\.jsonl\.gz: not held-out text"):
        build_corpus([project], tmp_path / "out", held_out=[held_out])
    deep = tree("deep", {"set.jsonl": b"[" * 100_000})
    with pytest.raises(CorpusError, match=r"set\.jsonl: not held-out text"):
        build_corpus([project], tmp_path / "out", held_out=[deep])


@pytest.mark.parametrize("count", [2, 5])
def test_few_files_still_validate(tree: Tree, code: Code, tmp_path: Path, count: int) -> None:
    """A repository of a few files holds one of them back."""
    corpus = build_corpus([tree("project", {f"m{i}.py": code(i) for i in range(count)})], tmp_path / "out")
    assert [document.split for document in corpus.files].count("valid") == 1


def test_single_file_validates_with_its_tail(tree: Tree, code: Code, tmp_path: Path) -> None:
    """A single file gives its head to train on and its tail to validate with, each with the header."""
    text = code(1)
    corpus = build_corpus([tree("p", {"only.py": text}) / "only.py"], tmp_path / "out")
    header = document_header("only.py")
    head, tail = bytes(corpus.train.open(0)), bytes(corpus.valid)
    assert head.removeprefix(header) + tail.removeprefix(header) == text.encode()
    assert 0 < len(corpus.valid) < len(corpus.train)


def test_a_long_single_file_is_many_documents(tree: Tree, code: Code, tmp_path: Path) -> None:
    """So that a network meets the header as often as it should; the text keeps its order, the tail is held out."""
    text = code(1, 2_000)
    corpus = build_corpus([tree("p", {"only.py": text}) / "only.py"], tmp_path / "out")
    assert len(corpus.files) > 5 and max(document.length for document in corpus.files) < 17_000
    whole = bytes(corpus.train.open(0)) + bytes(corpus.valid)
    assert whole.replace(document_header("only.py"), b"") == text.encode()
    assert [document.split for document in corpus.files] == sorted(document.split for document in corpus.files)


def test_a_file_that_is_named_may_be_large(tree: Tree, code: Code, tmp_path: Path) -> None:
    """A megabyte of plays is wanted when it is named, and passed over in a folder."""
    root = tree("texts", {"plays.txt": code(1, 20_000), "small.txt": code(2)})
    assert (root / "plays.txt").stat().st_size > 1_000_000
    assert sum(build_corpus([root / "plays.txt"], tmp_path / "named").languages.values()) > 1_000_000
    assert {document.path for document in build_corpus([root], tmp_path / "found").files} == {"small.txt"}
    assert "kept" in explain_file(root / "plays.txt", [root / "plays.txt"])
    assert "too large" in explain_file(root / "plays.txt", [root])


def test_suffixes_choose(tree: Tree, tmp_path: Path) -> None:
    """Only files of the asked suffixes are read."""
    project = tree("project", {"a.py": "x = 1\n", "b.md": "# B\n", "c.py": "y = 2\n"})
    assert set(build_corpus([project], tmp_path / "out", suffixes={".py"}).languages) == {"python"}


def test_sources_of_one_name_are_bounded_and_counted_apart(tree: Tree, code: Code, tmp_path: Path) -> None:
    """Two manifests may name the same package; what one manifest alone gives stays the same from version to version."""
    sources = [
        Source(
            "pack", tree(f"packages/{group}/pack", {f"{group}{i}.py": code(at + i) for i in range(9)}), most_bytes=8_000
        )
        for at, group in ((0, "a"), (20, "b"))
    ]
    sizes = []
    for number, chosen in enumerate((sources[:1], sources)):
        corpus = build_from_sources(chosen, tmp_path / str(number), Options())
        sizes.append([(source["files"], source["bytes"]) for source in corpus.sources])
        assert sum(files for files, _ in sizes[-1]) == len(corpus.files)
    assert sizes[1][0] == sizes[0][0] and sizes[1][0][0] == sizes[1][1][0] == 3
    assert open_corpus(tmp_path / "0").hash.startswith("de5d09f10103ad5d")


def test_a_name_that_is_not_utf8_is_kept(tree: Tree, code: Code, tmp_path: Path) -> None:
    """Neither the file nor its folder stops a build, and the card has them as they are."""
    name = os.fsdecode(b"caf\xe9")
    corpus = build_corpus([tree(name, {f"{name}.py": code(1), "é.py": code(2)})], tmp_path / "out")
    assert {document.path for document in open_corpus(tmp_path / "out").files} == {f"{name}.py", "é.py"}
    assert corpus.sources[0]["name"] == name


def test_half_written_corpus_is_recognised(project: Path, tmp_path: Path) -> None:
    """A truncated array, or a folder without its card, is not taken for a whole corpus."""
    build_corpus([project], tmp_path / "out")
    (tmp_path / "out" / "train.bin").write_bytes(b"x")
    with pytest.raises(CorpusError, match=r"train\.bin: half-written"):
        open_corpus(tmp_path / "out")
    assert is_corpus(tmp_path / "out")
    build_corpus([project], tmp_path / "out")
    card = json.loads((tmp_path / "out" / "corpus.json").read_text())
    for row in (["a.py"], 5, ["a.py", "train", "0", 7, "s"]):
        (tmp_path / "out" / "corpus.json").write_text(json.dumps(card | {"files": [row]}))
        with pytest.raises(CorpusError, match=r"no whole corpus here \(a row of its files is"):
            open_corpus(tmp_path / "out")
    for change in (
        {"shards": [["a\0b", 5]]},
        {"shards": [["train.bin", 5, 5]]},
        {"languages": {"go": "x"}},
        {"languages": []},
        {"hash": "zz"},
    ):
        (tmp_path / "out" / "corpus.json").write_text(json.dumps(card | change))
        with pytest.raises(CorpusError, match="no whole corpus here"):
            open_corpus(tmp_path / "out")
    (tmp_path / "out" / "corpus.json").write_text("[" * 100_000)
    assert not is_corpus(tmp_path / "out")
    with pytest.raises(CorpusError, match="no whole corpus here"):
        open_corpus(tmp_path / "out")
    (tmp_path / "out" / "corpus.json").unlink()
    assert not is_corpus(tmp_path / "out")
    with pytest.raises(CorpusError, match="no whole corpus"):
        open_corpus(tmp_path / "out")


def test_a_card_without_an_end_is_not_read(tmp_path: Path) -> None:
    """A repository may hold a link to a device, and `tune` looks whether it is a corpus."""
    (tmp_path / "corpus.json").symlink_to("/dev/zero")
    assert not is_corpus(tmp_path)
    with pytest.raises(CorpusError, match="not a regular file"):
        open_corpus(tmp_path)


def test_interrupted_build_leaves_the_old_corpus(project: Path, tmp_path: Path) -> None:
    """Ctrl-C in the middle of a build leaves what was there before, and nothing else."""
    before = build_corpus([project], tmp_path / "out").hash

    def interrupt(done: int, total: int, name: str) -> None:
        if done == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_corpus([project], tmp_path / "out", seed=2, progress=interrupt)
    assert open_corpus(tmp_path / "out").hash == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "project"]


def test_folder_of_other_things_is_not_replaced(project: Path, tree: Tree) -> None:
    """A build never deletes a folder that is not a corpus."""
    home = tree("home", {"letter.txt": "dear\n"})
    with pytest.raises(CorpusError, match="holds other things"):
        build_corpus([project], home)
    assert (home / "letter.txt").exists()


def test_bad_input_is_one_clear_line(tree: Tree, tmp_path: Path) -> None:
    """No path, a missing one, no source files, nothing left and no place to write are told in one line each."""
    good = tree("good", {"a.py": "x = 1\n"})
    (tmp_path / "empty").mkdir()
    cases = {
        "no path was given": [],
        "not found": [tmp_path / "absent"],
        "File name too long; expected a file, a folder": [tmp_path / ("x" * 300 + ".toml")],
        "no source files found": [tmp_path / "empty"],
        "nothing left of 1 files: 1 empty": [tree("blank", {"a.py": "\n"})],
    }
    for message, given in cases.items():
        with pytest.raises(CorpusError, match=message) as caught:
            build_corpus(given, tmp_path / "out")
        assert "\n" not in str(caught.value)
    with pytest.raises(CorpusError, match=r"not written .*; choose a writable place"):
        build_corpus([good], good / "a.py" / "out")


def test_full_disk_is_told_and_leaves_nothing(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk fills while writing, the line says so, and no half corpus is left."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("trainer.corpus.collect.write_corpus", full)
    with pytest.raises(CorpusError, match=r"out: corpus not written \(No space left on device\); free some space"):
        build_corpus([project], tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["project"]
