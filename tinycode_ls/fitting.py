"""A suggestion before text that stands on the same line already: brackets and quotes that an editor closed are not doubled."""

OPENERS = {")": "(", "]": "[", "}": "{"}
QUOTES = "\"'`"
SAID_AGAIN = 3
"""So many characters that stand after the cursor, at a suggestion's end, are no accident."""


def fit_before(line: str, text: str, rest: str) -> str:
    """`text` without the end of it that repeats the beginning of `rest`, where both would be one too many.

    `line` is the cursor's line before it, `rest` what follows on it. `)` is dropped where `rest` has it and nothing is left
    to close; a quote where it would open another string; a longer end that is all of `rest` always.
    """
    rest = rest.rstrip()
    if not rest:
        return text
    if len(rest) >= SAID_AGAIN and text.endswith(rest):
        return text[: -len(rest)]
    overlap = next((n for n in range(min(len(rest), len(text)), 0, -1) if text.endswith(rest[:n])), 0)
    doubled = rest[:overlap]
    if not doubled or any(character.isalnum() or character == "_" for character in doubled):
        return text
    brackets = _closing_nothing(line + text + rest) > _closing_nothing(line + text)
    quotes = any((line + text + rest).count(quote) % 2 for quote in QUOTES if quote in doubled)
    return text[:-overlap] if brackets or quotes else text


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
