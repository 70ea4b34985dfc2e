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
        self._what, self._wide = "", 0

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
        self._draw(line[: shutil.get_terminal_size().columns - 1])

    def close(self) -> None:
        """End it."""
        if self._shown:
            self._draw("")
            self._write("\r")

    def _draw(self, line: str) -> None:
        """Over the line before; in blanks, since the console of Windows does not know a terminal's signs for it."""
        self._write("\r" + line.ljust(self._wide))
        self._wide = len(line)

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:  # nobody reads it any more
            self._shown = False
