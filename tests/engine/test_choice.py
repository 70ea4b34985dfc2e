"""Where a suggestion ends: at the end of a word, where longer is not worth it, or nowhere."""

import math
import random

from tinycode_ls.engine.choice import Place, best_cut, least_probability, may_end, tree_of
from tinycode_ls.engine.search import Continuation
from tinycode_ls.typist import Keys, retype


def path(text: bytes, *probabilities: float, ended: bool = True, likeliest: float = 1.0) -> Continuation:
    """A continuation whose first bytes are as likely as given, the last value for the rest."""
    filled = [*probabilities, *[probabilities[-1]] * (len(text) - len(probabilities))]
    logs = tuple(math.log(value) for value in filled)
    return Continuation(text, logs, ended, logs[-1], likeliest)


def places(*paths: Continuation) -> list[Place]:
    """Of their tree, all but the cursor's."""
    return [place for level in tree_of(list(paths))[1:] for place in level]


def ends(*paths: Continuation) -> set[bytes]:
    """Where a suggestion may stop."""
    return {place.text for place in places(*paths) if may_end(place)}


def test_a_sure_line_is_shown_whole() -> None:
    """Nothing is gained by stopping early."""
    cut = best_cut([path(b"return first", 0.95)], 0.5)
    assert cut is not None and cut.text == b"return first" and cut.chance > 0.9


def test_the_unsure_tail_is_left_out() -> None:
    """Up to the word where it stops being sure."""
    sure = [0.9] * len(b"return ")
    cut = best_cut([path(b"return something_else", *sure, 0.05)], 0.5)
    assert cut is not None and cut.text.rstrip() == b"return"


def test_a_sure_beginning_is_shown_before_a_likely_rest() -> None:
    """The rest would be right more often than not, but it can be had next, for one key more."""
    sure = [0.95] * len(b"self.assertEqual(")
    cut = best_cut([path(b"self.assertEqual(first, second)", *sure, 0.6)], 0.5)
    assert cut is not None and cut.text == b"self.assertEqual("


def test_silence_below_the_dial() -> None:
    """A suggestion that is 40 % likely is shown at precision 0.5 and not at 0.8."""
    paths = [path(b"return first", 0.4)]
    assert best_cut(paths, 0.5) is not None and best_cut(paths, 0.8) is None
    assert least_probability(1.0) > 0.99


def test_never_an_unfinished_word_or_trailing_blank() -> None:
    """Inside `first`, no; after it, after a part of a name or after a bracket, yes; after a blank, no."""
    allowed = ends(path(b"get_first(x) + 1", 0.9))
    assert {b"get_", b"get_first", b"get_first("} <= allowed
    assert not allowed & {b"get_fir", b"get_first(x) "}
    camel = ends(path(b"getFirstURL(x)", 0.9))
    assert {b"get", b"getFirst", b"getFirstURL"} <= camel and not camel & {b"getF", b"getFirstU"}


def test_a_word_is_left_unfinished_where_the_names_part() -> None:
    """As a shell does: `conn` of connection and connector; not of connection and, hardly ever, connector."""
    even = path(b"connection", *[0.9] * 7, 0.45), path(b"connector", *[0.9] * 7, 0.45)
    assert ends(*even) == {b"connect", b"connection", b"connector"}
    uneven = path(b"connection", *[0.9] * 7, 0.8), path(b"connector", *[0.9] * 7, 0.1)
    assert ends(*uneven) == {b"connection", b"connector"}


def test_a_word_given_up_may_end_only_where_no_next_byte_is_likely() -> None:
    """The search left it there; what came next decides."""
    assert ends(path(b"na", 0.9, ended=False, likeliest=0.9)) == set()
    assert ends(path(b"na", 0.9, ended=False, likeliest=0.4)) == {b"na"}


def test_a_character_is_never_cut_in_two() -> None:
    """UTF-8: é is two bytes, and the next character may be many."""
    text = "é(".encode()
    assert ends(path(text, 0.9)) == {text[:2], text}
    assert ends(path("né".encode()[:2], 0.9, ended=False, likeliest=0.1)) == set()


def test_what_it_decides_saves_more_keys_than_whole_lines() -> None:
    """The typist retypes lines drawn from a language whose chances are known exactly: net keys by each rule."""
    rng = random.Random(4)
    words = ["alpha", "beta", "gamma.delta", "epsilon(x)", "zeta_eta"]
    decided = whole = Keys()
    for _ in range(60):
        lines = {" ".join(rng.choices(words[: rng.randint(1, 5)], k=rng.randint(2, 5))): rng.random() for _ in range(6)}
        chances = {line: weight / sum(lines.values()) for line, weight in lines.items()}
        truth = rng.choices(list(chances), list(chances.values()))[0]
        decided += retype(truth, lambda so_far: _shown(chances, so_far))  # noqa: B023
        whole += retype(truth, lambda so_far: max(_rest(chances, so_far), key=lambda rest: rest[1])[0])  # noqa: B023
    assert decided.keys < whole.keys and decided.net > whole.net and decided.precision > whole.precision + 0.2


def _rest(chances: dict[str, float], so_far: str) -> list[tuple[str, float]]:
    rest = [(line[len(so_far) :], chance) for line, chance in chances.items() if line.startswith(so_far)]
    return [(text, chance / sum(chance for _, chance in rest)) for text, chance in rest]


def _shown(chances: dict[str, float], so_far: str) -> str:
    """What is shown after `so_far`, the ways on and their chances being known."""
    rest = _rest(chances, so_far)
    paths = []
    for text, chance in rest:
        along = [sum(c for other, c in rest if other.startswith(text[:n])) for n in range(1, len(text) + 1)]
        paths.append(Continuation(text.encode(), tuple(map(math.log, along)), True, math.log(chance)))
    cut = best_cut(paths, 0.5)
    return cut.text.decode() if cut else ""
