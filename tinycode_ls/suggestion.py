"""What a completion is, in plain text and numbers: shared by the completer, the server and the command line."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .folders import name_within


@dataclass(frozen=True)
class Source:
    """One voice behind a suggestion: the model, or a place in the workspace.

    `share` is its part of the suggestion's probability, 0..1; `path` is empty for the model; `line` counts from 1.
    """

    share: float
    path: str = ""
    line: int = 0

    @property
    def place(self) -> str:
        """`model`, `from src/db.py:118`, or `from line 3` of a document without a name."""
        named = f"{self.path}:{self.line}" if self.path else f"line {self.line}"
        return f"from {named}" if self.line else "model"

    def within(self, roots: Sequence[Path]) -> "Source":
        """The same place, named as one of the open folders `roots` would."""
        return replace(self, path=name_within(Path(self.path), roots)) if self.path else self


@dataclass(frozen=True)
class Suggestion:
    """Text to insert at the cursor, and how likely all of it is right (0..1, calibrated).

    `document` (`Request.document`), `line` of it (from 1) and `context` (the end of the text before the cursor) are what it
    takes to explain it later.
    """

    text: str
    probability: float
    sources: tuple[Source, ...] = ()
    document: str = ""
    context: str = ""
    line: int = 0


@dataclass(frozen=True)
class Explanation:
    """Where a suggestion comes from. `uris`: where the sources with a path are, in order."""

    suggestion: Suggestion
    sources: tuple[Source, ...]
    uris: tuple[str, ...]

    @property
    def summary(self) -> str:
        """`82 %; 70 % from src/db.py:118, 30 % model`."""
        voices = [f"{100 * source.share:.0f} % {source.place}" for source in self.sources]
        return f"{100 * self.suggestion.probability:.0f} %" + (f"; {', '.join(voices)}" if voices else "")


@dataclass(frozen=True)
class Request:
    """A cursor in a document. `left` and `right` are all the text before and after it, line ends already `\\n`.

    `path` is the name that the model reads: relative to the workspace where there is one, with an extension that tells the
    language, empty for a buffer without a name. `uri` is the document itself, where an editor has it open.
    `whole_lines`: the user asked (answer with whole lines); otherwise a suggestion ends where it stops being sure,
    and there may be none: `precision` is the user's dial for that, 0..1. `most_lines`: of the best of them, where it opens
    a block.
    """

    path: str
    left: str
    right: str
    whole_lines: bool = False
    count: int = 1
    most_lines: int = 1
    uri: str = ""
    precision: float = 0.5

    @property
    def document(self) -> str:
        """What tells the document from all others: two folders may each have a file of the same name."""
        return self.uri or self.path
