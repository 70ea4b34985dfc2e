"""The graph of a network, without its weights: every node and every tensor that a model file of a spec holds.

The trainer writes files by it (trainer/graph.py); the engine loads none that holds anything else, since a model may come with
somebody's repository, and a few more nodes make gigabytes of a kilobyte. Knows neither ONNX nor numpy.

T bytes, B hypotheses; `tail` = how many of the last positions get logits, so that reading a prefix is cheap:

    ids [T, B] int64 -> Gather -> cell, layer by layer -> Slice last `tail` -> linear -> logits [tail, B, 256]
    h, c [L, B, H] -> split by layer -> ... -> joined -> h_out, c_out

With attention, what the last `tail` positions find goes into the linear beside them, and the memory (see
trainer/attention.py) grows by T and is cut to N again: keys, values -> keys_out, values_out.

int8: LSTM layers become DynamicQuantizeLSTM and the linear DynamicQuantizeMatMul (onnxruntime's fused kernels; weights
int8 symmetric per output column, activations quantised on the fly). GRU and RNN have no fused kernel: their weights are
stored int8 and run as float32.
"""

from dataclasses import dataclass, field

from .document import VOCABULARY
from .spec import ATTENTION_WIDTH, MOST_ATTENDING, ModelSpec

FLOAT32, INT8, INT32, INT64 = 1, 3, 6, 7
"""Kinds of numbers, as ONNX counts them."""
MICROSOFT = "com.microsoft"
GATES = {"lstm": 4, "gru": 3, "rnn": 1}
ONNX_CELL = {"gru": "GRU", "rnn": "RNN"}
MOST = 2**62
"""As the end of a slice: all there is."""

Attribute = int | tuple[int, ...]


