"""A bar on a terminal, on standard error; nothing at all when that is a file or a pipe."""

import sys
import time
from typing import TextIO

WIDTH = 30
EVERY_S = 0.1


class Bar:
    """Call it with (done, of, what); `close` wipes the bar away."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._began = self._drawn = 0.0
        self._what = ""

    def __call__(self, done: int, of: int, what: str) -> None:
        """Draw it anew, ten times a second at most."""
        now = time.monotonic()
        if what != self._what:
            self._what, self._began, self._drawn = what, now, 0.0
        if not self._stream.isatty() or (now - self._drawn < EVERY_S and done < of):
            return
        self._drawn = now
        filled = WIDTH * done // max(1, of)
        left = f", {(now - self._began) * (of - done) / done:.0f} s left" if done else ""
        self._write(f"\r[{'#' * filled}{'.' * (WIDTH - filled)}] {done} of {of} {what}{left}\x1b[K")

    def close(self) -> None:
        """End it."""
        if self._stream.isatty():
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
