"""Network weights -> model file: an ONNX graph with int8 weights, written node by node, and back again for `tune`.

The graph  (T bytes, B hypotheses; `tail` = how many of the last positions get logits, so that reading a prefix is cheap)
    ids [T, B] int64 -> Gather -> cell, layer by layer -> Slice last `tail` -> linear -> logits [tail, B, 256]
    h, c [L, B, H] -> split by layer -> ... -> joined -> h_out, c_out

int8: LSTM layers become DynamicQuantizeLSTM and the linear DynamicQuantizeMatMul (onnxruntime's fused kernels; weights
int8 symmetric per output column, activations quantised on the fly). GRU and RNN have no fused kernel: their weights are
stored int8 and run as float32.
"""

import base64
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from tinycode_ls.engine.model import log_softmax, open_model
from tinycode_ls.errors import TrainingError
from tinycode_ls.model.card import CARD_KEY, MIXER_KEY, ModelCard
from tinycode_ls.model.spec import ModelSpec

from .network import Network

Array = npt.NDArray[np.float32]
Weights = dict[str, Array]

OPSET = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
IR_VERSION = 9
# Order of the gates: torch i f g o, ONNX i o f c; torch r z n, ONNX z r h.
TO_ONNX_GATES = {"lstm": (0, 3, 1, 2), "gru": (1, 0, 2), "rnn": (0,)}
ONNX_CELL = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}


def model_bytes(weights: Weights, card: ModelCard, mixer: bytes | None = None) -> bytes:
    """The content of a model file. `weights` are named as in the network's state dict."""
    graph = _Graph(card.spec)
    graph.add_network(weights)
    model = helper.make_model(
        graph.finish(), opset_imports=OPSET, ir_version=IR_VERSION, producer_name="tinycode-train"
    )
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
            weights[f"cell.weight_{kind}_l{layer}"] = _from_onnx_gates(columns.T, spec)
        for part, kind in zip(np.split(weight(f"B{layer}")[0], 2), ("ih", "hh"), strict=True):
            weights[f"cell.bias_{kind}_l{layer}"] = _from_onnx_gates(part, spec)
    if spec.tie_weights:
        weights["project.weight"] = weight("project").T
        weights["head.weight"] = weights["embedding.weight"]
    else:
        weights["head.weight"] = weight("head").T
    return {name: np.ascontiguousarray(array) for name, array in weights.items()}


def quantise(columns: Array) -> tuple[npt.NDArray[np.int8], Array]:
    """[rows, columns] -> int8 and one scale a column, so that the largest weight of each column is 127."""
    scale = np.maximum(np.abs(columns).max(axis=0), 1e-8) / 127
    return np.clip(np.rint(columns / scale), -127, 127).astype(np.int8), scale.astype(np.float32)


def _to_onnx_gates(rows: Array, spec: ModelSpec) -> Array:
    gates = rows.reshape(len(TO_ONNX_GATES[spec.cell]), spec.hidden, *rows.shape[1:])
    return np.ascontiguousarray(gates[list(TO_ONNX_GATES[spec.cell])].reshape(rows.shape))


def _from_onnx_gates(rows: Array, spec: ModelSpec) -> Array:
    order = np.argsort(TO_ONNX_GATES[spec.cell])
    gates = rows.reshape(len(order), spec.hidden, *rows.shape[1:])
    return np.ascontiguousarray(gates[order].reshape(rows.shape))


