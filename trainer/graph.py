"""Network weights -> the ONNX graph of a model file: the tensors that tinycode_ls/model/layout.py lists, filled.

int8 weights are of seven bits (see LARGEST); what the layout gives no values for comes from the network.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from tinycode_ls.model.layout import Node, Tensor, layout_of_spec
from tinycode_ls.model.spec import ATTENTION_WIDTH, ModelSpec

from .attention import FILLED, NEVER

Array = npt.NDArray[np.float32]
Weights = dict[str, Array]
Tensors = dict[str, npt.NDArray[np.generic]]

# Order of the gates: torch i f g o, ONNX i o f c; torch r z n, ONNX z r h.
TO_ONNX_GATES = {"lstm": (0, 3, 1, 2), "gru": (1, 0, 2), "rnn": (0,)}


def graph_of(spec: ModelSpec, weights: Weights) -> onnx.GraphProto:
    """`weights` are named as in the network's state dict."""
    layout, filled = layout_of_spec(spec), _filled(spec, weights)
    nodes = [_node(name, node) for name, node in layout.nodes.items()]
    constants = [
        numpy_helper.from_array(_array(tensor, filled.get(name)), name) for name, tensor in layout.tensors.items()
    ]
    return as_graph(spec, nodes, constants)


def as_graph(spec: ModelSpec, nodes: list[onnx.NodeProto], constants: list[onnx.TensorProto]) -> onnx.GraphProto:
    """With the inputs and outputs of a network of this shape."""
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
    return helper.make_graph(nodes, "tinycode", inputs, outputs, constants)


def _node(name: str, node: Node) -> onnx.NodeProto:
    told: dict[str, Any] = dict(node.attributes)
    return helper.make_node(node.kind, node.inputs, node.outputs, name=name, domain=node.domain, **told)


def _array(tensor: Tensor, filled: npt.NDArray[np.generic] | None) -> npt.NDArray[np.generic]:
    """A constant of the layout; what neither it nor the network fills is zero, as the zero points of int8."""
    kind = helper.tensor_dtype_to_np_dtype(tensor.kind)
    if tensor.values is not None:
        return np.array(tensor.values, kind).reshape(tensor.shape)
    array = np.zeros(tensor.shape, kind) if filled is None else np.asarray(filled, kind, order="C")
    assert array.shape == tensor.shape
    return array


def _filled(spec: ModelSpec, weights: Weights) -> Tensors:
    """Tensors by name."""
    filled: Tensors = {"embedding": weights["embedding.weight"], "head_bias": weights["head.bias"]}
    for layer in range(spec.layers):
        filled |= _layer(spec, layer, weights)
    if spec.attention:
        columns, filled["attention_bias"] = attention_columns(weights)
        filled |= _linear("attention", columns)
        nearness = weights["attention.nearness"]
        filled["nearness"] = np.concatenate([[NEVER], nearness, [NEVER]])
    last = "project" if spec.tie_weights else "head"
    return filled | _linear(last, weights[f"{last}.weight"].T)


def _layer(spec: ModelSpec, layer: int, weights: Weights) -> Tensors:
    """Of one recurrent layer."""
    kinds = ("ih", "hh")
    biases = np.concatenate([to_onnx_gates(weights[f"cell.bias_{kind}_l{layer}"], spec) for kind in kinds])
    filled: Tensors = {f"B{layer}": biases[None]}
    for side, kind in zip("WR", kinds, strict=True):
        whole, scale = quantise(to_onnx_gates(weights[f"cell.weight_{kind}_l{layer}"], spec).T)
        filled |= {f"{side}{layer}": whole[None], f"{side}{layer}_scale": scale[None]}
    return filled


def _linear(name: str, columns: Array) -> Tensors:
    whole, scale = quantise(columns)
    return {name: whole, f"{name}_scale": scale}


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
