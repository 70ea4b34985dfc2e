"""Text left and right of a cursor -> ranked suggestions with their probability. Knows no LSP types and no threads.

One call at a time (the server has one worker). Between calls it keeps, per document, the model's snapshots and the index
of the text around the cursor; both are checked against the text they were made from.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from .deadline import Deadline
from .engine.beside import beside
from .engine.block import LEAST_ASKED, LEAST_SURE, block_after
from .engine.choice import best_cut, least_probability
from .engine.draft import Draft
from .engine.insertion import insertions
from .engine.mixture import MOST_RECALLED, NOTHING_BELOW, Counted, Predictor
from .engine.model import Model
from .engine.reader import DocumentReader
from .engine.search import Continuation, SearchOptions, search
from .fitting import CLOSERS, fit_before
from .index.below import LineBelow
from .index.document import MOST_LEFT, MOST_RIGHT, DocumentIndex, document_index
from .index.origin import find_place
from .index.workspace import Workspace
from .model.document import document_header
from .model_choice import MOST_LOADED
from .suggestion import Request, Source, Suggestion

MOST_DOCUMENTS = 8
"""Documents whose snapshots are kept, 1.2 MB each at most; without them the text before the cursor is read anew, 5 ms."""
MOST_TYPED = 16
"""Bytes typed between two requests that are followed from where the last one was; more are read anew."""
MOST_INDEXED = 2
"""Documents whose index is kept, up to 1.2 MB each; it is made anew in a few milliseconds."""
WINDOW_STEP = 16_000
TYPING = SearchOptions(width=3, most_bytes=64)
WHOLE_LINE = SearchOptions(width=4, most_bytes=160, most_blanks=8, rivals=5)
LEAST_OTHER = 0.01
"""Alternatives less likely than this are noise: 2 of 573 were right."""
COPY_PROBABILITY = 0.07
"""Of a line that the indexes propose by themselves and that the search does not think best: of 863 in twelve repositories 55
were right, where the mixture gave them 0.036 on average."""
MOST_COMPARED = 4_000
"""Characters after the cursor in which it is looked for what stands there."""
LEAST_TELLING = 8
"""Letters and digits of a line below that is not said again: of 1,244 suggestions shown, 1 such was right."""
LESS_LIKELY = 1 / 3
"""A text that is this much less likely than one that is shown may still be what fits before the rest of the line."""
STRICTER = 0.6
"""Of what the dial lets pass in doubt, so much passes there: the ways that were not found have no share in the doubt."""
CLOSED_UNASKED = frozenset("".join(CLOSERS).encode() + b" \t;")
"""Text after the cursor of these alone stands there because an editor closed a bracket: it does not tell what is missing."""
FROM_THE_EDGE = replace(WHOLE_LINE, most_blanks=40)
"""Where nothing stands before the cursor, not even the line's indentation."""


@dataclass
class _Open:
    """What is remembered of a document between two requests. `above` begins in line `first_line` of the document."""

    path: str
    model: Model
    reader: DocumentReader
    first_line: int = 1
    above: bytes = b""
    below: bytes = b""
    index: DocumentIndex | None = None
    below_line: LineBelow = NOTHING_BELOW


@dataclass(frozen=True)
class _Asked:
    """The last question of all: the place to go on from when the next is a few bytes further on the same line."""

    document: _Open
    left: bytes
    draft: Draft

    def goes_on(self, document: _Open, left: bytes, predictor: Predictor) -> bool:
        """Whether `left` is what was asked and a little more, with nothing else changed."""
        typed = left[len(self.left) :]
        same = document is self.document and predictor == self.draft.predictor and left.startswith(self.left)
        return same and b"\n" not in typed and len(typed) <= MOST_TYPED


