"""Bytes computed ahead of a search: the probabilities of going byte by byte, with fewer runs of the network."""

import numpy as np
import pytest
import torch

from tinycode_ls.deadline import Deadline
from tinycode_ls.engine.draft import MOST_UNREAD, Draft
from tinycode_ls.engine.hypotheses import Hypotheses
from tinycode_ls.engine.mixer import mixer_to_bytes
from tinycode_ls.engine.mixture import Branch, Predictor
from tinycode_ls.engine.model import Array, Model, State, open_model
from tinycode_ls.engine.search import SearchOptions, search
from tinycode_ls.index.document import document_index
from tinycode_ls.index.suffixes import MOST_ORDER, SuffixIndex
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


def at_line(model: Model) -> tuple[Predictor, Hypotheses, State]:
    """A cursor after LINE."""
    before, state = model.read(ABOVE)
    logits, state = model.read_all(LINE, state)
    predictor = Predictor(model, model.mixer, document_index(ABOVE, b""), SuffixIndex(ELSEWHERE))
    now = predictor.start(predictor.count(ABOVE, LINE), LINE, np.concatenate([before[None], logits]))
    return predictor, now, state


def begin(model: Model) -> Draft:
    """Nothing looked at yet."""
    return Draft.begin(*at_line(model))


def stepped(model: Model, text: bytes) -> Array:
    """The log probs [256] after `text`, every byte in a batch of its own."""
    predictor, now, state = at_line(model)
    for byte in text:
        (stretch,) = predictor.ahead(lambda state=state: state, [Branch(now, b"", bytes([byte]))], 1)
        _, state = model.read(bytes([byte]), state)
        now = stretch.found
    return now.log_probs[0]


