"""A bar on a terminal, on standard error; nothing at all when that is a file or a pipe."""

import shutil
import sys
import time
from typing import TextIO

WIDTH = 30
EVERY_S = 0.1


class Bar:
    """Call it with (done, of, what); `close` wipes the bar away."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr  # None where that is closed
        self._shown = bool(self._stream and self._stream.isatty())
        self._began = self._drawn = 0.0
        self._what = ""

    def __call__(self, done: int, of: int, what: str) -> None:
        """Draw it anew, ten times a second at most."""
        now = time.monotonic()
        if what != self._what:
            self._what, self._began, self._drawn = what, now, 0.0
        if not self._shown or (now - self._drawn < EVERY_S and done < of):
            return
        self._drawn = now
        filled = WIDTH * done // max(1, of)
        left = f", {(now - self._began) * (of - done) / done:.0f} s left" if done else ""
        line = f"[{'#' * filled}{'.' * (WIDTH - filled)}] {done} of {of} {what}{left}"
        self._write(f"\r{line[: shutil.get_terminal_size().columns - 1]}\x1b[K")

    def close(self) -> None:
        """End it."""
        if self._shown:
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:  # nobody reads it any more
            self._shown = False
