"""Work of the event loop that nobody waits for."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Background:
    """Holds its tasks until they end: the loop itself keeps no hold of them."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin it at the loop's next turn."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
