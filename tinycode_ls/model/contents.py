"""What an ONNX file holds, read without running it: its metadata and its operators.

ONNX is a protobuf; of that, fields of bytes are followed (a number, a length, the bytes) and all others are passed over.
https://protobuf.dev/programming-guides/encoding, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from collections.abc import Iterator

_GRAPH, _METADATA, _FUNCTIONS = 7, 14, 25  # of a model
_NODE = 1  # of a graph
_KIND, _DOMAIN = 4, 7  # of a node
_KEY, _VALUE = 1, 2  # of a metadata entry
_SKIPPED = {1: 8, 5: 4}
"""Wire type -> bytes of a number."""


def metadata(content: bytes) -> dict[str, str]:
    """The file's metadata; raises ValueError where `content` is no protobuf."""
    entries = [dict(_fields(entry)) for number, entry in _fields(memoryview(content)) if number == _METADATA]
    return {str(entry[_KEY], "utf-8"): str(entry[_VALUE], "utf-8") for entry in entries if {_KEY, _VALUE} <= set(entry)}


def operators(content: bytes) -> set[str]:
    """Of the graph, `LSTM`, or `domain:Kind` where they are not ONNX's own, and `function` where the file defines any; raises
    ValueError where `content` is no protobuf."""
    found = set()
    for number, field in _fields(memoryview(content)):
        if number == _FUNCTIONS:
            found.add("function")
        elif number == _GRAPH:
            nodes = (dict(_fields(node)) for part, node in _fields(field) if part == _NODE)
            found |= {_name(node) for node in nodes}
    return found


def _name(node: dict[int, memoryview]) -> str:
    kind, domain = (str(node.get(key, b""), "utf-8") for key in (_KIND, _DOMAIN))
    return f"{domain}:{kind}" if domain else kind


def _fields(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and bytes of each field that has bytes."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        wire = tag & 7
        if wire == 0:
            _, at = _varint(data, at)
        elif wire == 2:
            size, at = _varint(data, at)
            if size > len(data) - at:
                raise ValueError("a field reaches past the end")
            yield tag >> 3, data[at : at + size]
            at += size
        elif wire in _SKIPPED:
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