@dataclass(frozen=True)
class Node:
    """An operator, the names of the tensors that go in, and what it is told."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    domain: str = ""
    attributes: tuple[tuple[str, Attribute], ...] = ()


@dataclass(frozen=True)
class Tensor:
    """A constant: `kind` of numbers and shape; `values` where they do not depend on the weights."""

    kind: int
    shape: tuple[int, ...]
    values: tuple[int, ...] | None = None


@dataclass
class Layout:
    """In the order of the file. A node is known by its first output."""

    nodes: dict[str, Node] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)

    def node(self, kind: str, inputs: list[str], outputs: list[str], domain: str = "", **attributes: Attribute) -> None:
        """One more."""
        self.nodes[outputs[0]] = Node(kind, tuple(inputs), tuple(outputs), domain, tuple(sorted(attributes.items())))

    def weights(self, name: str, *shape: int, kind: int = FLOAT32) -> str:
        """A tensor that the trainer fills."""
        self.tensors[name] = Tensor(kind, shape)
        return name

    def numbers(self, name: str, *values: int) -> str:
        """Places and sizes [N]."""
        self.tensors[name] = Tensor(INT64, (len(values),), values)
        return name


def layout_of_spec(spec: ModelSpec) -> Layout:
    """What a model file of this shape holds."""
    whole = Layout()
    whole.numbers("one", 1)
    whole.numbers("zero", 0)
    whole.numbers("most", MOST)
    whole.weights("embedding", VOCABULARY, spec.embedding)
    whole.node("Gather", ["embedding", "ids"], ["layer_in0"])
    for name in spec.cell_states:
        if spec.layers == 1:
            whole.node("Identity", [name], [f"{name}0"])
        else:
            whole.node("Split", [name], [f"{name}{i}" for i in range(spec.layers)], axis=0)
    for layer in range(spec.layers):
        _add_layer(whole, spec, layer)
    for name in spec.cell_states:
        whole.node("Concat", [f"{name}{i}_out" for i in range(spec.layers)], [f"{name}_out"], axis=0)
    whole.node("Neg", ["tail"], ["tail_start"])
    whole.node("Slice", [f"layer_in{spec.layers}", "tail_start", "most", "zero"], ["top"])
    if spec.attention:
        _add_attention(whole, spec)
    _add_head(whole, spec)
    return whole


def _add_layer(whole: Layout, spec: ModelSpec, layer: int) -> None:
    """One recurrent layer [T, B, input] -> [T, B, H]; ONNX gives a direction axis, which is squeezed out."""
    width = GATES[spec.cell] * spec.hidden
    states = [f"{name}{layer}" for name in spec.cell_states]
    outputs = [f"cell{layer}"] + [f"{name}_out" for name in states]
    names = []
    for side, rows in (("W", spec.hidden if layer else spec.embedding), ("R", spec.hidden)):
        names.append(whole.weights(f"{side}{layer}", 1, rows, width, kind=INT8))
        whole.weights(f"{side}{layer}_scale", 1, width)
    bias = whole.weights(f"B{layer}", 1, 2 * width)
    if spec.cell == "lstm":
        zero = whole.weights(f"zero_point{layer}", 1, width, kind=INT8)
        quantised = [f"W{layer}_scale", zero, f"R{layer}_scale", zero]
        inputs = [f"layer_in{layer}", *names, bias, "", *states, "", *quantised]
        whole.node("DynamicQuantizeLSTM", inputs, outputs, MICROSOFT, hidden_size=spec.hidden)
    else:
        inputs = [f"layer_in{layer}", *[_as_float(whole, name) for name in names], bias, "", *states]
        more: dict[str, Attribute] = {"linear_before_reset": 1} if spec.cell == "gru" else {}
        whole.node(ONNX_CELL[spec.cell], inputs, outputs, "", hidden_size=spec.hidden, **more)
    whole.node("Squeeze", [f"cell{layer}", "one"], [f"layer_in{layer + 1}"])


def _as_float(whole: Layout, name: str) -> str:
    """int8 [1, input, gates*H] -> float32 [1, gates*H, input]; folded once, when the file is loaded."""
    whole.node("Cast", [name], [f"{name}_cast"], to=FLOAT32)
    whole.node("Mul", [f"{name}_cast", f"{name}_scale"], [f"{name}_columns"])
    whole.node("Transpose", [f"{name}_columns"], [f"{name}_float"], perm=(0, 2, 1))
    return f"{name}_float"


def _add_attention(whole: Layout, spec: ModelSpec) -> None:
    """What the last `tail` positions find among the N states before each, joined to them [tail, B, H+W]."""
    reach, source, width = spec.attention, f"layer_in{spec.layers}", ATTENTION_WIDTH
    bias = whole.weights("attention_bias", 3 * width + 2)
    _linear(whole, "attention", (spec.hidden, 3 * width + 2), source, "asked_TB", bias)
    whole.node("Transpose", ["asked_TB"], ["asked_BT"], perm=(1, 0, 2))
    whole.node("Unsqueeze", ["asked_BT", "zero"], ["asked"])  # [1, B, T, 3W+2]
    widths = whole.numbers("widths", width + 1, width + 1, width)
    whole.node("Split", ["asked", widths], ["query", "key", "value"], axis=3)
    axis, last, newest = whole.numbers("two", 2), whole.numbers("last", -reach), whole.numbers("newest", -1)
    for name, new in (("keys", "key"), ("values", "value")):
        whole.node("Concat", [name, new], [f"{name}_all"], axis=2)
        whole.node("Slice", [f"{name}_all", last, "most", axis], [f"{name}_out"])
    whole.node("Sub", [last, "tail"], ["first_key"])
    whole.node("Add", ["first_key", "one"], ["first_value"])
    whole.node("Slice", ["query", "tail_start", "most", axis], ["query_tail"])
    whole.node("Slice", ["keys_all", "first_key", newest, axis], ["keys_near"])
    whole.node("Slice", ["values_all", "first_value", "most", axis], ["values_near"])
    whole.node("Transpose", ["keys_near"], ["keys_columns"], perm=(0, 1, 3, 2))
    whole.node("MatMul", ["query_tail", "keys_columns"], ["likeness"])  # [1, B, tail, N+tail-1]
    _add_distances(whole, reach)
    whole.node("Add", ["likeness", "table_corner"], ["scores"])
    whole.node("Softmax", ["scores"], ["shares"], axis=-1)
    whole.node("MatMul", ["shares", "values_near"], ["found_BT"])  # [1, B, tail, W]
    whole.node("Transpose", ["found_BT"], ["found_T1"], perm=(2, 0, 1, 3))
    whole.node("Squeeze", ["found_T1", "one"], ["found"])
    whole.node("Concat", ["top", "found"], ["top_and_found"], axis=2)


def _add_distances(whole: Layout, reach: int) -> None:
    """The corner [tail, N+tail-1] of a table that is made when the file is loaded."""
    count = MOST_ATTENDING
    whole.weights("nearness", reach + 2)
    whole.tensors["row_numbers"] = Tensor(INT32, (count, 1), tuple(range(reach, reach + count)))
    whole.tensors["column_numbers"] = Tensor(INT32, (reach + count - 1,), tuple(range(reach + count - 1)))
    whole.node("Sub", ["row_numbers", "column_numbers"], ["apart"])  # 1 is the nearest, N the farthest
    bounds = [f"distance_{end}" for end in (0, reach + 1)]
    whole.tensors |= {name: Tensor(INT32, (), (end,)) for name, end in zip(bounds, (0, reach + 1), strict=True)}
    whole.node("Clip", ["apart", *bounds], ["distance"])
    whole.node("Gather", ["nearness", "distance"], ["table"])
    whole.node("Add", ["tail", whole.numbers("more", 0, reach - 1)], ["corner"])
    whole.node("Slice", ["table", whole.numbers("zeros", 0, 0), "corner"], ["table_corner"])


def _add_head(whole: Layout, spec: ModelSpec) -> None:
    """logits of the last `tail` positions."""
    source = "top_and_found" if spec.attention else "top"
    rows = spec.hidden + (ATTENTION_WIDTH if spec.attention else 0)
    bias = whole.weights("head_bias", VOCABULARY)
    if spec.tie_weights:
        _linear(whole, "project", (rows, spec.embedding), source, "projected", "")
        whole.node("Transpose", ["embedding"], ["embedding_columns"], perm=(1, 0))
        whole.node("MatMul", ["projected", "embedding_columns"], ["head_out"])
        whole.node("Add", ["head_out", bias], ["logits"])
    else:
        _linear(whole, "head", (rows, VOCABULARY), source, "logits", bias)


def _linear(whole: Layout, name: str, shape: tuple[int, int], source: str, target: str, bias: str) -> None:
    """[.., rows] -> [.., columns]."""
    zero = whole.weights(f"{name}_zero_point", shape[1], kind=INT8)
    inputs = [source, whole.weights(name, *shape, kind=INT8), whole.weights(f"{name}_scale", shape[1]), zero]
    whole.node("DynamicQuantizeMatMul", inputs + ([bias] if bias else []), [target], MICROSOFT)
