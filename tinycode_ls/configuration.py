"""Where the settings of a running server come from: files and editor, put together anew whenever one changes."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import platformdirs

from .settings import WORKSPACE_FILE, Layer, Settings, from_editor, merge, read_toml


def user_file() -> Path:
    """Your own settings for every editor."""
    return Path(platformdirs.user_config_path("tinycode-ls", appauthor=False)) / "settings.toml"


NOTHING: tuple[Layer, list[str]] = (Layer("", {}), [])


class Configuration:
    """Guards the order: defaults, your file, the workspace's file, start options, the editor, the command line."""

    def __init__(self, command_line: dict[str, Any] | None = None, own_file: Path | None = None) -> None:
        self.settings = Settings()
        self.roots: tuple[Path, ...] = ()
        self._own_file = own_file or user_file()
        self._command_line = Layer("command line", command_line or {})
        self._start = self._editor = NOTHING
        self._told: set[str] = set()

    def set_start(self, value: Any) -> None:
        """What the client sent with its first message."""
        self._start = from_editor("initializationOptions", value)

    def set_editor(self, value: Any) -> None:
        """What the client sent since, in place of what it sent before. Once that holds a setting, the start options are
        forgotten: they held the same, and would bring back what the user takes out."""
        self._editor = from_editor("editor settings", value)
        if self._editor[0].values:
            self._start = NOTHING

    def resolve(self) -> list[str]:
        """Read the files and put the settings together; -> the problems that were not there the last time."""
        found = [read_toml(self._own_file, trusted=True)]
        found += [read_toml(root / WORKSPACE_FILE, trusted=False) for root in self.roots]
        found += [self._start, self._editor, (self._command_line, [])]
        self.settings, problems = merge(layer for layer, _ in found)
        problems = [problem for _, unreadable in found for problem in unreadable] + problems
        new = [problem for problem in problems if problem not in self._told]
        self._told = set(problems)
        return new


def is_settings_file(path: Path, roots: Iterable[Path]) -> bool:
    """Whether a saved file is one whose settings are in force."""
    return path == user_file() or any(path == root / WORKSPACE_FILE for root in roots)
