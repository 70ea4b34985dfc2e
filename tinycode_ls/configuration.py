"""Where the settings of a running server come from: files and editor, put together anew whenever one changes."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import platformdirs

from .settings import WORKSPACE_FILE, Layer, Settings, from_editor, merge, read_toml


def user_file() -> Path:
    """Your own settings for every editor."""
    return Path(platformdirs.user_config_path("tinycode-ls", appauthor=False)) / "settings.toml"


class Configuration:
    """Guards the order: defaults, your file, the workspace's file, start options, the editor, the command line."""

    def __init__(self, command_line: dict[str, Any] | None = None, own_file: Path | None = None) -> None:
        self.settings = Settings()
        self.roots: tuple[Path, ...] = ()
        self._own_file = own_file or user_file()
        self._command_line = Layer("command line", command_line or {})
        self._editor: dict[str, tuple[Layer, list[str]]] = {}
        self._told: set[str] = set()

    def set_editor(self, where: str, value: Any) -> None:
        """What the client sent, in place of what it sent before in the same way."""
        self._editor[where] = from_editor(where, value)

    def resolve(self) -> list[str]:
        """Read the files and put the settings together; -> the problems that were not there the last time."""
        found = [read_toml(self._own_file, trusted=True)]
        found += [read_toml(root / WORKSPACE_FILE, trusted=False) for root in self.roots]
        found += self._editor.values()
        found.append((self._command_line, []))
        self.settings, problems = merge(layer for layer, _ in found)
        problems = [problem for _, unreadable in found for problem in unreadable] + problems
        new = [problem for problem in problems if problem not in self._told]
        self._told = set(problems)
        return new


def is_settings_file(path: Path, roots: Iterable[Path]) -> bool:
    """Whether a saved file is one whose settings are in force."""
    return path == user_file() or any(path == root / WORKSPACE_FILE for root in roots)
