"""Search and sampling: deterministic, within their bounds, with true probabilities."""

import numpy as np
import pytest

from tinycode_ls.deadline import Deadline
from tinycode_ls.engine.draft import Draft
from tinycode_ls.engine.hypotheses import Hypotheses
from tinycode_ls.engine.mixture import Predictor
from tinycode_ls.engine.model import Model, log_softmax
from tinycode_ls.engine.search import SamplingOptions, SearchOptions, sample, search


def begin(model: Model, text: bytes) -> Draft:
    """A place after `text`."""
    predictor = Predictor(model)
    logits, state = model.read(text)
    return Draft.begin(predictor, predictor.start(predictor.count(b"", text, len(text)), b"", logits[None]), state)


def test_greedy_is_deterministic_and_takes_the_likeliest_byte(tiny_model: Model) -> None:
    """The same text twice, and its first byte is the network's favourite."""
    draft = begin(tiny_model, b"def ")
    first = search(draft, SearchOptions(most_bytes=20), Deadline())
    assert first == search(draft, SearchOptions(most_bytes=20), Deadline())
    assert first[0].text[0] == int(draft.look([b""])[0].argmax())


def test_probabilities_are_those_of_reading_the_text(tiny_model: Model) -> None:
    """What the search says of a continuation is what the model says when it reads it."""
    draft = begin(tiny_model, b"def ")
    path = search(draft, SearchOptions(width=3, most_bytes=12), Deadline())[0]
    text = b"def " + path.text
    logits, _ = tiny_model.read_all(text)
    scores = log_softmax(logits)[3:-1][np.arange(len(path.text)), np.frombuffer(path.text, np.uint8)]
    assert path.log_probs[-1] == pytest.approx(float(scores.sum()), abs=0.05)


def test_a_wider_beam_finds_nothing_less_likely(tiny_model: Model) -> None:
    """At a fixed length."""
    draft = begin(tiny_model, b"x = ")

    def best(width: int) -> float:
        found = search(draft, SearchOptions(width=width, most_bytes=8), Deadline())
        return max(path.log_probs[7] for path in found if len(path.log_probs) == 8)

    assert best(8) >= best(1)


def test_bounds_are_kept(tiny_model: Model) -> None:
    """Length, a line's end, an expired deadline, a cancelled one."""
    draft = begin(tiny_model, b"x = ")
    for path in search(draft, SearchOptions(width=4, most_bytes=10), Deadline()):
        assert len(path.text) <= 10 and b"\n" not in path.text
    cancelled = Deadline()
    cancelled.cancel()
    for deadline in (Deadline(0), cancelled):
        assert all(len(path.text) <= 1 for path in search(draft, SearchOptions(), deadline))


def test_a_floor_gives_unlikely_ways_up(tiny_model: Model) -> None:
    """Nothing below the floor is answered."""
    draft = begin(tiny_model, b"x = ")
    for path in search(draft, SearchOptions(width=4, floor=0.001), Deadline()):
        assert path.log_probs[-1] >= np.log(0.001)


def test_same_seed_same_text_and_other_seed_other_text(tiny_model: Model) -> None:
    """Sampling is reproducible; temperature 0 and top-k 1 are greedy."""
    logits, state = tiny_model.read(b"def ")

    def draw(**options) -> bytes:
        drawn = sample(tiny_model, logits, state, SamplingOptions(**options))
        return bytes(next(drawn) for _ in range(30))

    assert draw(seed=1) == draw(seed=1) != draw(seed=2)
    assert draw(temperature=0) == draw(top_k=1, seed=5) == draw(top_p=1e-9, seed=6)


def test_rivals_far_behind_are_given_up(tiny_model: Model) -> None:
    """With rivals of 1 only the likeliest of each length goes on: greedy, whatever the width."""
    draft = begin(tiny_model, b"x = ")
    greedy = search(draft, SearchOptions(most_bytes=10), Deadline())
    strict = search(draft, SearchOptions(width=4, most_bytes=10, rivals=1.0 + 1e-6), Deadline())
    assert max(strict, key=lambda path: len(path.text)).text == max(greedy, key=lambda path: len(path.text)).text


class Lost:
    """A place in the middle of nowhere: nearly sure that one blank more comes, a little that `x` does, and its line's end."""

    def likeliest(self, texts: list[bytes]):
        chances = np.full((len(texts), 256), 1e-6, np.float32)
        for row, text in enumerate(texts):
            chances[row, ord("\n") if b"x" in text else ord(" ")] = 0.9
            chances[row, ord("x")] += 0.06
        return Hypotheses.alone(np.log(chances)).ranked


def test_blanks_alone_do_not_push_text_out() -> None:
    """Somebody asked for text: after so many blanks there is some, and the line ends."""
    options = SearchOptions(width=4, most_bytes=100, most_blanks=8, rivals=5)
    found = search(Lost(), options, Deadline())  # type: ignore[arg-type]
    assert next(path for path in found if path.ended).text == b" " * 8 + b"x"
    assert max(len(path.text) for path in found) < 30
