"""A corpus on disk: `train.bin` and `valid.bin` (documents one after the other) and `corpus.json`, their card.

Knows nothing of where text comes from. A folder is a corpus only when `corpus.json`, written last, fits.
"""

import errno
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycode_ls.errors import CorpusError

FORMAT = 1
SPLITS = ("train", "valid")
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Document:
    """A file in the corpus: bytes `offset` to `offset + length` of its split, header included."""

    path: str
    split: str
    offset: int
    length: int
    source: str


@dataclass(frozen=True)
class Corpus:
    """Byte arrays to train on, mapped from disk. `hash` is the sha256 of the text, `refused` counts files by reason,
    `languages` bytes by language, `sources` lists name, version, licence, files and bytes of each source."""

    folder: Path
    train: Bytes
    valid: Bytes
    hash: str
    files: tuple[Document, ...]
    refused: Mapping[str, int]
    languages: Mapping[str, int]
    sources: tuple[Mapping[str, Any], ...]


def is_corpus(folder: str | Path) -> bool:
    """Whether the folder holds a whole corpus; a half-written one does not count."""
    try:
        _described(Path(folder))
    except CorpusError:
        return False
    return True


def open_corpus(folder: str | Path) -> Corpus:
    """Map a corpus; raises CorpusError when it is absent, half-written or of another version."""
    folder = Path(folder)
    card = _described(folder)
    train, valid = (_mapped(folder / f"{split}.bin") for split in SPLITS)
    files = tuple(Document(*row) for row in card["files"])
    sources = tuple(card["sources"])
    return Corpus(folder, train, valid, card["hash"], files, card["refused"], card["languages"], sources)


@contextmanager
def new_corpus(folder: Path) -> Iterator[Path]:
    """A folder to write a corpus in; it takes the place of `folder` when the block ends well, else it is removed."""
    part = None
    try:
        if folder.exists() and not (folder / "corpus.json").is_file() and any(folder.iterdir()):
            raise CorpusError(f"{folder}: holds other things than a corpus; choose a new or empty folder")
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.", suffix=".part"))
        yield part
        part.chmod(0o755)
        if folder.exists():
            old = folder.replace(part.with_suffix(".old"))
            part.replace(folder)
            shutil.rmtree(old, ignore_errors=True)
        else:
            part.replace(folder)
    except OSError as error:
        raise _unwritable(folder, error) from error
    finally:
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)


def describe(folder: Path, card: Mapping[str, Any]) -> None:
    """Write `corpus.json`, the last file of a corpus."""
    sizes = {split: (folder / f"{split}.bin").stat().st_size for split in SPLITS}
    text = json.dumps({"format": FORMAT, "bytes": sizes, **card}, ensure_ascii=False, separators=(",", ":"))
    (folder / "corpus.json").write_text(text + "\n", "utf-8")


def _described(folder: Path) -> dict[str, Any]:
    """The content of `corpus.json`, checked against the arrays beside it."""
    try:
        card: dict[str, Any] = json.loads((folder / "corpus.json").read_text("utf-8"))
        version, sizes = card["format"], card["bytes"]
        found = {split: (folder / f"{split}.bin").stat().st_size for split in SPLITS}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CorpusError(f"{folder}: no whole corpus here ({error}); build it with `corpus build`") from error
    if version != FORMAT:
        raise CorpusError(f"{folder}: a corpus of format {version}, expected {FORMAT}; build it again")
    if found != sizes:
        raise CorpusError(f"{folder}: half-written, {found} bytes where {sizes} are expected; build it again")
    return card


def _mapped(path: Path) -> Bytes:
    return np.memmap(path, np.uint8, "r") if path.stat().st_size else np.zeros(0, np.uint8)


def _unwritable(folder: Path, error: OSError) -> CorpusError:
    remedy = "free some space" if error.errno == errno.ENOSPC else "choose a writable place"
    return CorpusError(f"{folder}: corpus not written ({error.strerror or error}); {remedy}")
