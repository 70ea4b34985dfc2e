"""A suggestion before text that stands on the same line already: what stands there is not said again.

Editors close a bracket or quote as soon as it is opened, and people insert into lines; both leave text after the cursor.
"""

from .characters import in_word

OPENERS = {")": "(", "]": "[", "}": "{"}
QUOTES = "\"'`"
CLOSERS = frozenset((*OPENERS, *QUOTES))
SAID_AGAIN = 3
"""So many characters that stand after the cursor, at a suggestion's end, are no accident."""
MOST_READ = 400
"""Characters of the line looked at on either side."""


def fit_before(line: str, text: str, rest: str) -> str:
    """`text` without the end of it that repeats the beginning of `rest`; empty where all of it does.

    `line` is the cursor's line before it, `rest` what follows on it. `)` is dropped, with what comes behind it, where `rest`
    has it and nothing is left to close; a quote where it would open another string; a word only if it is a whole one.
    """
    line, rest = line[-MOST_READ:], rest[:MOST_READ].rstrip()
    if not rest:
        return text
    if len(rest) >= SAID_AGAIN and text.endswith(rest):
        return text[: -len(rest)]
    overlap = next((n for n in range(min(len(rest), len(text)), 0, -1) if text.endswith(rest[:n])), 0)
    doubled, kept = rest[:overlap], text[: len(text) - overlap]
    if not kept:
        return ""
    if set(doubled) <= CLOSERS:
        brackets = _closing_nothing(line + text + rest) > _closing_nothing(line + text)
        quotes = any((line + text + rest).count(quote) % 2 for quote in QUOTES if quote in doubled)
        said_again = bool(doubled) and (brackets or quotes)
    else:
        said_again = not (in_word(kept[-1]) and in_word(doubled[0]))
    return kept if said_again else _before_what_is_closed(line, text, rest)


def _before_what_is_closed(line: str, text: str, rest: str) -> str:
    """`text` up to the last place in it that closes what `rest` begins to close, where both would be one too many."""
    closer = rest.lstrip()[0]
    if closer not in CLOSERS:
        return text
    too_many = _quotes_left_open if closer in QUOTES else _closing_nothing
    most = too_many(line + rest)
    if too_many(line + text + rest) <= most:
        return text
    places = (at for at in range(len(text) - 1, -1, -1) if text[at] == closer)
    return text[: next((at for at in places if too_many(line + text[:at] + rest) <= most), len(text))]


def _quotes_left_open(text: str) -> int:
    """Kinds of quotes of which there is an odd number."""
    return sum(text.count(quote) % 2 for quote in QUOTES)


def _closing_nothing(text: str) -> int:
    """Closing brackets without an opening one before them. Strings are not told apart: they mostly balance, too."""
    open_brackets: list[str] = []
    alone = 0
    for character in text:
        if character in OPENERS.values():
            open_brackets.append(character)
        elif character in OPENERS:
            if open_brackets and open_brackets[-1] == OPENERS[character]:
                open_brackets.pop()
            else:
                alone += 1
    return alone
