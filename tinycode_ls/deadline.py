"""When to stop: a time budget and a cancel flag in one token that every loop of the engine polls."""

import threading
import time


class Deadline:
    """Expires after `timeout_ms` milliseconds (None: never) or once `cancel()` was called from any thread."""

    def __init__(self, timeout_ms: float | None = None) -> None:
        self._end = None if timeout_ms is None else time.monotonic() + timeout_ms / 1000
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """End it now; the loop that polls it stops at its next step."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether somebody called `cancel()` (an expired budget alone does not count)."""
        return self._cancelled.is_set()

    def expired(self) -> bool:
        """Whether the work should stop and hand over what it has."""
        return self._cancelled.is_set() or (self._end is not None and time.monotonic() >= self._end)
