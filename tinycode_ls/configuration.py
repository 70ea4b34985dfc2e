"""Where the settings of a running server come from: files and editor, put together anew whenever one changes."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import platformdirs

from .folders import innermost
from .settings import WORKSPACE_FILE, Layer, Settings, from_editor, merge, read_toml


def user_file() -> Path:
    """Your own settings for every editor."""
    return Path(platformdirs.user_config_path("tinycode-ls", appauthor=False)) / "settings.toml"


_Read = tuple[Layer, list[str]]
"""The settings of one place, and what is wrong with it."""
NOTHING: _Read = (Layer("", {}), [])


class Configuration:
    """Guards the order: defaults, your file, the folder's file, start options, the editor, the command line.

    `settings` are those of the whole server: every folder's file counts, the last one most. A file's own are those of the
    folder that holds it (`settings_for`).
    """

    def __init__(self, command_line: dict[str, Any] | None = None, own_file: Path | None = None) -> None:
        self.settings = Settings()
        self.roots: tuple[Path, ...] = ()
        self._own_file = own_file or user_file()
        self._command_line = Layer("command line", command_line or {})
        self._start = self._editor = NOTHING
        self._editor_in: dict[Path, _Read] = {}
        self._of_folders: dict[Path, Settings] = {}
        self._told: set[str] = set()

    def set_start(self, value: Any) -> None:
        """What the client sent with its first message."""
        self._start = from_editor("initializationOptions", value)

    def set_editor(self, value: Any, in_folders: Mapping[Path, Any] | None = None) -> None:
        """What the client sent since, in place of what it sent before; `in_folders`, where it has other values for them.
        Once that holds a setting, the start options are forgotten: they held the same, and would bring back what the user
        takes out."""
        self._editor = from_editor("editor settings", value)
        told = {folder: own for folder, own in (in_folders or {}).items() if own is not None}
        self._editor_in = {folder: from_editor("editor settings", own) for folder, own in told.items()}
        if any(layer.values for layer, _ in (self._editor, *self._editor_in.values())):
            self._start = NOTHING

    def resolve(self) -> list[str]:
        """Read the files and put the settings together; -> the problems that were not there the last time."""
        own_file = read_toml(self._own_file, trusted=True)
        files = {root: read_toml(root / WORKSPACE_FILE, trusted=False) for root in self.roots}
        self.settings, problems = self._merged(own_file, files.values(), self._editor)
        self._of_folders = {}
        for root, file in files.items():
            editor = self._editor_in.get(root, self._editor)
            self._of_folders[root], more = self._merged(own_file, [file], editor)
            problems += more
        new = [problem for problem in dict.fromkeys(problems) if problem not in self._told]
        self._told = set(problems)
        return new

    def settings_for(self, file: Path | None) -> Settings:
        """Those for a file: of the folder that holds it; those of the whole server where none does."""
        folder = innermost(file, self.roots) if file else None
        return self._of_folders.get(folder, self.settings) if folder else self.settings

    def enabled_somewhere(self) -> bool:
        """False where no file gets a suggestion."""
        return any(settings.enabled for settings in self._of_folders.values() or (self.settings,))

    def is_settings_file(self, path: Path) -> bool:
        """Whether a saved file is one whose settings are in force."""
        return path == self._own_file or any(path == root / WORKSPACE_FILE for root in self.roots)

    def _merged(self, own_file: _Read, files: Iterable[_Read], editor: _Read) -> tuple[Settings, list[str]]:
        found = [own_file, *files, self._start, editor, (self._command_line, [])]
        settings, problems = merge(layer for layer, _ in found)
        return settings, [problem for _, unreadable in found for problem in unreadable] + problems
