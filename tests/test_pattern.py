"""What counts as a pattern: what git takes for one, unless it could not be matched in time."""

import pytest

from tinycode_ls.pattern import is_pattern


@pytest.mark.parametrize(
    "line", ["*.py", "**/build/**/*.py", "*test*util*", "!keep.py", "# **** a heading ****", "", "a\\*b"]
)
def test_patterns(line):
    assert is_pattern(line)


@pytest.mark.parametrize("line", ["!", "ends in \\", "*a*a*a*a*ab", "**/a/**/a/**/a/**/b"])
def test_what_is_none_or_takes_for_ever(line):
    assert not is_pattern(line)
