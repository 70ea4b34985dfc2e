"""A loaded model answers the same whatever way its text is cut, and refuses what is not a model in one line."""

import base64
import io
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from tinycode_ls.engine.mixer import mixer_from_bytes, mixer_to_bytes
from tinycode_ls.engine.model import Model, byte_ids, load_model, log_softmax, open_model, select_state
from tinycode_ls.errors import ModelFileError
from tinycode_ls.model.card import CARD_KEY, MIXER_KEY
from trainer.mixer import MixerNetwork

MIXER = MixerNetwork().to_mixer()


def test_reading_at_once_is_stepping(tiny_model: Model, source_text: bytes) -> None:
    """int8 activations are scaled by what is read together, so nearly the same: within 0.02 of a logit."""
    whole, _ = tiny_model.read(source_text)
    state = tiny_model.initial_state()
    for byte in source_text:
        logits, state = tiny_model.step(np.array([byte]), state)
    assert np.abs(whole - logits[0]).max() < 0.02


def test_hypotheses_do_not_disturb_each_other(tiny_model: Model) -> None:
    """Two streams side by side get what each gets alone."""
    one, state_one = tiny_model.step(np.array([97]), tiny_model.initial_state(1))
    two, state_two = tiny_model.step(np.array([97, 98]), tiny_model.initial_state(2))
    assert np.allclose(one[0], two[0], atol=0.02)
    for alone, selected in zip(state_one, select_state(state_two, np.array([0])), strict=True):
        assert alone.shape == selected.shape and np.allclose(alone, selected, atol=0.02)


def test_branches_of_a_search_go_their_own_ways(tiny_model: Model, source_text: bytes) -> None:
    """Rows taken twice, dropped and turned round after 40 bytes answer as if each had been read by itself."""
    _, state = tiny_model.read(source_text[:40])
    _, state = tiny_model.step(np.array([97, 98, 99]), select_state(state, np.array([0, 0, 0])))
    logits, _ = tiny_model.step(np.array([100, 101, 102]), select_state(state, np.array([2, 0, 2])))
    for row, tail in enumerate((b"cd", b"ae", b"cf")):
        alone, _ = tiny_model.read(source_text[:40] + tail)
        assert np.abs(logits[row] - alone).max() < 0.03


def test_logits_of_a_long_text_are_those_of_its_pieces(tiny_model: Model, source_text: bytes) -> None:
    """Also of more positions than a network with attention gives in one run, and with text before them."""
    text = (source_text * 3)[:700]
    whole, state = tiny_model.read_all(text)
    assert len(whole) == 700
    _, there = tiny_model.read(text[:100])
    parts, there = tiny_model.read_all(text[100:], there)
    assert np.abs(whole[100:] - parts).max() < 0.03
    last, _ = tiny_model.run(byte_ids(text), tiny_model.initial_state(), 300)
    assert last.shape == (300, 1, 256) and np.abs(whole[-300:] - last[:, 0]).max() < 0.03
    for one, other in zip(state, there, strict=True):
        assert np.abs(one - other).max() < 0.03


def test_onnxruntime_has_nothing_to_tell(tiny_model_file: Path, tmp_path: Path) -> None:
    """Before it sends what it noted of a model, it writes it below the home folder."""
    home = tmp_path / "home"
    home.mkdir()
    program = "import pathlib, sys; from tinycode_ls.engine import model; model.load_model(pathlib.Path(sys.argv[1]))"
    told = {
        name: value for name, value in os.environ.items() if name not in ("ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME")
    }
    command = [sys.executable, "-c", program, str(tiny_model_file)]
    subprocess.run(command, env=told | {"HOME": str(home)}, check=True, timeout=60)
    assert list(home.rglob("*")) == []


