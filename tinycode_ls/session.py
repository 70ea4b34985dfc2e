"""One editor's session, without LSP: documents, settings and what was shown, joined to the backend.

The server translates to and from this; here is decided what is asked of the completer and which answer still fits.
"""

import asyncio
import itertools
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from .backend import Backend
from .background import Background
from .configuration import Configuration
from .deadline import Deadline
from .documents import Cursor, Documents, name_of, place_of
from .folders import name_within
from .index_follower import IndexFollower, name_in_index
from .languages import file_name
from .quiet import too_large, why_quiet
from .requests import Newest
from .settings import Settings
from .suggestion import Explanation, Request, Suggestion
from .text import Position, Span, offset_at
from .type_through import Shown, rest_of

log = logging.getLogger(__name__)

ALTERNATIVES = 3
"""Suggestions in the list, or when the user asks."""
REMEMBERED = 64
"""Suggestions that can still be explained."""
WARM_UP_TIMEOUT_MS = CLOSE_TIMEOUT_MS = 60_000
LOOK_AHEAD_AFTER_S = 0.001
"""An editor that asks at once sends its question together with the change: taken in before the work begins, it does not wait
for it."""


@dataclass(frozen=True)
class Ask:
    """What an editor asks for. `listed`: rows for its menu, else ghost text; `invoked`: the user asked for it.

    `selected`: the menu's row that ghost text has to extend, and what it replaces.
    """

    uri: str
    position: Position
    listed: bool = False
    invoked: bool = False
    selected: tuple[Span, str] | None = None


@dataclass(frozen=True)
class Answer:
    """Suggestions for a cursor, each with the number under which it can be explained."""

    ask: Ask
    cursor: Cursor | None = None
    suggestions: tuple[tuple[int, Suggestion], ...] = ()