class _Graph:
    """Collects nodes and initialisers."""

    def __init__(self, spec: ModelSpec) -> None:
        self.spec = spec
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, array: npt.NDArray[np.generic]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, kind: str, inputs: list[str], outputs: list[str], domain: str = "", **attributes: Any) -> None:
        self.nodes.append(helper.make_node(kind, inputs, outputs, name=outputs[0], domain=domain, **attributes))

    def add_network(self, weights: Weights) -> None:
        spec = self.spec
        self.constant("one", np.array([1], np.int64))
        self.constant("zero", np.array([0], np.int64))
        self.constant("most", np.array([2**62], np.int64))
        self.constant("embedding", weights["embedding.weight"])
        self.node("Gather", ["embedding", "ids"], ["layer_in0"])
        for name in spec.state_names:
            if spec.layers == 1:
                self.node("Identity", [name], [f"{name}0"])
            else:
                self.node("Split", [name], [f"{name}{i}" for i in range(spec.layers)], axis=0)
        for layer in range(spec.layers):
            self.add_layer(layer, weights)
        for name in spec.state_names:
            self.node("Concat", [f"{name}{i}_out" for i in range(spec.layers)], [f"{name}_out"], axis=0)
        self.add_head(weights)

    def add_layer(self, layer: int, weights: Weights) -> None:
        """One recurrent layer [T, B, input] -> [T, B, H]; ONNX gives a direction axis, which is squeezed out."""
        spec, kinds = self.spec, ("ih", "hh")
        matrices = [_to_onnx_gates(weights[f"cell.weight_{kind}_l{layer}"], spec).T for kind in kinds]
        biases = np.concatenate([_to_onnx_gates(weights[f"cell.bias_{kind}_l{layer}"], spec) for kind in kinds])
        states = [f"{name}{layer}" for name in spec.state_names]
        outputs = [f"cell{layer}"] + [f"{name}_out" for name in states]
        names = []
        for side, matrix in zip("WR", matrices, strict=True):
            whole, scale = quantise(matrix)
            names.append(self.constant(f"{side}{layer}", whole[None]))
            self.constant(f"{side}{layer}_scale", scale[None])
        bias = self.constant(f"B{layer}", biases[None])
        if spec.cell == "lstm":
            zero = self.constant(f"zero_point{layer}", np.zeros((1, 4 * spec.hidden), np.int8))
            quantised = [f"W{layer}_scale", zero, f"R{layer}_scale", zero]
            inputs = [f"layer_in{layer}", *names, bias, "", *states, "", *quantised]
            domain, kind = "com.microsoft", "DynamicQuantizeLSTM"
            more: dict[str, int] = {}
        else:
            inputs = [f"layer_in{layer}", *[self.as_float(name) for name in names], bias, "", *states]
            domain, kind = "", ONNX_CELL[spec.cell]
            more = {"linear_before_reset": 1} if spec.cell == "gru" else {}
        self.node(kind, inputs, outputs, domain, hidden_size=spec.hidden, **more)
        self.node("Squeeze", [f"cell{layer}", "one"], [f"layer_in{layer + 1}"])

    def as_float(self, name: str) -> str:
        """int8 [1, input, gates*H] -> float32 [1, gates*H, input]; folded once, when the file is loaded."""
        self.node("Cast", [name], [f"{name}_cast"], to=TensorProto.FLOAT)
        self.node("Mul", [f"{name}_cast", f"{name}_scale"], [f"{name}_columns"])
        self.node("Transpose", [f"{name}_columns"], [f"{name}_float"], perm=[0, 2, 1])
        return f"{name}_float"

    def add_head(self, weights: Weights) -> None:
        """logits of the last `tail` positions."""
        self.node("Neg", ["tail"], ["tail_start"])
        self.node("Slice", [f"layer_in{self.spec.layers}", "tail_start", "most", "zero"], ["head_in"])
        bias = self.constant("head_bias", weights["head.bias"])
        if self.spec.tie_weights:
            self.linear("project", weights["project.weight"].T, "head_in", "projected", None)
            self.node("Transpose", ["embedding"], ["embedding_columns"], perm=[1, 0])
            self.node("MatMul", ["projected", "embedding_columns"], ["head_out"])
            self.node("Add", ["head_out", bias], ["logits"])
        else:
            self.linear("head", weights["head.weight"].T, "head_in", "logits", bias)

    def linear(self, name: str, columns: Array, source: str, target: str, bias: str | None) -> None:
        whole, scale = quantise(columns)
        zero = self.constant(f"{name}_zero_point", np.zeros(len(scale), np.int8))
        inputs = [source, self.constant(name, whole), self.constant(f"{name}_scale", scale), zero]
        self.node("DynamicQuantizeMatMul", inputs + ([bias] if bias else []), [target], "com.microsoft")

    def finish(self) -> onnx.GraphProto:
        spec = self.spec
        state_shape: list[str | int | None] = [spec.layers, "B", spec.hidden]
        inputs = [
            helper.make_tensor_value_info("ids", TensorProto.INT64, ["T", "B"]),
            helper.make_tensor_value_info("tail", TensorProto.INT64, [1]),
            *(helper.make_tensor_value_info(name, TensorProto.FLOAT, state_shape) for name in spec.state_names),
        ]
        outputs = [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["tail", "B", 256]),
            *(
                helper.make_tensor_value_info(f"{name}_out", TensorProto.FLOAT, state_shape)
                for name in spec.state_names
            ),
        ]
        return helper.make_graph(self.nodes, "tinycode", inputs, outputs, self.constants)


DRIFT_LIMIT = 0.01
"""Export is refused when the file costs more than this share of bits per byte over the network."""


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
    logits, _ = network(torch.from_numpy(ids[:-1]), network.initial_state(ids.shape[1]))
    return _bits(log_softmax(logits.numpy()), ids[1:])


def _bits_of_file(content: bytes, held_out: npt.NDArray[np.uint8]) -> float:
    model = open_model(content, "the exported model")
    ids = _sample(held_out)
    logits, _ = model.run(ids[:-1], model.initial_state(ids.shape[1]), len(ids) - 1)
    return _bits(log_softmax(logits), ids[1:])