def test_windows_is_not_told_of_a_model_either(tiny_model_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The build for Windows has its reports switched off by a function alone."""
    calls: list[str] = []
    real = ort.InferenceSession
    monkeypatch.setattr(ort, "disable_telemetry_events", lambda: calls.append("off"))
    monkeypatch.setattr(ort, "InferenceSession", lambda *given, **more: calls.append("load") or real(*given, **more))
    load_model(tiny_model_file)
    assert calls == ["off", "load"]


def test_log_softmax_is_a_distribution(tiny_model: Model, source_text: bytes) -> None:
    """Probabilities sum to one."""
    logits, _ = tiny_model.read_all(source_text)
    assert np.allclose(np.exp(log_softmax(logits)).sum(axis=-1), 1, atol=1e-5)


def wrong_version(path: Path, source: Path) -> None:
    """The same file, of a format version from the future."""
    model = onnx.load(source)
    card = {item.key: item.value for item in model.metadata_props}[CARD_KEY]
    helper.set_model_props(model, {CARD_KEY: card.replace('"format_version": 1', '"format_version": 99')})
    onnx.save(model, path)


def strange_languages(path: Path, source: Path) -> None:
    """A card whose languages are no names."""
    model = onnx.load(source)
    card = {item.key: item.value for item in model.metadata_props}[CARD_KEY]
    helper.set_model_props(model, {CARD_KEY: card.replace('["python"]', "[1, 2]")})
    onnx.save(model, path)


def card(text: str) -> Callable[[Path, Path], None]:
    """Another card."""

    def make(path: Path, source: Path) -> None:
        model = onnx.load(source)
        helper.set_model_props(model, {CARD_KEY: text})
        onnx.save(model, path)

    return make


def no_card(path: Path, source: Path) -> None:
    """An ONNX file of somebody else's."""
    model = onnx.load(source)
    del model.metadata_props[:]
    onnx.save(model, path)


def endless(path: Path, source: Path) -> None:
    """The same inputs and outputs, and a loop of 10^15 turns before the logits."""
    model = onnx.load(source)
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["go_on"]), helper.make_node("Identity", ["was"], ["is"])],
        "turn",
        [
            helper.make_tensor_value_info(name, kind, [])
            for name, kind in (("turn", TensorProto.INT64), ("go", TensorProto.BOOL), ("was", TensorProto.FLOAT))
        ],
        [
            helper.make_tensor_value_info(name, kind, [])
            for name, kind in (("go_on", TensorProto.BOOL), ("is", TensorProto.FLOAT))
        ],
    )
    last = next(node for node in model.graph.node if "logits" in node.output)
    last.output[0] = "looped"
    for name, array in (("turns", np.array(10**15)), ("yes", np.array(True))):
        model.graph.initializer.append(numpy_helper.from_array(array, name))
    model.graph.node.append(helper.make_node("Loop", ["turns", "yes", "looped"], ["logits"], body=body))
    onnx.save(model, path)


def huge(path: Path, source: Path) -> None:
    """The same inputs and outputs, and a table of 10^10 zeros, of which the logits get one."""
    model = onnx.load(source)
    last = next(node for node in model.graph.node if "logits" in node.output)
    last.output[0] = "few"
    for name, shape in (("column", (10**5, 1)), ("row", (1, 10**5))):
        model.graph.initializer.append(numpy_helper.from_array(np.zeros(shape, np.float32), name))
    for name, at in (("first", 0), ("second", 1)):
        model.graph.initializer.append(numpy_helper.from_array(np.array([at, at]), name))
    model.graph.node.extend(
        [
            helper.make_node("Add", ["column", "row"], ["all"]),
            helper.make_node("Slice", ["all", "first", "second"], ["one_of_all"]),
            helper.make_node("Add", ["few", "one_of_all"], ["logits"]),
        ]
    )
    onnx.save(model, path)


def short(path: Path, source: Path) -> None:
    """A matrix that lacks rows, which would show at each question."""
    model = onnx.load(source)
    matrix = next(item for item in model.graph.initializer if item.name == "R0")
    matrix.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(matrix)[:, :5], "R0"))
    onnx.save(model, path)


def sparse(path: Path, source: Path) -> None:
    """A table of which the file holds one number."""
    model = onnx.load(source)
    value, place = numpy_helper.from_array(np.ones(1, np.float32), "table"), numpy_helper.from_array(np.array([[0, 0]]))
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(value, place, [10**5, 10**5]))
    onnx.save(model, path)


def elsewhere(path: Path, source: Path) -> None:
    """Weights in a file beside it, or below the folder that the server was started in."""
    model = onnx.load(source)
    bias = next(item for item in model.graph.initializer if item.name == "head_bias")
    path.with_name("bias").write_bytes(bias.raw_data)
    bias.ClearField("raw_data")
    bias.data_location = TensorProto.EXTERNAL
    bias.external_data.add(key="location", value="bias")
    path.write_bytes(model.SerializeToString())


def long(path: Path, source: Path) -> None:
    """100,000 nodes, each harmless."""
    model = onnx.load(source)
    names = ["tail", *(f"tail{number}" for number in range(100_000))]
    model.graph.node.extend(helper.make_node("Neg", [one], [other]) for one, other in itertools.pairwise(names))
    onnx.save(model, path)


def table(path: Path, source: Path) -> None:
    """Whole numbers that nothing uses."""
    model = onnx.load(source)
    model.graph.initializer.append(numpy_helper.from_array(np.zeros(100_000, np.int64), "table"))
    onnx.save(model, path)


def other_numbers(path: Path, source: Path) -> None:
    """Byte ids of 32 bits, which we do not give."""
    model = onnx.load(source)
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.INT32
    onnx.save(model, path)


def test_a_graph_that_is_not_what_its_card_says_is_refused(tiny_model_file: Path) -> None:
    """Attention in the card alone, another number of units, states of another size: the first wrong part is named."""
    model = onnx.load(tiny_model_file)
    card = {item.key: item.value for item in model.metadata_props}[CARD_KEY]
    for old, new, says in (
        (
            '"attention": 0',
            '"attention": 7',
            "^x: node 'apart' of its graph is not that of its card's network; train it again with this version",
        ),
        ('"hidden": 32', '"hidden": 33', "node 'cell0' of its graph"),
        ('"attention": 0', '"attention": -1', "attention is -1; expected a whole number from 0 to 1024"),
        ('"attention": 0', '"attention": 5000', "attention is 5000"),
        ('"attention": 0', '"attention": "all"', "attention is 'all'"),
    ):
        helper.set_model_props(model, {CARD_KEY: card.replace(old, new)})
        with pytest.raises(ModelFileError, match=says):
            open_model(model.SerializeToString(), "x")


