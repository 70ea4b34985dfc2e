"""Numbers and names that a user gave: one that makes no sense is one line."""

import math

from tinycode_ls.errors import SettingsError


def expect(good: bool, flag: str, value: object, expected: str) -> None:
    """Raises SettingsError unless the value of a flag (underscores or hyphens) is `good`."""
    if not good:
        raise SettingsError(f"--{flag.replace('_', '-')} is {value}; expected {expected}")


def expect_within(flag: str, value: float, least: float, most: float = math.inf) -> None:
    """Raises SettingsError unless the value is finite and from `least` to `most`."""
    expect(value < math.inf, flag, value, "a finite number")
    expect(least <= value <= most, flag, value, f"{least} or more" if most == math.inf else f"{least} to {most}")