class Completer:
    """`models(request)` gives the model for a document."""

    def __init__(self, models: Callable[[Request], Model], workspace: Workspace | None = None) -> None:
        self._models, self._workspace = models, workspace
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._asked: _Asked | None = None

    def complete(self, request: Request, deadline: Deadline) -> list[Suggestion]:
        """Best first; [] for silence. `deadline` bounds the search: what is found by then is answered."""
        begin = window_begin(len(request.left))
        left = request.left[begin:].encode("utf-8", "replace")
        right = request.right[:MOST_RIGHT].encode("utf-8", "replace")
        document = self._document(request)
        document.first_line = 1 + request.left.count("\n", 0, begin)
        draft = self._start(document, left, right)
        rest = _telling(right)
        if request.whole_lines:
            options = WHOLE_LINE if left.rpartition(b"\n")[2] else FROM_THE_EDGE
        else:
            least = least_probability(request.precision)
            options = TYPING.at_least(least * LESS_LIKELY if rest else least)
        paths = search(draft, options, deadline)
        if rest:
            paths = insertions(draft, paths, rest)
        if request.whole_lines:
            ended = [path for path in paths if path.ended]
            found = [_Found(path.text, _line_probability(path), _network_share(path)) for path in ended or paths]
            if not rest:
                found = _with_copy(found, draft.copied())
        else:
            cut = best_cut(paths, 1 - STRICTER * (1 - request.precision) if rest else request.precision)
            found = [] if cut is None else [_Found(cut.text, cut.chance, _network_share(cut.path, cut.length))]
        if found and request.most_lines > 1:
            opening = next((path for path in paths if path.ended and path.text == found[0].text), None)
            if opening is not None:
                found[0] = _with_block(found[0], opening, draft, request, deadline)
        return _tidy(found, request, bool(rest))[: request.count]

    def explain(self, suggestion: Suggestion) -> tuple[Source, ...]:
        """The network's share, and the place in the document or the workspace that the rest most likely came from."""
        context, text = suggestion.context.encode("utf-8", "replace"), suggestion.text.encode("utf-8", "replace")
        alone = sum(source.share for source in suggestion.sources)
        place = find_place(context, text, self._texts(suggestion)) if alone < 1 else None
        if place is None:
            return (Source(1.0),)
        found = Source(1 - alone, place.path, place.line)
        return tuple(sorted((found, Source(alone)), key=lambda source: -source.share))

    def close(self, document: str) -> None:
        """Forget what was read of a document."""
        held = self._open.pop(document, None)
        if self._asked is not None and self._asked.document is held:
            self._asked = None

    def _texts(self, suggestion: Suggestion) -> Iterator[tuple[str, bytes, int]]:
        """The document above the line that was suggested for, and below the cursor; then every file of the workspace. Each
        with the line it begins with."""
        held = self._open.get(suggestion.document)
        if held is not None:
            above = held.above.split(b"\n")[: max(0, suggestion.line - held.first_line)]
            yield suggestion.document, b"\n".join(above), held.first_line
            yield suggestion.document, held.below, held.first_line + held.above.count(b"\n")
        if self._workspace is not None:
            yield from ((path, text, 1) for path, text in self._workspace.texts())

    def _document(self, request: Request) -> _Open:
        model = self._models(request)
        held = self._open.pop(request.document, None)
        if held is None or held.path != request.path or held.model is not model:
            held = _Open(request.path, model, DocumentReader(model, document_header(request.path)))
        self._open[request.document] = held
        if len(self._open) > MOST_DOCUMENTS:
            self._open.popitem(last=False)
        models = list(dict.fromkeys(one.model for one in reversed(self._open.values())))
        for name in [name for name, one in self._open.items() if one.model in models[MOST_LOADED:]]:
            del self._open[name]
        for other in list(self._open.values())[:-MOST_INDEXED]:
            other.index = None
        return held

    def _start(self, document: _Open, left: bytes, right: bytes) -> Draft:
        draft = self._going_on(document, left, right)
        if draft is None:
            since = max(left.rfind(b"\n") + 1, len(left) - MOST_RECALLED)
            read, look_up = (
                partial(document.reader.read, left, since),
                partial(self._look_up, document, left, right, since),
            )
            (logits, state), (predictor, counted) = beside(read, look_up)
            draft = Draft.begin(predictor, predictor.start(counted, left[since:], logits), state)
        self._asked = _Asked(document, left, draft)
        return draft

    def _going_on(self, document: _Open, left: bytes, right: bytes) -> Draft | None:
        """From the last question, if this one is the same a few bytes further on."""
        asked = self._asked
        if asked is None or document.below != right or not asked.goes_on(document, left, self._predictor(document)):
            return None
        return asked.draft.moved(left[len(asked.left) :])

    def _look_up(self, document: _Open, left: bytes, right: bytes, since: int) -> tuple[Predictor, Counted]:
        """What the indexes say of the cursor's line from `since` on; the document's is made anew where its text changed."""
        begin = left.rfind(b"\n") + 1
        if (document.above, document.below) != (left[:begin], right):
            document.above, document.below, document.index = left[:begin], right, None
            document.below_line = LineBelow(right)
        if document.index is None and document.model.mixer is not None:
            document.index = document_index(document.above, right)
        predictor = self._predictor(document)
        return predictor, predictor.count(document.above, left[begin:], since - begin)

    def _predictor(self, document: _Open) -> Predictor:
        workspace = self._workspace.index if self._workspace else None
        return Predictor(document.model, document.model.mixer, document.index, workspace, document.below_line)


