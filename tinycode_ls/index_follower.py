"""The index follows what happens: on disk, in git, in documents that are not saved.

Decides what the backend's index is told, and when; knows nothing of questions and answers.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path

from .backend import Backend, Tell
from .background import Background
from .configuration import Configuration
from .deadline import Deadline
from .documents import Document, Documents, file_of, place_of
from .git_head import GitHead
from .languages import file_name
from .quiet import too_large
from .requests import Newest

INDEX_TIMEOUT_MS = 600_000
FOLLOW_PATIENCE_S = 0.15
"""How long the first question in a document waits for the index to take what was edited in others: a megabyte and more."""


class IndexFollower:
    """Belongs to the event loop; the index itself is changed in a thread of its own, one job after the other.

    `before_change` is called when the index is about to be another one.
    """

    def __init__(
        self,
        backend: Backend,
        configuration: Configuration,
        documents: Documents,
        background: Background,
        before_change: Callable[[], None],
    ) -> None:
        self._backend, self._configuration, self._documents = backend, configuration, documents
        self._background, self._before_change = background, before_change
        self._jobs = Newest("tinycode-index")
        self._builds = 0
        self._changed: deque[set[Path] | None] = deque()
        self._open_texts: dict[Path, str | None] = {}
        self._followed: tuple[str, dict[str, tuple[Document, int]]] = ("", {})
        self._git_head = GitHead()

    @property
    def building(self) -> bool:
        """Whether the folders are being read."""
        return self._builds > 0

    async def build(self, begun: Callable[[], None], tell: Tell) -> None:
        """Read the folders; `begun` and `tell` are called in the loop."""
        loop = asyncio.get_running_loop()

        def tell_from_thread(percent: int, message: str) -> None:
            loop.call_soon_threadsafe(tell, percent, message)

        self._builds += 1
        begun()
        try:
            work = partial(self._backend.build_index, tell_from_thread)
            await self._jobs.run("build", work, INDEX_TIMEOUT_MS, None)
        finally:
            self._builds -= 1
            self._followed = ("", {})  # what was open while it was built is looked at again

    async def files_changed(self, paths: set[Path]) -> None:
        """Files changed on disk; git's own stand for everything it may have done."""
        if any(".git" in path.parts for path in paths):
            self.look_at_git()
        if paths := {path for path in paths if not {".git", ".tinycode"} & set(path.parts)}:
            await self._refresh(paths)

    def look_at_git(self, read_anew: bool = False) -> None:
        """A branch switch, a pull: the index looks what changed, unless all of it is to be read anyway."""
        if self._git_head.moved(self._configuration.roots) and not read_anew:
            self._background.start(self._refresh(None))

    async def turn_to(self, uri: str) -> None:
        """Where somebody turns to another document, the index takes the text of all the others, saved or not.

        Never that of the document that is written in: it is a voice of its own, and its unfinished line no example. So
        typing costs nothing here, and turning to another document costs one look (and a new index if a text changed).
        """
        others = {one.uri: (one, one.version) for one in self._documents.all() if one.uri != uri}
        before, self._followed = self._followed, (uri, others)
        if before == self._followed:
            return
        self._open_texts = {
            place: None if document.uri == uri else "".join(document.lines)
            for document in sorted(self._documents.all(), key=lambda document: document.uri == uri)
            if (place := name_in_index(document)) and not self._too_large(document)
        }
        task = self._background.start(self._refresh(set()))
        if any(state[0].edited and before[1].get(other) != state for other, state in others.items()):
            await asyncio.wait([task], timeout=FOLLOW_PATIENCE_S)

    def stop(self, patience_s: float = 0) -> None:
        """End what runs, and wait so long for the thread to end."""
        self._jobs.stop(patience_s)

    async def _refresh(self, paths: set[Path] | None) -> None:
        """Calls that come faster than the index works are taken together; None stands for everything."""
        self._changed.append(paths)
        self._before_change()
        await self._jobs.run("refresh", self._refresh_changed, INDEX_TIMEOUT_MS, None)

    def _refresh_changed(self, deadline: Deadline) -> None:
        taken = [self._changed.popleft() for _ in range(len(self._changed))]  # the loop may add to them meanwhile
        known = [paths for paths in taken if paths is not None]
        self._backend.refresh(sorted(set().union(*known)) if known == taken else None, self._open_texts)

    def _too_large(self, document: Document) -> bool:
        return too_large(self._configuration.settings_for(place_of(document.uri)), document.size)


def name_in_index(document: Document) -> Path | None:
    """What its text is called in the index: as its file; a cell's has an extension that tells the language."""
    place = place_of(document.uri)
    if place is None or file_of(document.uri):
        return place
    return Path(file_name(str(place), document.language))