def test_a_card_from_before_attention_is_one_without(tiny_model_file: Path) -> None:
    """Files of earlier versions load."""
    model = onnx.load(tiny_model_file)
    card = {item.key: item.value for item in model.metadata_props}[CARD_KEY]
    assert '"attention": 0, ' in card
    helper.set_model_props(model, {CARD_KEY: card.replace('"attention": 0, ', "")})
    assert open_model(model.SerializeToString(), "x").card.spec.attention == 0


def test_a_card_s_words_are_safe_to_show(tiny_model_file: Path) -> None:
    """A model may come with somebody's repository; `check` and `export` say what it is called and how good."""
    model = onnx.load(str(tiny_model_file))
    card = json.loads({item.key: item.value for item in model.metadata_props}[CARD_KEY])
    hostile = card | {"name": "\x1b[31mred", "quality": {"\x1b[2J": 1}}
    helper.set_model_props(model, {CARD_KEY: json.dumps(hostile)})
    shown = open_model(model.SerializeToString(), "x").card
    assert (shown.name, shown.quality) == (r"\x1b[31mred", {r"\x1b[2J": 1.0})
    for wrong in ({"quality": {"bits": "x"}}, {"quality": {"bits": 10**400}}, {"name": 5}):
        helper.set_model_props(model, {CARD_KEY: json.dumps(card | wrong)})
        with pytest.raises(ModelFileError, match="x: its card is damaged"):
            open_model(model.SerializeToString(), "x")


def test_a_damaged_mixer_is_one_line(tiny_model_file: Path) -> None:
    """No base64, no archive, half an archive, one that was changed, an array; the network alone still loads."""
    model = onnx.load(tiny_model_file)
    card = {item.key: item.value for item in model.metadata_props}[CARD_KEY]
    mixer = mixer_to_bytes(MixerNetwork().to_mixer())
    array = io.BytesIO()
    np.save(array, np.zeros(3))
    changed = mixer[:5000] + bytes(1000) + mixer[6000:]
    pieces = [b"PK", b"rubbish", mixer[:100], mixer[:-100], changed, array.getvalue()]
    for text in ("a", "é", *(base64.b64encode(piece).decode() for piece in pieces)):
        helper.set_model_props(model, {CARD_KEY: card, MIXER_KEY: text})
        with pytest.raises(ModelFileError, match=r"^x: its mixer is damaged [^.]*; copy or train the model again$"):
            open_model(model.SerializeToString(), "x")
        assert open_model(model.SerializeToString(), "x", mixed=False).mixer is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"gate_bias": np.zeros(3)}, "reads other features"),
        ({"judge_byte": np.zeros((10, 32))}, "reads other features"),
        ({"judge_out": np.full(MIXER.judge_out.shape, np.nan)}, "weights that are no numbers"),
        ({"gate_in": np.zeros((1_000_000, 1))}, "larger than 1000000 bytes, unpacked"),
    ],
)
def test_a_mixer_that_cannot_mix_is_refused_when_it_is_loaded(change: dict[str, np.ndarray], says: str) -> None:
    """Not at each question; and zeros of a gigabyte, packed to a megabyte, are not unpacked."""
    weights = replace(MIXER, **change)
    with pytest.raises(ModelFileError, match=says):
        mixer_from_bytes(mixer_to_bytes(weights))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path, source: None, "no such model file"),
        (lambda path, source: path.mkdir(), "a folder"),
        (lambda path, source: path.write_bytes(b""), "too small"),
        (lambda path, source: path.write_bytes(source.read_bytes()[:5000]), "not a model, or damaged"),
        (lambda path, source: path.write_bytes(b"not a model at all\n" * 200), "not a model, or damaged"),
        (wrong_version, "format version 99, expected 1; update tinycode-ls"),
        (no_card, "without a tinycode card"),
        (strange_languages, "its card is damaged"),
        (card("[1]"), "its card is damaged"),
        (card("[" * 100_000), "its card is damaged"),
        (card("[" + "{}," * 1_000_000 + "0]"), "its card has 3000003 characters, expected at most 100000"),
        (endless, "field 6 of an attribute, which no tinycode model has"),
        (
            huge,
            "node 'all' of its graph is not that of its card's network; train it again with this version, or remove it",
        ),
        (short, "tensor 'R0' of its graph is not that of its card's network"),
        (sparse, "field 15 of a graph, which no tinycode model has"),
        (elsewhere, "field 13 of a tensor, which no tinycode model has"),
        (long, "more than 300 fields in one message"),
        (table, "a table of 100000 whole numbers"),
        (other_numbers, "ids is tensor"),
    ],
)
def test_bad_files_are_named_with_what_to_do(tmp_path: Path, tiny_model_file: Path, make, says: str) -> None:
    """Found, expected, what to do; one line; the file is left alone."""
    path = tmp_path / "model.onnx"
    make(path, tiny_model_file)
    with pytest.raises(ModelFileError, match=says) as caught:
        load_model(path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)
