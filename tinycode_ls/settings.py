"""Every setting: its type, its default and one sentence. Knows where settings come from, not what they do.

Names are written `timeout_ms` in TOML and `timeoutMs` in JSON (editors); both are understood everywhere.
"""

import re
import reprlib
import sys
from collections.abc import Iterable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from .errors import reason_of
from .pattern import is_pattern
from .small_file import read_small

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

WORKSPACE_FILE = ".tinycode.toml"
LOG_LEVELS = ("debug", "info", "warning", "error")
NO_GLOB = "expected a pattern as in a .gitignore; ignored"


def setting(default: Any, sentence: str, *, least: float | None = None, most: float | None = None, **more: Any) -> Any:
    """A field of Settings. `one_of`: the values allowed; `private`: not taken from a workspace; `whole`: where several
    folders are open, one for the whole server, not one for the files of each."""
    return field(default=default, metadata={"sentence": sentence, "least": least, "most": most, **more})


@dataclass(frozen=True)
class Settings:
    """What a user can set. Each field has its default and its sentence here and nowhere else."""

    enabled: bool = setting(True, "Suggest anything at all.")
    model: str = setting("", "Model file to use instead of the workspace's, your own or the shipped one.", private=True)
    precision: float = setting(
        0.5, "Share of the suggestions shown that should be right; higher is quieter.", least=0, most=1
    )
    ghost_text: bool = setting(True, "Answer inline completion (ghost text).")
    completion_list: bool = setting(True, "Add single-line suggestions to the completion list.")
    max_lines: int = setting(12, "Longest suggestion, in lines.", least=1, most=1000)
    in_comments: bool = setting(True, "Suggest inside comments.")
    in_strings: bool = setting(True, "Suggest inside string literals.")
    disabled_languages: tuple[str, ...] = setting(
        (), "Languages without suggestions, by the names that the editor sends."
    )
    disabled_files: tuple[str, ...] = setting(
        (), "Files without suggestions, as in a .gitignore of the open folder (.env, keys: always).", globs=True
    )
    timeout_ms: int = setting(
        500, "Answer after this many milliseconds with what there is.", least=10, most=60_000, whole=True
    )
    index: bool = setting(True, "Learn names and idioms from the files of the open folders.", whole=True)
    index_budget_mb: float = setting(8.0, "Most text to index, in megabytes.", least=0, most=1024, whole=True)
    max_document_mb: float = setting(8.0, "Leave documents larger than this alone, in megabytes.", least=0, most=1024)
    log_level: str = setting(
        "warning", "How much to log: debug, info, warning or error.", one_of=LOG_LEVELS, whole=True
    )
    log_file: str = setting("", "File to log to instead of the standard error stream.", private=True)


@dataclass(frozen=True)
class Layer:
    """Settings from one place; `where` names it in messages; `trusted`: the user's own, not a workspace's."""

    where: str
    values: Mapping[str, Any]
    trusted: bool = True


def merge(layers: Iterable[Layer]) -> tuple[Settings, list[str]]:
    """-> the settings, later layers winning, and one sentence for each value that was ignored."""
    known = {entry.name: entry for entry in fields(Settings)}
    chosen: dict[str, Any] = {}
    problems: list[str] = []
    for layer in layers:
        for key, value in layer.values.items():
            name = snake_case(key)
            problem = _problem(known, name, value, layer)
            if problem:
                problems.append(f"{layer.where}: setting {key!r} is {problem}")
            elif value is not None:
                chosen[name] = _converted(known[name], value)
                if known[name].metadata.get("globs"):
                    bad = [glob for glob in chosen[name] if not is_pattern(glob)]
                    chosen[name] = tuple(glob for glob in chosen[name] if glob not in bad)
                    problems += [f"{layer.where}: setting {key!r} has {glob!r}; {NO_GLOB}" for glob in bad]
    return Settings(**chosen), problems


def snake_case(name: str) -> str:
    """`timeoutMs` and `timeout-ms` -> `timeout_ms`."""
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).replace("-", "_").lower()


def camel_case(name: str) -> str:
    """`timeout_ms` -> `timeoutMs`, as editors write it."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _problem(known: Mapping[str, Field[Any]], name: str, value: Any, layer: Layer) -> str:
    """What is wrong with a value, or nothing."""
    if name not in known:
        return f"unknown; expected one of {', '.join(known)}; remove it"
    entry = known[name]
    if entry.metadata.get("private") and not layer.trusted:
        return "not taken from a workspace; set it in the editor or in your own settings file"
    if value is None or _fits(entry, value):
        return ""
    return f"{reprlib.repr(value)}; expected {expected(entry)}; ignored"


def _fits(entry: Field[Any], value: Any) -> bool:
    """Whether `value` has the type and the range of the setting."""
    if isinstance(entry.default, bool):
        return isinstance(value, bool)
    if isinstance(entry.default, (int, float)):
        whole = isinstance(entry.default, int)
        number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        return number and entry.metadata["least"] <= value <= entry.metadata["most"]
    if isinstance(entry.default, tuple):
        return isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
    return isinstance(value, str) and value in entry.metadata.get("one_of", (value,))


def expected(entry: Field[Any]) -> str:
    """The values a setting takes, in words."""
    if isinstance(entry.default, bool):
        return "true or false"
    if isinstance(entry.default, (int, float)):
        kind = "a whole number" if isinstance(entry.default, int) else "a number"
        return f"{kind} from {entry.metadata['least']} to {entry.metadata['most']}"
    if isinstance(entry.default, tuple):
        return "a list of strings"
    return " or ".join(entry.metadata["one_of"]) if "one_of" in entry.metadata else "a string"


def _converted(entry: Field[Any], value: Any) -> Any:
    """A value that fits, in the type of the field."""
    default: Any = entry.default
    return type(default)(value)


def read_toml(path: Path, *, trusted: bool) -> tuple[Layer, list[str]]:
    """The settings in a TOML file; none when there is no file; a sentence when it cannot be read."""
    empty = Layer(str(path), {}, trusted)
    try:
        return Layer(str(path), tomllib.loads(read_small(path).decode("utf-8-sig")), trusted), []
    except FileNotFoundError:
        return empty, []
    except (OSError, ValueError, RecursionError) as error:
        return empty, [
            f"{path}: not read ({reason_of(error)}); expected lines such as `precision = 0.5`; mend or remove the file"
        ]


def from_editor(where: str, value: Any) -> tuple[Layer, list[str]]:
    """The settings in what a client sent: an object, or one that holds it under `tinycode`; null means none, and so does an
    empty array, as which Lua writes an empty object."""
    if isinstance(value, Mapping) and "tinycode" in value:
        value = value["tinycode"]
    if value is None or value == []:
        return Layer(where, {}), []
    if not isinstance(value, Mapping):
        return Layer(where, {}), [f"{where}: found {reprlib.repr(value)}; expected an object with settings; ignored"]
    return Layer(where, {key: item for key, item in value.items() if isinstance(key, str)}), []