def _telling(right: bytes) -> bytes:
    """The rest of the cursor's line, if it tells what is missing before it."""
    rest = right.partition(b"\n")[0].rstrip()
    return b"" if set(rest) <= CLOSED_UNASKED else rest


def window_begin(size: int) -> int:
    """Where the text before the cursor is cut: in steps, so that typing on in a long file does not move all of it."""
    return max(0, size - MOST_LEFT) // WINDOW_STEP * WINDOW_STEP


@dataclass(frozen=True)
class _Found:
    """`network_share`: how much of the probability the network gives by itself, 0..1."""

    text: bytes
    probability: float
    network_share: float


def _with_copy(found: list[_Found], line: bytes) -> list[_Found]:
    """With what followed the text before the cursor elsewhere, unless that is what the search thinks best."""
    if not line.strip() or (found and found[0].text.rstrip() == line.rstrip()):
        return found
    return sorted([*found, _Found(line, COPY_PROBABILITY, 0.0)], key=lambda one: one.probability, reverse=True)


def _with_block(found: _Found, opening: Continuation, draft: Draft, request: Request, deadline: Deadline) -> _Found:
    """With the lines of the block that `opening`, the same text to the end of its line, opens."""
    rest, _, below = request.right.partition("\n")
    if rest.strip():
        return found
    line = request.left[request.left.rfind("\n") + 1 :].encode("utf-8", "replace") + found.text
    next_line = below.lstrip().partition("\n")[0].encode("utf-8", "replace")
    least = LEAST_ASKED if request.whole_lines else LEAST_SURE
    block = block_after(draft, opening, line, next_line, request.most_lines - 1, least, deadline)
    if not block.lines:
        return found
    return replace(found, text=b"\n".join((found.text.rstrip(), *block.lines)), probability=block.probability)


def _network_share(path: Continuation, length: int | None = None) -> float:
    """Geometric mean over the bytes of what the network alone gives, as a share of the mixture."""
    length = len(path.text) if length is None else length
    if not length:
        return 1.0
    surplus = path.network_log_probs[length - 1] - path.log_probs[length - 1]
    return float(min(1.0, np.exp(surplus / length)))


def _line_probability(path: Continuation) -> float:
    log_prob = path.end_log_prob if path.ended else path.log_probs[-1] if path.log_probs else 0.0
    return float(np.exp(log_prob))


def _tidy(found: list[_Found], request: Request, inserted: bool) -> list[Suggestion]:
    """Valid text only, no trailing blanks (but those `inserted` before the rest of a line), nothing twice, nothing that already
    follows the cursor."""
    line, number = request.left[request.left.rfind("\n") + 1 :], 1 + request.left.count("\n")
    rest_of_line, context = request.right.split("\n", 1)[0], request.left[-64:]
    seen, kept = set[str](), list[Suggestion]()
    for one in found:
        text = one.text.decode("utf-8", "ignore")
        text = fit_before(line, text if inserted else text.rstrip(), rest_of_line)
        noise = (kept or inserted) and one.probability < LEAST_OTHER
        if not text.strip() or text in seen or noise or _stands_there(line, text, request.right[:MOST_COMPARED]):
            continue
        seen.add(text)
        sources = (Source(one.network_share),)
        kept.append(Suggestion(text, min(one.probability, 1.0), sources, request.document, context, number))
    return kept


def _stands_there(line: str, text: str, right: str) -> bool:
    """Whether what follows on the line begins with `text`, or the line below would stand there twice: one that nobody writes
    twice in a row, as they write `end` and `});`."""
    rest, _, below = right.partition("\n")
    if rest.strip():
        return rest.lstrip().startswith(text.strip())
    next_line = below.lstrip().partition("\n")[0].rstrip()
    telling = sum(character.isalnum() for character in next_line) >= LEAST_TELLING
    return telling and (line + text).strip() == next_line
