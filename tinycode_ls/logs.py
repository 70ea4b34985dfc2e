"""The log: to the standard error stream or a file, never to the standard output, which is the wire."""

import logging
import sys
from pathlib import Path

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def configure_logging(level: str, file: str) -> str:
    """Send the log where the settings say; -> what is wrong with the file, in whose place the standard error stream is then."""
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    problem = ""
    if file:
        try:
            handler = logging.FileHandler(Path(file).expanduser(), encoding="utf-8", delay=False)
        except (OSError, RuntimeError, ValueError) as error:  # no such file, user or name
            reason = getattr(error, "strerror", None) or error
            problem = f"log file {file}: {reason}; logging to the standard error stream; set another"
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
    return problem
