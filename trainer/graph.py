"""The ONNX graph of a model file, written node by node, with int8 weights.

T bytes, B hypotheses; `tail` = how many of the last positions get logits, so that reading a prefix is cheap:

    ids [T, B] int64 -> Gather -> cell, layer by layer -> Slice last `tail` -> linear -> logits [tail, B, 256]
    h, c [L, B, H] -> split by layer -> ... -> joined -> h_out, c_out

With attention, what the last `tail` positions find goes into the linear beside them, and the memory (see attention.py)
grows by T and is cut to N again: keys, values -> keys_out, values_out.

int8: LSTM layers become DynamicQuantizeLSTM and the linear DynamicQuantizeMatMul (onnxruntime's fused kernels; weights
int8 symmetric per output column, of seven bits, activations quantised on the fly). GRU and RNN have no fused kernel: their
weights are stored int8 and run as float32.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from tinycode_ls.model.spec import ATTENTION_WIDTH, MOST_ATTENDING, ModelSpec

from .attention import FILLED, NEVER

Array = npt.NDArray[np.float32]
Weights = dict[str, Array]

# Order of the gates: torch i f g o, ONNX i o f c; torch r z n, ONNX z r h.
TO_ONNX_GATES = {"lstm": (0, 3, 1, 2), "gru": (1, 0, 2), "rnn": (0,)}
ONNX_CELL = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}


class Graph:
    """Collects nodes and initialisers."""

    def __init__(self, spec: ModelSpec) -> None:
        self.spec = spec
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, array: npt.NDArray[np.generic]) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name

    def numbers(self, name: str, *values: int) -> str:
        return self.constant(name, np.array(values, np.int64))

    def node(self, kind: str, inputs: list[str], outputs: list[str], domain: str = "", **attributes: Any) -> None:
        self.nodes.append(helper.make_node(kind, inputs, outputs, name=outputs[0], domain=domain, **attributes))

    def add_network(self, weights: Weights) -> None:
        spec = self.spec
        self.numbers("one", 1)
        self.numbers("zero", 0)
        self.numbers("most", 2**62)
        self.constant("embedding", weights["embedding.weight"])
        self.node("Gather", ["embedding", "ids"], ["layer_in0"])
        for name in spec.cell_states:
            if spec.layers == 1:
                self.node("Identity", [name], [f"{name}0"])
            else:
                self.node("Split", [name], [f"{name}{i}" for i in range(spec.layers)], axis=0)
        for layer in range(spec.layers):
            self.add_layer(layer, weights)
        for name in spec.cell_states:
            self.node("Concat", [f"{name}{i}_out" for i in range(spec.layers)], [f"{name}_out"], axis=0)
        self.node("Neg", ["tail"], ["tail_start"])
        self.node("Slice", [f"layer_in{spec.layers}", "tail_start", "most", "zero"], ["top"])
        if spec.attention:
            self.add_attention(weights)
        self.add_head(weights, "top_and_found" if spec.attention else "top")

    def add_layer(self, layer: int, weights: Weights) -> None:
        """One recurrent layer [T, B, input] -> [T, B, H]; ONNX gives a direction axis, which is squeezed out."""
        spec, kinds = self.spec, ("ih", "hh")
        matrices = [to_onnx_gates(weights[f"cell.weight_{kind}_l{layer}"], spec).T for kind in kinds]
        biases = np.concatenate([to_onnx_gates(weights[f"cell.bias_{kind}_l{layer}"], spec) for kind in kinds])
        states = [f"{name}{layer}" for name in spec.cell_states]
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

    def add_attention(self, weights: Weights) -> None:
        """What the last `tail` positions find among the N states before each, joined to them [tail, B, H+W]."""
        reach, source = self.spec.attention, f"layer_in{self.spec.layers}"
        columns, bias = attention_columns(weights)
        self.linear("attention", columns, source, "asked_TB", self.constant("attention_bias", bias))
        self.node("Transpose", ["asked_TB"], ["asked_BT"], perm=[1, 0, 2])
        self.node("Unsqueeze", ["asked_BT", "zero"], ["asked"])  # [1, B, T, 3W+2]
        widths = self.numbers("widths", ATTENTION_WIDTH + 1, ATTENTION_WIDTH + 1, ATTENTION_WIDTH)
        self.node("Split", ["asked", widths], ["query", "key", "value"], axis=3)
        axis, last, newest = self.numbers("two", 2), self.numbers("last", -reach), self.numbers("newest", -1)
        for name, new in (("keys", "key"), ("values", "value")):
            self.node("Concat", [name, new], [f"{name}_all"], axis=2)
            self.node("Slice", [f"{name}_all", last, "most", axis], [f"{name}_out"])
        self.node("Sub", [last, "tail"], ["first_key"])
        self.node("Add", ["first_key", "one"], ["first_value"])
        self.node("Slice", ["query", "tail_start", "most", axis], ["query_tail"])
        self.node("Slice", ["keys_all", "first_key", newest, axis], ["keys_near"])
        self.node("Slice", ["values_all", "first_value", "most", axis], ["values_near"])
        self.node("Transpose", ["keys_near"], ["keys_columns"], perm=[0, 1, 3, 2])
        self.node("MatMul", ["query_tail", "keys_columns"], ["likeness"])  # [1, B, tail, N+tail-1]
        self.node("Add", ["likeness", self.distances(weights["attention.nearness"])], ["scores"])
        self.node("Softmax", ["scores"], ["shares"], axis=-1)
        self.node("MatMul", ["shares", "values_near"], ["found_BT"])  # [1, B, tail, W]
        self.node("Transpose", ["found_BT"], ["found_T1"], perm=[2, 0, 1, 3])
        self.node("Squeeze", ["found_T1", "one"], ["found"])
        self.node("Concat", ["top", "found"], ["top_and_found"], axis=2)

    def distances(self, nearness: Array) -> str:
        """The corner [tail, N+tail-1] of a table that is made when the file is loaded."""
        reach, count = len(nearness), MOST_ATTENDING
        self.constant("nearness", np.concatenate([[NEVER], nearness, [NEVER]]).astype(np.float32))
        self.constant("row_numbers", np.arange(reach, reach + count, dtype=np.int32)[:, None])
        self.constant("column_numbers", np.arange(reach + count - 1, dtype=np.int32))
        self.node("Sub", ["row_numbers", "column_numbers"], ["apart"])  # 1 is the nearest, N the farthest
        bounds = [self.constant(f"distance_{end}", np.array(end, np.int32)) for end in (0, reach + 1)]
        self.node("Clip", ["apart", *bounds], ["distance"])
        self.node("Gather", ["nearness", "distance"], ["table"])
        self.node("Add", ["tail", self.numbers("more", 0, reach - 1)], ["corner"])
        self.node("Slice", ["table", self.numbers("zeros", 0, 0), "corner"], ["table_corner"])
        return "table_corner"

    def add_head(self, weights: Weights, source: str) -> None:
        """logits of the last `tail` positions."""
        bias = self.constant("head_bias", weights["head.bias"])
        if self.spec.tie_weights:
            self.linear("project", weights["project.weight"].T, source, "projected", None)
            self.node("Transpose", ["embedding"], ["embedding_columns"], perm=[1, 0])
            self.node("MatMul", ["projected", "embedding_columns"], ["head_out"])
            self.node("Add", ["head_out", bias], ["logits"])
        else:
            self.linear("head", weights["head.weight"].T, source, "logits", bias)

    def linear(self, name: str, columns: Array, source: str, target: str, bias: str | None) -> None:
        whole, scale = quantise(columns)
        zero = self.constant(f"{name}_zero_point", np.zeros(len(scale), np.int8))
        inputs = [source, self.constant(name, whole), self.constant(f"{name}_scale", scale), zero]
        self.node("DynamicQuantizeMatMul", inputs + ([bias] if bias else []), [target], "com.microsoft")

    def finish(self) -> onnx.GraphProto:
        spec = self.spec
        states = spec.state_shapes("B")
        inputs = [
            helper.make_tensor_value_info("ids", TensorProto.INT64, ["T", "B"]),
            helper.make_tensor_value_info("tail", TensorProto.INT64, [1]),
            *(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in states.items()),
        ]
        outputs = [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["tail", "B", 256]),
            *(helper.make_tensor_value_info(f"{name}_out", TensorProto.FLOAT, shape) for name, shape in states.items()),
        ]
        return helper.make_graph(self.nodes, "tinycode", inputs, outputs, self.constants)


def attention_columns(weights: Weights) -> tuple[Array, Array]:
    """Its three projections as [H, 3W+2] columns and their bias: the query divided by the root of W, and behind query and
    key a column for what says that a state was read."""
    query, key, value = np.split(weights["attention.project.weight"].T, 3, axis=1)
    query_bias, key_bias, value_bias = np.split(weights["attention.project.bias"], 3)
    none, root = np.zeros((len(query), 1), np.float32), np.float32(ATTENTION_WIDTH**0.5)
    columns = np.concatenate([query / root, none, key, none, value], axis=1)
    bias = np.concatenate([query_bias / root, [FILLED], key_bias, [1], value_bias])
    return columns, bias.astype(np.float32)


def attention_rows(columns: Array, bias: Array) -> tuple[Array, Array]:
    """The way back: the network's weight [3W, H] and bias [3W]."""
    flags = [ATTENTION_WIDTH, 2 * ATTENTION_WIDTH + 1]
    rows, bias = np.delete(columns, flags, axis=1).T, np.delete(bias, flags)
    scale = np.where(np.arange(len(bias)) < ATTENTION_WIDTH, ATTENTION_WIDTH**0.5, 1).astype(np.float32)
    return rows * scale[:, None], bias * scale


