"""Patterns as in a .gitignore, of which some come with somebody's folder: one that would take for ever to match is none."""

import pathspec

MOST_STARS = 3
"""In one name, and `**` in all: with `*a*a*a*a*ab`, a name of a hundred letters took half a minute."""


def is_pattern(line: str) -> bool:
    """Whether it is one that can be matched, or a comment; not, for example, a `!` alone."""
    names = line.split("/")
    if line.startswith("#"):
        return True
    if max(name.count("*") for name in names) > MOST_STARS or names.count("**") > MOST_STARS:
        return False
    try:
        pathspec.GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True
