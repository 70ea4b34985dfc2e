"""What is slow or heavy behind the server: models, workspace index, completer; made when first needed.

`complete`, `explain`, `close` and `warm_up` are called in the worker thread, `build_index` and `refresh` in the index thread,
the rest in the event loop. onnxruntime and numpy are imported in those threads, so that the server answers at once,
unless `load` was called before there were any.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .deadline import Deadline
from .documents import name_of
from .errors import ModelFileError
from .folders import innermost
from .languages import language_of
from .memory import give_back
from .model_choice import Choice, ModelStore, Served, choices, user_models
from .settings import Settings
from .suggestion import Request, Source, Suggestion

if TYPE_CHECKING:
    from .completer import Completer
    from .engine.model import Model
    from .index.workspace import Workspace

log = logging.getLogger(__name__)
Tell = Callable[[int, str], None]


class Backend(Protocol):
    """What the server needs; tests put ten lines in its place."""

    def configure(self, settings: Settings, roots: tuple[Path, ...]) -> bool:
        """Take new settings and folders; whether the index has to be built."""

    def load(self) -> None:
        """Import what the others would, now."""

    def complete(self, request: Request, deadline: Deadline) -> list[Suggestion]:
        """Best first; empty for silence."""

    def explain(self, suggestion: Suggestion) -> tuple[Source, ...]:
        """Where a suggestion comes from."""

    def close(self, documents: tuple[str, ...]) -> None:
        """Give back what is kept of documents that were closed."""

    def warm_up(self, path: str) -> None:
        """Import the engine and load what the first completion in a file will need; without a file, what every file will.
        `path`: the whole path, as far as there is one."""

    def build_index(self, tell: Tell, deadline: Deadline) -> None:
        """Read the folders anew."""

    def refresh(self, paths: list[Path] | None, documents: dict[Path, str | None]) -> None:
        """Files changed on disk; None: look which. `documents`: the open ones, see `Workspace.refresh`."""

    def status(self) -> dict[str, Any]:
        """What is loaded, for a person."""


class LocalBackend:
    """The real one, in this process. `on_problem` gets one line for a person, from any thread."""

    def __init__(self, on_problem: Callable[[str], None]) -> None:
        self._on_problem = on_problem
        self._settings, self._roots = Settings(), tuple[Path, ...]()
        self._lock = threading.Lock()
        self._store: ModelStore[Model] | None = None
        self._workspace: Workspace | None = None
        self._completer: Completer | None = None
        self._problem = ""
        self._told: set[str] = set()

    def configure(self, settings: Settings, roots: tuple[Path, ...]) -> bool:
        """The index, and all that was read, are kept when folders and budget are the same."""
        with self._lock:
            before, self._settings = self._settings, settings
            same_index = (self._roots, before.index, before.index_budget_mb) == (
                roots,
                settings.index,
                settings.index_budget_mb,
            )
            self._roots = roots
            if before.model != settings.model or not same_index:
                self._store = None
            if not same_index:
                self._workspace = self._completer = None
            return not same_index and bool(roots) and settings.index

    def load(self) -> None:
        """A fault is told when it is needed: then there is somebody to tell it."""
        with suppress(ModelFileError):
            _engine()

    def complete(self, request: Request, deadline: Deadline) -> list[Suggestion]:
        """Silence without a model: one message says so."""
        started = time.perf_counter()
        try:
            suggestions = self._ready().complete(request, deadline)
        except ModelFileError as error:
            self._tell_once(str(error))
            return []
        self._problem = ""
        log.info(
            "%d suggestions in %.1f ms for %s", len(suggestions), (time.perf_counter() - started) * 1e3, request.path
        )
        return suggestions

    def explain(self, suggestion: Suggestion) -> tuple[Source, ...]:
        """What the completer says; its shares come with the suggestion."""
        return self._ready().explain(suggestion)

    def close(self, documents: tuple[str, ...]) -> None:
        """To the system, too: in pieces, the heap would keep some megabytes more of a day's documents."""
        if completer := self._completer:
            for document in documents:
                completer.close(document)
            give_back()

    def warm_up(self, path: str) -> None:
        """As above. One of the shipped models would only take memory before a document asks for it; one that serves every
        language is loaded at once, so that a fault of it is told at once, too."""
        try:
            self._ready()
            if path or self._one_serves_all():
                self._model_for(path, self._folder_of(path))
        except ModelFileError as error:
            self._tell_once(str(error))

    def build_index(self, tell: Tell, deadline: Deadline) -> None:
        """Read the folders; what is read already serves meanwhile."""
        workspace = self._open_workspace()
        if workspace is not None:
            workspace.build(tell, deadline)
            log.info("index: %s", workspace.summary)

    def refresh(self, paths: list[Path] | None, documents: dict[Path, str | None]) -> None:
        """Nothing to do without an index."""
        if workspace := self._workspace:
            workspace.refresh(paths, documents)

    def status(self) -> dict[str, Any]:
        """Plain values: models by language, index figures, a problem."""
        store = self._store
        used = store.in_use() if store else {}
        models = {
            (served.language, choice.path): {
                "language": served.language or "other files",
                "path": str(choice.path),
                "origin": choice.origin,
                "name": model.card.name,
                "bytes": model.size_bytes,
            }
            for served, (choice, model) in used.items()
        }  # once, where files of several folders and of none have it
        return {"models": list(models.values()), "index": _summary(self._workspace), "problem": self._problem}

    def _ready(self) -> "Completer":
        make = _engine()  # slow the first time: not under the lock, which `configure` needs
        with self._lock:
            if self._completer is None:
                workspace = self._open_workspace_locked()
                self._completer = make(self._model_for_request, workspace)
            return self._completer

    def _open_workspace(self) -> "Workspace | None":
        from .index import workspace as _  # noqa: F401  # as above

        with self._lock:
            return self._open_workspace_locked()

    def _open_workspace_locked(self) -> "Workspace | None":
        if self._workspace is None and self._roots and self._settings.index:
            from .index.workspace import Workspace

            self._workspace = Workspace(list(self._roots), self._settings.index_budget_mb)
        return self._workspace

    def _model_for_request(self, request: Request) -> "Model":
        return self._model_for(request.path, self._folder_of(name_of(request.uri)))

    def _model_for(self, path: str, folder: Path | None) -> "Model":
        store = self._store  # `configure` may drop it at any moment
        if store is None:
            from .engine.model import load_model

            store = self._store = ModelStore(self._choices, load_model, self._on_problem)
        return store.get(Served(language_of(path), folder))

    def _one_serves_all(self) -> bool:
        """Whether one model, named or the workspace's, is for every language; or there is none, for any."""
        first = next(self._choices(Served("")), None)
        return first is None or first.origin in ("setting", "workspace")

    def _choices(self, served: Served) -> Iterator[Choice]:
        """Of a file in no folder: as if it were in any of them."""
        roots = (served.folder,) if served.folder else self._roots
        return choices(served.language, self._settings.model, roots, user_models())

    def _folder_of(self, path: str) -> Path | None:
        return innermost(Path(path), self._roots)

    def _tell_once(self, problem: str) -> None:
        self._problem = problem
        if problem not in self._told:
            self._told.add(problem)
            self._on_problem(problem)


def _engine() -> "type[Completer]":
    """Raises ModelFileError where it cannot be loaded: Windows comes without a library that onnxruntime needs."""
    try:
        from .completer import Completer
    except ImportError as error:
        remedy = "install Microsoft's Visual C++ Redistributable" if os.name == "nt" else "install tinycode-ls again"
        raise ModelFileError(f"the engine cannot be loaded ({error}); {remedy}") from error
    return Completer


def _summary(workspace: "Workspace | None") -> dict[str, Any]:
    if workspace is None:
        return {"files": 0, "bytes": 0, "complete": False}
    summary = workspace.summary
    return {"files": summary.files, "bytes": summary.bytes, "complete": summary.complete}
