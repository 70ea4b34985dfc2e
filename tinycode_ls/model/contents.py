"""What an ONNX file holds, read without running it: its metadata, and its graph without the weights.

ONNX is a protobuf: fields with a number, each a number or bytes, in which there are fields again.
https://protobuf.dev/programming-guides/encoding, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

import math
import struct
from collections import defaultdict
from collections.abc import Iterator

from .layout import FLOAT32, INT8, INT32, INT64, Attribute, Layout, Node, Tensor

MOST_FIELDS = 300
"""In one message; ours have 174 at most (eight layers). A file of millions would take half a minute to read."""
MOST_NUMBERS = 2000
"""In a tensor of those that say how a graph works; as objects of Python, a file of them would take half a gigabyte."""
_ABOUT, _GRAPH, _METADATA = {1, 2, 3, 4, 5, 6, 8}, 7, 14  # of a model; first versions, who made it, and words
_NODE, _TENSOR = 1, 5  # of a graph, with its name, its inputs and its outputs
_IN, _OUT, _NAME, _KIND, _ATTRIBUTE, _DOMAIN = 1, 2, 3, 4, 5, 7  # of a node
_ATTRIBUTE_NAME, _NUMBER, _NUMBERS, _TYPE = 1, 3, 8, 20  # of an attribute
_SHAPE, _TENSOR_KIND, _TENSOR_NAME, _VALUES = 1, 2, 8, 9  # of a tensor
_KEY, _VALUE = 1, 2  # of a metadata entry
_BYTES = {FLOAT32: 4, INT8: 1, INT32: 4, INT64: 8}
"""Of a number of each kind."""
_WHOLE = {INT32: "i", INT64: "q"}
"""Kinds that say how a graph works, not what it learned, and how to unpack them."""
_SKIPPED = {1: 8, 5: 4}
"""Wire type -> bytes of a number."""

Fields = dict[int, list[int | memoryview]]


def metadata(content: bytes) -> dict[str, str]:
    """The file's metadata; raises ValueError where `content` is no protobuf."""
    entries = [_fields(_bytes(entry)) for entry in _fields(memoryview(content)).get(_METADATA, [])]
    return {_text(entry, _KEY): _text(entry, _VALUE) for entry in entries if {_KEY, _VALUE} <= entry.keys()}


def layout_of_file(content: bytes) -> Layout:
    """The graph; raises ValueError where `content` is no protobuf, or holds what no layout has: a function, a graph inside a
    node, weights in another file."""
    model = _fields(memoryview(content))
    _only(model, "a model", _ABOUT | {_GRAPH, _METADATA})
    graph = _fields(_bytes(_one(model, _GRAPH)))
    _only(graph, "a graph", {_NODE, 2, _TENSOR, 11, 12})
    nodes, tensors = graph.get(_NODE, []), graph.get(_TENSOR, [])
    found = Layout(dict(_node(_bytes(item)) for item in nodes), dict(_tensor(_bytes(item)) for item in tensors))
    if len(found.nodes) < len(nodes) or len(found.tensors) < len(tensors):
        raise ValueError("two of one name")
    return found


def _node(data: memoryview) -> tuple[str, Node]:
    node = _fields(data)
    _only(node, "a node", {_IN, _OUT, _NAME, _KIND, _ATTRIBUTE, _DOMAIN})
    inputs, outputs = (tuple(str(_bytes(name), "utf-8") for name in node.get(part, [])) for part in (_IN, _OUT))
    attributes = sorted(_attribute(_bytes(item)) for item in node.get(_ATTRIBUTE, []))
    domain = _text(node, _DOMAIN) if _DOMAIN in node else ""
    return outputs[0] if outputs else "", Node(_text(node, _KIND), inputs, outputs, domain, tuple(attributes))


def _attribute(data: memoryview) -> tuple[str, Attribute]:
    attribute = _fields(data)
    _only(attribute, "an attribute", {_ATTRIBUTE_NAME, _NUMBER, _NUMBERS, _TYPE})
    several = attribute.get(_NUMBERS)
    return _text(attribute, _ATTRIBUTE_NAME), _numbers(several) if several else _numbers([_one(attribute, _NUMBER)])[0]


def _tensor(data: memoryview) -> tuple[str, Tensor]:
    tensor = _fields(data)
    _only(tensor, "a tensor", {_SHAPE, _TENSOR_KIND, _TENSOR_NAME, _VALUES})
    shape, (kind,) = _numbers(tensor.get(_SHAPE, [])), _numbers([_one(tensor, _TENSOR_KIND)])
    values, count = _bytes(_one(tensor, _VALUES)), math.prod(shape)
    if len(values) != count * _BYTES.get(kind, 0):
        raise ValueError(f"a tensor of {len(values)} bytes, which its shape does not fit")
    if kind in _WHOLE and count > MOST_NUMBERS:
        raise ValueError(f"a table of {count} whole numbers")
    known = struct.unpack(f"<{count}{_WHOLE[kind]}", values) if kind in _WHOLE else None
    return _text(tensor, _TENSOR_NAME), Tensor(kind, shape, known)


def _only(fields: Fields, of: str, known: set[int]) -> None:
    if strange := fields.keys() - known:
        raise ValueError(f"field {min(strange)} of {of}, which no tinycode model has")


def _one(fields: Fields, number: int) -> int | memoryview:
    found = fields.get(number, [])
    if len(found) != 1:
        raise ValueError(f"{len(found)} times field {number}")
    return found[0]


def _text(fields: Fields, number: int) -> str:
    return str(_bytes(_one(fields, number)), "utf-8")


def _bytes(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a number instead of bytes")
    return value


def _numbers(values: list[int | memoryview]) -> tuple[int, ...]:
    """64 bits each, of which the highest is the sign."""
    if not all(isinstance(value, int) for value in values):
        raise ValueError("bytes instead of a number")
    return tuple(int(value) - (int(value) >> 63 << 64) for value in values)


def _fields(data: memoryview) -> Fields:
    """Numbers and bytes by the field's number."""
    found = defaultdict[int, list[int | memoryview]](list)
    for count, (number, value) in enumerate(_read(data)):
        if count == MOST_FIELDS:
            raise ValueError(f"more than {MOST_FIELDS} fields in one message")
        found[number].append(value)
    return dict(found)


def _read(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        wire = tag & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield tag >> 3, value
        elif wire == 2:
            size, at = _varint(data, at)
            if size > len(data) - at:
                raise ValueError("a field reaches past the end")
            yield tag >> 3, data[at : at + size]
            at += size
        elif wire in _SKIPPED:
            yield tag >> 3, data[at : at + _SKIPPED[wire]]
            at += _SKIPPED[wire]
        else:
            raise ValueError(f"wire type {wire}")


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """A number in groups of seven bits, the lowest first, and where it ends."""
    value, shift = 0, 0
    while at < len(data) and shift < 64:
        byte = data[at]
        at, value, shift = at + 1, value | (byte & 127) << shift, shift + 7
        if byte < 128:
            return value, at
    raise ValueError("a number without an end")