LARGEST = 63
"""Of a weight in the file. Processors without VNNI add two products of a byte (0 to 255) and a weight in 16 bits, which hold
those of two weights up to 64: with 127 they were cut off, and the same model said other things there (trainer/LOG.md)."""


def quantise(columns: Array) -> tuple[npt.NDArray[np.int8], Array]:
    """[rows, columns] -> int8 and one scale a column, so that the largest weight of each column is LARGEST."""
    scale = np.maximum(np.abs(columns).max(axis=0), 1e-8) / LARGEST
    return np.clip(np.rint(columns / scale), -LARGEST, LARGEST).astype(np.int8), scale.astype(np.float32)


def to_onnx_gates(rows: Array, spec: ModelSpec) -> Array:
    """[gates*H, ...] in torch's order -> ONNX's."""
    gates = rows.reshape(len(TO_ONNX_GATES[spec.cell]), spec.hidden, *rows.shape[1:])
    return np.ascontiguousarray(gates[list(TO_ONNX_GATES[spec.cell])].reshape(rows.shape))


def from_onnx_gates(rows: Array, spec: ModelSpec) -> Array:
    """The way back."""
    order = np.argsort(TO_ONNX_GATES[spec.cell])
    gates = rows.reshape(len(order), spec.hidden, *rows.shape[1:])
    return np.ascontiguousarray(gates[order].reshape(rows.shape))
