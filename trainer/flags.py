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


BESIDE_RESUME = {"resume", "quiet", "force", "why", "command", "run"}


def refuse_beside_resume(given: Mapping[str, Any]) -> None:
    """Raises SettingsError for flags that a run cannot take when it goes on: they would be passed over silently. `given`: what
    the command line holds, empty or None where a flag is absent."""
    called = {"paths": "PATH", "folder": "--run"}
    others = [name for name, value in given.items() if name not in BESIDE_RESUME and value not in ("", None, [])]
    if others:
        names = ", ".join(called.get(name, f"--{name.replace('_', '-')}") for name in others)
        raise SettingsError(f"--resume goes on with the run as it was begun; leave out {names}, or start a new run")
