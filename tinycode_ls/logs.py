"""The log: to the standard error stream or a file, never to the standard output, which is the wire."""

import logging
import sys
from contextlib import suppress
from pathlib import Path

from .errors import reason_of

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class LogFile(logging.FileHandler):
    """What cannot be written, as on a full disk, goes to the standard error stream, and that is said there once: by itself
    `logging` puts a traceback there in place of each line."""

    def __init__(self, file: str) -> None:
        super().__init__(Path(file).expanduser(), encoding="utf-8")
        self._instead: logging.Handler | None = None

    def handleError(self, record: logging.LogRecord) -> None:
        """In place of a line."""
        if self._instead is None:
            self._instead = logging.StreamHandler(sys.stderr)
            self._instead.setFormatter(self.formatter)
            error = sys.exc_info()[1]
            reason = reason_of(error) if error else "not written"
            print(f"tinycode-ls: log file {self.baseFilename}: {reason}; logging here", file=sys.stderr)  # noqa: T201
        self._instead.handle(record)

    def close(self) -> None:
        """What is still not written is lost."""
        with suppress(OSError):
            super().close()


def configure_logging(level: str, file: str) -> str:
    """Send the log where the settings say; -> what is wrong with the file, in whose place the standard error stream is then."""
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    problem = ""
    if file:
        try:
            handler = LogFile(file)
        except (OSError, RuntimeError, ValueError) as error:  # no such file, user or name
            problem = f"log file {file}: {reason_of(error)}; logging to the standard error stream; set another"
    handler.setFormatter(logging.Formatter(FORMAT))
    root = logging.getLogger()
    ours = [old for old in root.handlers if getattr(old, "ours", False)]
    if isinstance(handler, LogFile) and not any(
        handler.baseFilename == getattr(old, "baseFilename", "") for old in ours
    ):
        with suppress(OSError):  # nobody reads it
            print(f"tinycode-ls: the log goes on in {handler.baseFilename}", file=sys.stderr, flush=True)  # noqa: T201
    for old in ours:
        root.removeHandler(old)
        old.close()
    handler.ours = True  # type: ignore[attr-defined]
    root.addHandler(handler)
    root.setLevel(level.upper())
    # pygls warns of each cancelled request that was answered already, and logs each message at level info.
    logging.getLogger("pygls").setLevel(logging.DEBUG if level == "debug" else logging.ERROR)
    return problem
