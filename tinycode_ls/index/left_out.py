"""What a person is told, in the log, about files that are not in the index. Knows nothing of how they are judged."""

import logging
import re
from collections.abc import Mapping
from pathlib import Path

log = logging.getLogger(__name__)

WORTH_A_WARNING = ("unreadable", "not UTF-8", "too large")
WORTH_A_WORD = (*WORTH_A_WARNING, "minified or data", "a link", "not a regular file", "holds a private key", "gone")
"""Why a file that looked like source is left out; the other reasons are as they should be."""
NAMED = 3
"""Files that a line names; the others are counted."""


class LeftOut:
    """Remembers what was said: each look at the folders finds the same again."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}

    def tell(self, reasons: Mapping[Path, str], over: int, budget: int) -> None:
        """One line for each kind of thing that a person might wonder about; `over` files do not fit the budget, in bytes."""
        by_kind: dict[str, list[Path]] = {}
        for path, reason in reasons.items():
            by_kind.setdefault(re.split(r";| \(", reason)[0], []).append(path)
        for kind in WORTH_A_WORD:
            if paths := by_kind.get(kind):
                names = ", ".join(str(path) for path in paths[:NAMED]) + (", ..." if len(paths) > NAMED else "")
                level = logging.WARNING if kind in WORTH_A_WARNING else logging.INFO
                self.tell_once(f"{len(paths)} left out of the index: {kind}: {names}", level, kind)
        if over:
            self.tell_once(
                f"{over} files do not fit the index of {budget / 1e6:g} MB (index_budget_mb); those in the language "
                "of the open documents, and near them, come first",
                logging.WARNING,
                "over",
            )

    def tell_once(self, message: str, level: int = logging.INFO, kind: str = "") -> None:
        """A line for the log; not the same one of a kind twice."""
        if self._told.get(kind or message) != message:
            self._told[kind or message] = message
            log.log(level, "%s", message)
