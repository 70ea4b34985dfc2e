"""A loaded model answers the same whatever way its text is cut, and refuses what is not a model in one line."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from tinycode_ls.engine.model import Model, load_model, log_softmax, select_state
from tinycode_ls.errors import ModelFileError
from tinycode_ls.model.card import CARD_KEY


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
    assert np.allclose(state_one[0][:, 0], select_state(state_two, np.array([0]))[0][:, 0], atol=0.02)


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


def no_card(path: Path, source: Path) -> None:
    """An ONNX file of somebody else's."""
    model = onnx.load(source)
    del model.metadata_props[:]
    onnx.save(model, path)


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
    ],
)
def test_bad_files_are_named_with_what_to_do(tmp_path: Path, tiny_model_file: Path, make, says: str) -> None:
    """Found, expected, what to do; one line; the file is left alone."""
    path = tmp_path / "model.onnx"
    make(path, tiny_model_file)
    with pytest.raises(ModelFileError, match=says) as caught:
        load_model(path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)
