"""Every error a user can cause, in one tree. Libraries raise these; only the command lines print them (one line, exit 2).

TinycodeError
├── CorpusError          no source files, an unreadable path, a package whose hash differs
├── HistoryError         no git repository, no commits, no added lines to replay
├── ModelFileError       absent, truncated, of another version, not a model, too large
├── SettingsError        a setting or flag without sense, an address that is not of this machine
└── TrainingError        nothing to resume, a diverged run, a drifting export, a run that cannot be recorded

A message says what was found, what was expected and what to do, in one line.
"""


class TinycodeError(Exception):
    """Base of all; its text is one line for a person."""


class CorpusError(TinycodeError):
    """What was given to train on or to index cannot be used."""


class HistoryError(TinycodeError):
    """There is no git history to replay."""


class ModelFileError(TinycodeError):
    """A model file that cannot be trusted or read."""


class SettingsError(TinycodeError):
    """A setting that is unknown or of the wrong type."""


class TrainingError(TinycodeError):
    """A training run, or an export, that must not go on."""


def reason_of(error: BaseException) -> str:
    """Why, without a number and a path: the message around it says which file."""
    return getattr(error, "strerror", None) or str(error)