def near(a: Array, b: Array) -> bool:
    """The same probabilities, but for rounding: int8 scales depend on what else is in a batch."""
    return bool(np.abs(np.exp(a) - np.exp(b)).max() < 5e-3)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes long each run of the network was."""
    lengths, run = list[int](), Model.run
    monkeypatch.setattr(Model, "run", lambda self, ids, *rest: lengths.append(len(ids)) or run(self, ids, *rest))
    return lengths


def test_what_is_computed_ahead_is_what_going_byte_by_byte_finds(model: Model, runs: list[int]) -> None:
    """After each byte that the document says will follow, all of them in one run."""
    draft, expected = begin(model), b"st(one, two):"
    runs.clear()
    found = [draft.look([expected[:count]])[0] for count in range(1, len(expected) + 1)]
    assert runs == [len(expected)]
    assert all(near(log_probs, stepped(model, expected[: n + 1])) for n, log_probs in enumerate(found))


def test_a_search_may_leave_what_was_computed_ahead_anywhere(model: Model) -> None:
    """With several ways at once, one of them known, and where nothing is known to follow."""
    draft = begin(model)
    draft.look([b"s"])
    texts = [b"stx", b"st(", b"sty"]
    log_probs = draft.look(texts)
    assert all(near(found, stepped(model, text)) for found, text in zip(log_probs, texts, strict=True))
    assert near(draft.look([b"stxy"])[0], stepped(model, b"stxy"))


def test_a_long_way_is_read_in_parts(model: Model, runs: list[int]) -> None:
    """What the network reads again with every batch stays short, and the probabilities are those of reading it whole."""
    draft, text = begin(model), b"x1y2" * 15
    runs.clear()
    found = [draft.look([text[:count]])[0] for count in range(1, len(text) + 1)]
    assert max(runs) <= MOST_UNREAD + 18
    assert near(found[-1], stepped(model, text))


def test_the_place_moves_with_what_is_typed(model: Model, runs: list[int]) -> None:
    """On the way that was computed nothing is computed again; off it, as if it had been gone byte by byte."""
    expected = [stepped(model, text) for text in (b"st(o", b"st(on", b"st(ox", b"x1y2" * 15)]
    draft = begin(model)
    draft.look([b"s"])
    runs.clear()
    on = draft.moved(b"st(o")
    found = [on.look([text])[0] for text in (b"", b"n")]
    assert not runs
    off = on.moved(b"x")
    assert len(runs) == 1
    far = begin(model).moved(b"x1y2" * 15)
    found += [place.look([b""])[0] for place in (off, far)]
    assert all(near(one, other) for one, other in zip(found, expected, strict=True))


def test_a_new_line_begins_anew(model: Model) -> None:
    """Behind a line end the column is 0 and nobody has been right of late; then both count again."""
    predictor, now, state = at_line(model)
    (stretch,) = predictor.ahead(lambda: state, [Branch(now, b"", b"st(one):\n  x")], 0)
    assert stretch.found.places.columns.tolist() == [*range(len(LINE) + 1, len(LINE) + 9), 0, 1, 2, 3]
    right = np.abs(stretch.found.recent).sum(axis=1)
    assert right[7] > 0 and right[8] == 0 and right[-1] > 0


def test_a_sure_search_runs_the_network_once_for_many_bytes(model: Model, runs: list[int]) -> None:
    """And finds what the document says."""
    draft, options = begin(model), SearchOptions(width=3, floor=0.3)
    runs.clear()
    found = search(draft, options, Deadline())
    assert found[0].text == b"st(one, two):" and found[0].ended
    assert len(runs) <= 2


def test_the_network_reads_what_was_typed_once(model: Model) -> None:
    """More bytes at a time than it would read again: they are not read a second time behind themselves."""
    typed = b"x1y2z3" * 3
    predictor, _, state = at_line(model)
    after, _ = predictor.model.read(typed, state)
    ((ids, _, alone),) = begin(model).moved(typed).likeliest([b""])
    expected = after - np.log(np.exp(after).sum())
    assert np.corrcoef(alone, expected[ids])[0, 1] > 0.999


def test_the_chance_of_what_follows_several_texts(model: Model) -> None:
    """Of unequal length, some known further than others: as if each had been gone byte by byte."""
    draft = begin(model)
    draft.look([b"s"])
    draft.look([b"sx"])
    texts, rest = [b"", b"s", b"st(one", b"sx"], b"t(o"
    found = draft.chance_of(rest, texts)
    expected = [sum(stepped(model, text + rest[:n])[byte] for n, byte in enumerate(rest)) for text in texts]
    assert np.allclose(found, expected, rtol=2e-3, atol=1e-3)


def test_a_line_after_the_first_is_known_from_its_beginning(model: Model) -> None:
    """Fixed places are before the line that is written, not before one that is done: as a place begun there has it."""
    predictor, now, state = at_line(model)
    line = b"st(one, two):\n    ret"
    (stretch,) = predictor.ahead(lambda: state, [Branch(now, b"", line)], 0)
    before = ABOVE + LINE + line[: line.find(b"\n") + 1]
    logits = np.zeros((5 + 3, 256), np.float32)
    begun = predictor.start(predictor.count(before, b"    ret"), b"    ret", logits)
    nearest = slice(MOST_ORDER, MOST_ORDER + 2)
    for (low, high), (low_there, high_there) in zip(stretch.found.places.ranges, begun.places.ranges, strict=True):
        assert (high - low)[-1, nearest].tolist() == (high_there - low_there)[0, nearest].tolist()


def test_the_indexes_propose_the_line_that_followed_elsewhere(model: Model) -> None:
    """After enough of the same text; nothing where less of it stands elsewhere, or nothing follows."""
    again = b"def first(one, two):\n    return one + two\n"
    for above, line, expected in (
        (again + b"\n" + again[:21], b"", b"    return one + two"),
        (again + b"\n" + again[:21], b"    ret", b"urn one + two"),
        (again + b"\n\n(one, two):\n", b"", b""),
        (again, b"", b""),
    ):
        predictor = Predictor(model, model.mixer, document_index(above, b""), None)
        now = predictor.start(predictor.count(above, line, len(line)), b"", np.zeros((1, 256), np.float32))
        assert predictor.copied(now.places) == expected
