"""Network weights -> model file, refused when it drifts from the network it came from; and back again for `tune`."""

import base64

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor

from tinycode_ls.engine.model import log_softmax, open_model
from tinycode_ls.errors import TrainingError
from tinycode_ls.model.card import CARD_KEY, MIXER_KEY, ModelCard
from tinycode_ls.model.spec import ModelSpec

from .graph import Array, Weights, attention_rows, from_onnx_gates, graph_of
from .network import Network

OPSET = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
IR_VERSION = 9


def model_bytes(weights: Weights, card: ModelCard, mixer: bytes | None = None) -> bytes:
    """The content of a model file. `weights` are named as in the network's state dict."""
    return in_a_file(graph_of(card.spec, weights), card, mixer)


def in_a_file(graph: onnx.GraphProto, card: ModelCard, mixer: bytes | None = None) -> bytes:
    """The content of a model file."""
    model = helper.make_model(graph, opset_imports=OPSET, ir_version=IR_VERSION, producer_name="tinycode-train")
    properties = {CARD_KEY: card.to_json()}
    if mixer is not None:
        properties[MIXER_KEY] = base64.b64encode(mixer).decode("ascii")
    helper.set_model_props(model, properties)
    content: bytes = model.SerializeToString()
    return content


def to_arrays(state_dict: dict[str, Tensor]) -> Weights:
    """A network's state dict as float32 arrays."""
    return {name: tensor.detach().float().cpu().numpy() for name, tensor in state_dict.items()}


def import_weights(content: bytes, spec: ModelSpec) -> Weights:
    """The float weights in a model file, as a network's state dict names them (int8 ones multiplied by their scales)."""
    stored = {item.name: numpy_helper.to_array(item) for item in onnx.load_model_from_string(content).graph.initializer}

    def weight(name: str) -> Array:
        if f"{name}_scale" not in stored:
            return stored[name].astype(np.float32)
        return np.asarray(stored[name].astype(np.float32) * stored[f"{name}_scale"], np.float32)

    weights = {"embedding.weight": weight("embedding"), "head.bias": weight("head_bias")}
    for layer in range(spec.layers):
        for side, kind in (("W", "ih"), ("R", "hh")):
            columns = weight(f"{side}{layer}")[0]  # [input, gates*H]
            weights[f"cell.weight_{kind}_l{layer}"] = from_onnx_gates(columns.T, spec)
        for part, kind in zip(np.split(weight(f"B{layer}")[0], 2), ("ih", "hh"), strict=True):
            weights[f"cell.bias_{kind}_l{layer}"] = from_onnx_gates(part, spec)
    if spec.attention:
        rows, bias = attention_rows(weight("attention"), weight("attention_bias"))
        weights |= {"attention.project.weight": rows, "attention.project.bias": bias}
        weights["attention.nearness"] = weight("nearness")[1:-1]
    if spec.tie_weights:
        weights["project.weight"] = weight("project").T
        weights["head.weight"] = weights["embedding.weight"]
    else:
        weights["head.weight"] = weight("head").T
    return {name: np.ascontiguousarray(array) for name, array in weights.items()}


DRIFT_LIMIT = 0.01
"""Export is refused when the file costs more than this share of bits per byte over the network."""


READ_AT_ONCE = 256
"""Steps of one stream: attention over all of a text at once would take gigabytes."""


def export_checked(weights: Weights, card: ModelCard, mixer: bytes | None, held_out: npt.NDArray[np.uint8]) -> bytes:
    """The model file's content, after reading held-out text with both; raises TrainingError when they drift apart."""
    content = model_bytes(weights, card, mixer)
    network, exported = _bits_of_network(weights, card.spec, held_out), _bits_of_file(content, held_out)
    if exported > network * (1 + DRIFT_LIMIT):
        raise TrainingError(
            f"the quantised model drifts: {exported:.4f} bits a byte, the network has {network:.4f} "
            f"({exported / network - 1:+.1%}, at most {DRIFT_LIMIT:+.0%}); train longer or with more --weight-decay"
        )
    return content


def _sample(held_out: npt.NDArray[np.uint8], most: int = 40_000, streams: int = 8) -> npt.NDArray[np.int64]:
    """Held-out text as [T, B] ids; short text is repeated to fill."""
    text = np.asarray(held_out[:most])
    length = max(2, min(len(text), most) // streams)
    return np.asarray(np.resize(text, length * streams).reshape(streams, length).T, np.int64)


def _bits(log_probs: Array, targets: npt.NDArray[np.int64]) -> float:
    return float(-np.take_along_axis(log_probs, targets[..., None], axis=-1).mean() / np.log(2))


@torch.no_grad()
def _bits_of_network(weights: Weights, spec: ModelSpec, held_out: npt.NDArray[np.uint8]) -> float:
    network = Network(spec).eval()
    network.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    ids = _sample(held_out)
    state, read = network.initial_state(ids.shape[1]), []
    for piece in torch.split(torch.from_numpy(ids[:-1]), READ_AT_ONCE):
        logits, state = network(piece, state)
        read.append(logits)
    return _bits(log_softmax(torch.cat(read).numpy()), ids[1:])


def _bits_of_file(content: bytes, held_out: npt.NDArray[np.uint8]) -> float:
    model = open_model(content, "the exported model")
    ids = _sample(held_out)
    logits, _ = model.run(ids[:-1], model.initial_state(ids.shape[1]), len(ids) - 1)
    return _bits(log_softmax(logits), ids[1:])
