"""Numbers and names that a user gave: one that makes no sense is one line."""

import math
from collections.abc import Mapping
from typing import Any

from tinycode_ls.errors import SettingsError


def expect(good: bool, flag: str, value: object, expected: str) -> None:
    """Raises SettingsError unless the value of a flag (underscores or hyphens) is `good`."""
    if not good:
        raise SettingsError(f"--{flag.replace('_', '-')} is {value}; expected {expected}")


def expect_within(flag: str, value: float, least: float, most: float = math.inf) -> None:
    """Raises SettingsError unless the value is finite and from `least` to `most`."""
    expect(value < math.inf, flag, value, "a finite number")
    expect(least <= value <= most, flag, value, f"{least} or more" if most == math.inf else f"{least} to {most}")


def refuse_beside_resume(given: Mapping[str, Any], recipe: Mapping[str, Any]) -> None:
    """Raises SettingsError for flags that a run cannot take when it goes on: they would be passed over silently. `given`: the
    command line's; `recipe`: the defaults of the run's numbers."""
    defaults: dict[str, Any] = {
        "paths": [],
        "out": None,
        "base": None,
        "folder": None,
        "name": "model",
        "licence": "",
        "language": "",
    }
    called = {"paths": "PATH", "folder": "--run"}
    others = [name for name, value in {**defaults, **recipe}.items() if given.get(name, value) != value]
    if others:
        names = ", ".join(called.get(name, f"--{name.replace('_', '-')}") for name in others)
        raise SettingsError(f"--resume goes on with the run as it was begun; leave out {names}, or start a new run")