class Session:
    """Guards that an answer fits the document as it is when the answer goes out. Belongs to the event loop."""

    def __init__(self, backend: Backend, configuration: Configuration) -> None:
        self.backend, self.configuration = backend, configuration
        self.documents = Documents()
        self._background = Background()
        self._requests = Newest("tinycode-complete")
        self.index = IndexFollower(backend, configuration, self.documents, self._background, self._forget_ahead)
        self._shown: tuple[Shown, ...] = ()
        self._asked_for = False
        self._rows: tuple[Shown, ...] = ()
        self._latest: dict[tuple[str, bool], Ask] = {}
        self._closed: list[str] = []
        self._ahead: tuple[Request, asyncio.Future[list[Suggestion]]] | None = None
        self._numbers = itertools.count(1)
        self._explainable: OrderedDict[int, Suggestion] = OrderedDict()
        self._last: Suggestion | None = None
        self._problems: list[str] = []
        self._log_problem = ""
        self._index_wish = False
        self._warm_ups, self._warm = 0, asyncio.Event()
        self._warm.set()

    @property
    def settings(self) -> Settings:
        """Those of the whole server; see `Configuration`."""
        return self.configuration.settings

    def configure(self) -> None:
        """Bring the settings as they are now into force; problems, and whether to index anew, are kept to be taken."""
        self._problems += self.configuration.resolve()
        anew = self.backend.configure(self.settings, self.configuration.roots)
        self._index_wish |= anew
        self._shown, self._ahead = (), None
        self.index.look_at_git(read_anew=anew)

    def take_log_problem(self, problem: str) -> None:
        """What is wrong with the log's file, which is a problem with the settings; empty for nothing."""
        if problem and problem != self._log_problem:
            self._problems.append(problem)
        self._log_problem = problem

    def take_problems(self) -> list[str]:
        """What is wrong with the settings, each line once."""
        problems, self._problems = self._problems, []
        return problems

    def take_index_wish(self) -> bool:
        """Whether the folders have to be read anew; once."""
        wish, self._index_wish = self._index_wish, False
        return wish

    async def suggest(self, ask: Ask) -> Answer:
        """The answer to an editor; empty for silence, a superseded question, a document that changed since.

        A row of ours that is selected and that nothing extends is answered as it is: else there were no ghost text for it.
        What is asked while the model loads waits for it: no editor asks again before the next key.
        """
        state = self.documents.state(ask.uri)
        if state is None:
            return Answer(ask)
        self._latest[ask.uri, ask.listed] = ask
        await self._warm.wait()
        self.index.look_at_git()
        await self.index.turn_to(ask.uri)
        newer = (
            self._latest.get((ask.uri, ask.listed)) is not ask
        )  # which did not have to wait: it must not be superseded
        if newer or self.documents.state(ask.uri) != state:
            return Answer(ask)
        cursor = self._cursor(ask)
        settings = self._settings_of(ask.uri)
        wanted = settings.completion_list if ask.listed else settings.ghost_text
        if cursor is None or not wanted or self._quiet(cursor):
            return Answer(ask, cursor)
        request = self._request(ask, cursor)
        rest = self._on_screen(ask, request)
        found = [rest] if rest else []
        if not rest or ask.invoked:
            found += await (self._found_ahead(ask, request) or self._complete(ask, request))
        if self.documents.state(ask.uri) != state:
            return Answer(ask, cursor)
        distinct = dict[str, Suggestion]()
        for suggestion in found:
            distinct.setdefault(suggestion.text, suggestion)
        fitting = [suggestion for text, suggestion in distinct.items() if text.strip()][: request.count]
        if ask.listed:
            self._rows = tuple(Shown(request, suggestion) for suggestion in fitting)
        elif ask.selected and not fitting:
            own = [row.suggestion for row in self._rows if row.is_accepted_in(request)][:1]
            self._last = own[0] if own else self._last
            return Answer(ask, cursor, tuple((self._remember(row), replace(row, text="")) for row in own))
        else:
            self._shown = tuple(Shown(request, suggestion) for suggestion in fitting)
            self._asked_for = ask.invoked
            self._last = fitting[0] if fitting else self._last
        return Answer(ask, cursor, tuple((self._remember(suggestion), suggestion) for suggestion in fitting))

    async def explain(self, number: int | None = None) -> Explanation | None:
        """Where a suggestion comes from; without a number, the ghost text shown last."""
        suggestion = self._explainable.get(number) if number else self._last
        if suggestion is None:
            return None
        work = partial(_ignoring_deadline, partial(self.backend.explain, suggestion))
        sources = await self._requests.run("explain", work, self.settings.timeout_ms, suggestion.sources)
        roots = self.configuration.roots
        known = {str(name_in_index(document)): document.uri for document in self.documents.all()}
        known[suggestion.document] = suggestion.document
        uris = tuple(
            known.get(source.path) or Path(source.path).absolute().as_uri() for source in sources if source.path
        )
        named = (
            replace(source, path=name_of(known[source.path])) if source.path in known else source for source in sources
        )
        return Explanation(suggestion, tuple(source.within(roots) for source in named), uris)

    def close(self, uri: str) -> None:
        """A document was closed; nobody asks in it any more."""
        self.documents.close(uri)
        for listed in (False, True):
            self._latest.pop((uri, listed), None)
        self._closed.append(uri)
        self._background.start(self._give_back())

    async def _give_back(self) -> None:
        """Once for all that were closed in a moment; what was opened again in the same is kept."""
        closed = tuple(uri for uri in self._closed if self.documents.get(uri) is None)
        self._closed.clear()
        if closed:
            work = partial(_ignoring_deadline, partial(self.backend.close, closed))
            await self._requests.run(("close", closed), work, CLOSE_TIMEOUT_MS, None)

    def changed(self, uri: str) -> None:
        """A document was edited. Editors ask a while after a key (VS Code 50 ms): in a document for which they do ask, the
        answer is looked for meanwhile."""
        if latest := self._latest.get((uri, False)):
            self._background.start(self._look_ahead(uri, latest))

    async def _look_ahead(self, uri: str, latest: Ask) -> None:
        await asyncio.sleep(LOOK_AHEAD_AFTER_S)
        await self._warm.wait()
        document, asked = self.documents.get(uri), self._latest.get((uri, False)) is not latest
        if asked or document is None or document.edited_until is None or not self._settings_of(uri).ghost_text:
            return
        ask = Ask(uri, document.edited_until)
        cursor = self._cursor(ask)
        if cursor is None or self._why_quiet(cursor):
            return
        request = self._request(ask, cursor)
        if not self._on_screen(ask, request):
            self._ahead = request, asyncio.ensure_future(self._complete(ask, request))
            await self._ahead[1]

    def _found_ahead(self, ask: Ask, request: Request) -> asyncio.Future[list[Suggestion]] | None:
        """What is looked for already, where it is what is asked; once, since the index may be another the next time."""
        if ask.listed:
            return None
        ahead, self._ahead = self._ahead, None
        return asyncio.shield(ahead[1]) if ahead and ahead[0] == request else None

    async def warm_up(self, uri: str) -> None:
        """Load what a document will need, before it is asked for; of no document (""), what all of them need."""
        document = self.documents.get(uri)
        path = file_name(name_of(uri), document.language if document else "")
        work = partial(_ignoring_deadline, partial(self.backend.warm_up, path))
        self._warm_ups += 1
        self._warm.clear()
        try:
            await self._requests.run(("warm up", path), work, WARM_UP_TIMEOUT_MS, None)
        finally:
            self._warm_ups -= 1
            if not self._warm_ups:
                self._warm.set()
        if document is not None and document is self.documents.newest():
            await self.index.turn_to(uri)  # once for all that came meanwhile: a rename opens hundreds

    def status(self, uri: str = "") -> dict[str, Any]:
        """For a status bar: `state` is off, indexing, problem or ready, `enabled` and `disabledLanguages` are of the
        document; and for a person: `summary`, a few lines, one of them why nothing is suggested in the document."""
        loaded = self.backend.status()
        states = {
            "off": not self.configuration.enabled_somewhere(),
            "problem": loaded["problem"],
            "indexing": self.index.building,
        }
        state = next((name for name, holds in states.items() if holds), "ready")
        settings = self._settings_of(uri)
        own = {"enabled": settings.enabled, "disabledLanguages": list(settings.disabled_languages)}
        summary = _summary(state, self._silence_in(uri), **loaded)
        return {"state": state, **own, **loaded, "summary": summary}

    def stop(self, patience_s: float = 0) -> None:
        """End what runs, and wait so long for each thread to end."""
        self._requests.stop(patience_s)
        self.index.stop(patience_s)

    def _forget_ahead(self) -> None:
        """What is looked for already is answered by an index that is about to change."""
        self._ahead = None

    def _on_screen(self, ask: Ask, request: Request) -> Suggestion | None:
        """What an editor still shows of the last answer. Who asks for alternatives to it, gets it as the first of them."""
        if ask.listed or (ask.invoked and self._asked_for):
            return None
        return next((rest for shown in self._shown if (rest := rest_of(shown, request))), None)

    async def _complete(self, ask: Ask, request: Request) -> list[Suggestion]:
        work: Callable[[Deadline], list[Suggestion]] = partial(self.backend.complete, request)
        return await self._requests.run((ask.uri, ask.listed), work, self.settings.timeout_ms, [])

    def _cursor(self, ask: Ask) -> Cursor | None:
        """None in what is not open, or left alone for its size."""
        document = self.documents.get(ask.uri)
        if document is None or too_large(self._settings_of(ask.uri), document.size):
            return None
        return self.documents.cursor(ask.uri, ask.position)

    def _quiet(self, cursor: Cursor) -> bool:
        reason = self._why_quiet(cursor)
        if reason:
            log.info("silence in %s: %s", cursor.uri, reason)
        return bool(reason)

    def _silence_in(self, uri: str) -> str:
        """Why nothing is suggested anywhere in an open document; empty where something may be."""
        document = self.documents.get(uri)
        if document is None:
            return ""
        large = too_large(self._settings_of(uri), document.size) and "it is larger than `max_document_mb`"
        reason = large or self._why_quiet(Cursor(uri, document.language, Position(0, 0), "", ""))
        return reason and f"nothing is suggested in {Path(name_of(uri)).name}: {reason}"

    def _why_quiet(self, cursor: Cursor) -> str:
        settings, roots = self._settings_of(cursor.uri), self.configuration.roots
        return why_quiet(settings, name_of(cursor.uri), cursor.language, cursor.left, cursor.right, roots)

    def _request(self, ask: Ask, cursor: Cursor) -> Request:
        """A selected row is read as if it had been accepted; what is suggested then comes after it."""
        left, right = cursor.left, cursor.right
        if ask.selected:
            span, text = ask.selected
            line = left.rpartition("\n")[2]
            start = offset_at(line, Position(0, span.start.character), self.documents.encoding)
            left = left[: len(left) - len(line) + start] + text
            line = right.partition("\n")[0]
            behind = span.end.character - cursor.position.character if span.end.line == cursor.position.line else 0
            right = right[offset_at(line, Position(0, behind), self.documents.encoding) :]
        count = ALTERNATIVES if ask.listed or ask.invoked else 1
        settings = self._settings_of(cursor.uri)
        most_lines = 1 if ask.listed else settings.max_lines
        path = self._path(cursor)
        return Request(path, left, right, ask.invoked, count, most_lines, cursor.uri, settings.precision)

    def _path(self, cursor: Cursor) -> str:
        """By its name in the workspace; with an extension that tells the language."""
        return name_within(Path(file_name(name_of(cursor.uri), cursor.language)), self.configuration.roots)

    def _settings_of(self, uri: str) -> Settings:
        return self.configuration.settings_for(place_of(uri))

    def _remember(self, suggestion: Suggestion) -> int:
        number = next(self._numbers)
        self._explainable[number] = suggestion
        while len(self._explainable) > REMEMBERED:
            self._explainable.popitem(last=False)
        return number


def _summary(
    state: str, silence: str, models: list[dict[str, Any]], index: dict[str, Any], problem: str, **_: Any
) -> str:
    used = [f"model for {model['language']}: {model['path']} ({model['origin']})" for model in models]
    size = f"index: {index.get('files', 0)} files, {index.get('bytes', 0) / 1e6:.1f} MB"
    return "\n".join([state, *filter(None, [silence]), *used, size, *filter(None, [problem])])


def _ignoring_deadline(work: Callable[[], Any], deadline: Deadline) -> Any:
    return work()
