"""Bytes computed ahead of a search: the probabilities of stepping, with fewer runs of the network."""

import numpy as np
import pytest
import torch

from tinycode_ls.engine.deadline import Deadline
from tinycode_ls.engine.draft import Draft
from tinycode_ls.engine.hypotheses import Hypotheses
from tinycode_ls.engine.mixer import mixer_to_bytes
from tinycode_ls.engine.mixture import Predictor
from tinycode_ls.engine.model import Model, open_model
from tinycode_ls.engine.search import SearchOptions, search
from tinycode_ls.index.document import document_index
from tinycode_ls.index.suffixes import SuffixIndex
from tinycode_ls.model.card import ModelCard
from tinycode_ls.model.spec import ModelSpec
from trainer.export import model_bytes, to_arrays
from trainer.mixer import MixerNetwork
from trainer.network import Network

ABOVE = b"def first(one, two):\n    return one + two\n\n\ndef second(one, two):\n    return one - two\n\n\n"
LINE = b"def fir"
ELSEWHERE = b"total = first(one, two)\n" * 3


@pytest.fixture(params=[0, 20], ids=["plain", "attention"])
def model(request: pytest.FixtureRequest) -> Model:
    """An untrained network with a mixer that believes what it counts."""
    torch.manual_seed(0)
    network, mixer = Network(ModelSpec(hidden=32, embedding=16, attention=request.param)).eval(), MixerNetwork()
    torch.nn.init.constant_(mixer.out.bias, 2.0)
    content = model_bytes(to_arrays(network.state_dict()), ModelCard(network.spec), mixer_to_bytes(mixer.to_mixer()))
    return open_model(content, "test")


def begin(model: Model) -> tuple[Predictor, Hypotheses]:
    """A cursor after LINE."""
    logits, state = model.read_all(LINE, model.read(ABOVE)[1])
    predictor = Predictor(model, model.mixer, document_index(ABOVE, b""), SuffixIndex(ELSEWHERE))
    before = model.read(ABOVE)[0][None]
    return predictor, predictor.start(ABOVE + LINE, state, np.concatenate([before, logits]))


def same(a: Hypotheses, b: Hypotheses) -> bool:
    """All that is known of the next byte, and all that the mixer remembers, but for rounding."""
    near = np.abs(np.exp(a.log_probs) - np.exp(b.log_probs)).max() < 5e-3
    return bool(near and np.array_equal(a.guessed, b.guessed) and np.allclose(a.recent, b.recent, atol=5e-2))


def step(predictor: Predictor, now: Hypotheses, text: bytes) -> Hypotheses:
    """One byte after another."""
    for byte in text:
        now = predictor.step(now, np.array([0]), np.array([byte]))
    return now


def test_what_is_computed_ahead_is_what_stepping_finds(model: Model) -> None:
    """After each byte that the document says will follow."""
    predictor, start = begin(model)
    text, after = predictor.ahead(start, ord("s"), 16)
    assert text == b"st(one, two):"
    assert all(same(found, step(predictor, start, text[: n + 1])) for n, found in enumerate(after))


def test_a_search_may_leave_what_was_computed_ahead_anywhere(model: Model) -> None:
    """With several hypotheses, and by drafting again: as if every byte had been stepped."""
    predictor, start = begin(model)
    _, after = predictor.ahead(start, ord("s"), 16)
    two = predictor.step(after[2], np.array([0, 0]), np.array([120, 121]))
    assert all(same(two.take(np.array([row])), step(predictor, start, b"st(" + b"xy"[row : row + 1])) for row in (0, 1))
    text, again = predictor.ahead(after[2], ord("t"), 16)
    assert same(again[-1], step(predictor, start, b"st(" + text))


def test_a_text_is_followed_as_if_it_were_stepped(model: Model) -> None:
    """What is typed between two questions, and the network has read all of it then."""
    predictor, start = begin(model)
    for text in (b"", b"s", b"st(one, x"):
        followed = predictor.follow(start, text)
        assert same(followed, step(predictor, start, text)) and not followed.unread


def test_a_draft_is_used_only_for_the_bytes_it_was_made_for(model: Model) -> None:
    """A search that goes another way gets that way's hypotheses; one row of several is drafted on as that row."""
    predictor, start = begin(model)
    draft, row = Draft(predictor), np.array([0])
    now = draft.step(start, row, np.array([ord("s")]))
    other = draft.step(now, row, np.array([ord("x")]))
    assert same(other, step(predictor, start, b"sx"))
    both = draft.step(now, np.array([0, 0]), np.array([120, 116]))
    assert same(draft.step(both, np.array([1]), np.array([ord("(")])), step(predictor, start, b"st("))


def test_a_sure_search_runs_the_network_once_for_many_bytes(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """And finds the same."""
    predictor, start = begin(model)
    options, runs = SearchOptions(width=3, floor=0.3), []
    run = Model.run
    monkeypatch.setattr(Model, "run", lambda *given: runs.append(given) or run(*given))
    found = search(predictor, start, options, Deadline())
    drafted = len(runs)
    monkeypatch.setattr(Draft, "step", lambda self, *given: predictor.step(*given))
    stepped = search(predictor, start, options, Deadline())
    assert found[0].text == stepped[0].text == b"st(one, two):"
    assert found[0].end_log_prob == pytest.approx(stepped[0].end_log_prob, abs=0.02)
    assert 3 * drafted < len(runs) - drafted
