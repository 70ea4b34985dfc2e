"""Where a suggestion ends: at the end of a word, where longer is not worth it, or nowhere."""

import math

from tinycode_ls.engine.choice import best_cut, least_probability, may_end
from tinycode_ls.engine.search import Continuation


def path(text: bytes, *probabilities: float, ended: bool = True, boundary: float = 0.0) -> Continuation:
    """A continuation whose first bytes are as likely as given, the last value for the rest."""
    filled = [*probabilities, *[probabilities[-1]] * (len(text) - len(probabilities))]
    logs = tuple(math.log(value) for value in filled)
    return Continuation(text, logs, ended, logs[-1], boundary)


def test_a_sure_line_is_shown_whole() -> None:
    """Nothing is gained by stopping early."""
    cut = best_cut([path(b"return first", 0.95)], 0.5)
    assert cut is not None and cut.text == b"return first" and cut.probability > 0.9


def test_the_unsure_tail_is_left_out() -> None:
    """Up to the word where it stops being sure."""
    sure = [0.9] * len(b"return ")
    cut = best_cut([path(b"return something_else", *sure, 0.05)], 0.5)
    assert cut is not None and cut.text.rstrip() == b"return"


def test_silence_below_the_dial() -> None:
    """A suggestion that is 40 % likely is shown at precision 0.5 and not at 0.8."""
    paths = [path(b"return first", 0.4)]
    assert best_cut(paths, 0.5) is not None and best_cut(paths, 0.8) is None
    assert least_probability(1.0) > 0.99


def test_never_an_unfinished_word_or_trailing_blank() -> None:
    """Inside `first`, no; after it, after a part of a name or after a bracket, yes; after a blank, no."""
    one = path(b"get_first(x) + 1", 0.9)
    allowed = {one.text[:length] for length in range(1, len(one.text) + 1) if may_end(one, length)}
    assert b"get_" in allowed and b"get_first" in allowed and b"get_first(" in allowed
    assert b"get_fir" not in allowed and b"get_first(x) " not in allowed
    camel = path(b"getFirstURL(x)", 0.9)
    ends = {camel.text[:length] for length in range(1, len(camel.text)) if may_end(camel, length)}
    assert {b"get", b"getFirst", b"getFirstURL"} <= ends and not ends & {b"getF", b"getFirstU"}


def test_a_word_given_up_may_end_only_where_words_end_often_enough() -> None:
    """The search left it there; what came next decides."""
    assert not may_end(path(b"na", 0.9, ended=False, boundary=0.01), 2)
    assert may_end(path(b"name", 0.9, ended=False, boundary=0.4), 4)


def test_a_character_is_never_cut_in_two() -> None:
    """UTF-8: é is two bytes."""
    one = path("é(".encode(), 0.9)
    assert not may_end(one, 1) and may_end(one, 2)
