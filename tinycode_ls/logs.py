"""The log: to the standard error stream or a file, never to the standard output, which is the wire."""

import logging
import sys
from pathlib import Path

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def configure_logging(level: str, file: str) -> None:
    """Send the log where the settings say; a file that cannot be written is said on the standard error stream."""
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if file:
        try:
            handler = logging.FileHandler(Path(file).expanduser(), encoding="utf-8", delay=False)
        except (OSError, RuntimeError, ValueError) as error:  # no such file, user or name
            reason = getattr(error, "strerror", None) or error
            print(f"tinycode-ls: log file {file}: {reason}; logging here instead", file=sys.stderr)  # noqa: T201
    handler.setFormatter(logging.Formatter(FORMAT))
    root = logging.getLogger()
    for old in root.handlers[:]:
        if getattr(old, "ours", False):
            root.removeHandler(old)
            old.close()
    handler.ours = True  # type: ignore[attr-defined]
    root.addHandler(handler)
    root.setLevel(level.upper())
    # pygls warns of each cancelled request that was answered already, and logs each message at level info.
    logging.getLogger("pygls").setLevel(logging.DEBUG if level == "debug" else logging.ERROR)
