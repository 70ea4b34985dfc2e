"""Where a model is good and where not: its next bytes by language and by kind of character, and what it takes for what.

Measured on whole held-out documents of a corpus with the engine that serves, each read from its header on.
"""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tinycode_ls.engine.model import Model, log_softmax
from tinycode_ls.index.names import language_of
from tinycode_ls.model.document import document_header

from .byte_quality import ByteQuality
from .corpus.store import Corpus, Document

CLASSES = {
    "line end": b"\n\r",
    "space": b" \t",
    "a-z": b"abcdefghijklmnopqrstuvwxyz",
    "A-Z": b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "digit": b"0123456789",
    "_": b"_",
    "bracket": b"()[]{}",
    "quote": b"'\"`",
    ". , ; :": b".,;:",
    "operator": b"+-*/%=<>!&|^~?@#$\\",
}
OTHER = "not ASCII"
CLASS_NAMES = (*CLASSES, OTHER)
MOST_OF_A_DOCUMENT = 16_000
"""Bytes: its logits take 1 kB each."""


def class_table() -> npt.NDArray[np.int64]:
    """The class of each byte value, as an index into CLASS_NAMES [256]."""
    table = np.full(256, len(CLASSES), np.int64)
    for number, members in enumerate(CLASSES.values()):
        table[list(members)] = number
    return table


@dataclass(frozen=True)
class Breakdown:
    """`confusion[real, guessed]` counts next bytes by the byte that stood there and the likeliest one [256, 256]."""

    whole: ByteQuality = field(default_factory=ByteQuality)
    languages: dict[str, ByteQuality] = field(default_factory=lambda: defaultdict(ByteQuality))
    classes: dict[str, ByteQuality] = field(default_factory=lambda: defaultdict(ByteQuality))
    confusion: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros((256, 256), np.int64))

    def add(self, language: str, targets: npt.NDArray[np.uint8], logits: npt.NDArray[np.float32]) -> None:
        """targets [T], logits [T, 256] before each of them."""
        log_probs, kinds = log_softmax(logits), class_table()[targets]
        for quality in (self.whole, self.languages[language]):
            quality.add(log_probs, targets)
        for number in np.unique(kinds):
            self.classes[CLASS_NAMES[number]].add(log_probs[kinds == number], targets[kinds == number])
        np.add.at(self.confusion, (targets, logits.argmax(-1)), 1)

    def by_class(self) -> npt.NDArray[np.float64]:
        """Shares of each row: when a byte of this class stood there, which class was guessed [classes, classes]."""
        table = class_table()
        counts = np.zeros((len(CLASS_NAMES),) * 2)
        np.add.at(counts, (table[:, None], table[None, :]), self.confusion)
        return np.asarray(counts / np.maximum(1, counts.sum(axis=1, keepdims=True)), np.float64)

    def worst(self, most: int = 15) -> list[tuple[int, int, int]]:
        """(real byte, guessed byte, count) of the commonest wrong guesses."""
        wrong = self.confusion.copy()
        np.fill_diagonal(wrong, 0)
        order = np.argsort(-wrong, axis=None, kind="stable")[:most]
        return [(int(i) // 256, int(i) % 256, int(wrong.flat[i])) for i in order if wrong.flat[i]]


def break_down(model: Model, corpus: Corpus, most_bytes: int, seed: int = 1) -> Breakdown:
    """Read held-out documents, drawn at random, until `most_bytes` are judged. Same seed, same documents."""
    documents = [document for document in corpus.files if document.split == "valid" and document.length]
    found = Breakdown()
    for at in np.random.default_rng(seed).permutation(len(documents)):
        left = most_bytes - found.whole.count
        if left <= 0:
            break
        _read(model, corpus, documents[at], left, found)
    return found


def _read(model: Model, corpus: Corpus, document: Document, left: int, found: Breakdown) -> None:
    header = len(document_header(document.path))
    end = min(document.length, header + min(left, MOST_OF_A_DOCUMENT))
    text = np.asarray(corpus.valid[document.offset : document.offset + end])
    if len(text) <= header:
        return
    logits, _ = model.read_all(text[:-1].tobytes())
    found.add(language_of(document.path) or "other", text[header:], logits[header - 1 :])
