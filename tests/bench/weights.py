"""What smaller weights cost: one checkpoint as float32, int8 and 4-bit files - size, bits a byte, speed, memory.

python tests/bench/weights.py RUN/best.pt CORPUS      of a network that is one LSTM layer without attention
"""

import argparse
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from timing import seconds

from tinycode_ls.engine import model as engine
from tinycode_ls.engine.model import Model, load_model, log_softmax
from tinycode_ls.model.card import ModelCard
from tinycode_ls.model.spec import ModelSpec
from trainer.checkpoint import load_checkpoint
from trainer.corpus.store import open_corpus
from trainer.export import in_a_file, model_bytes, to_arrays
from trainer.graph import LARGEST, Array, Weights, as_graph, quantise, to_onnx_gates

BLOCK = 32
"""Weights of a column that share a scale in the 4-bit files."""
HELD_OUT = 100_000
STREAMS = 20
TEXT = (b"for name in names:\n    print(name, file=out)\n" * 60)[:1000]


class Float32:
    """Nothing quantised. Collects nodes and constants of its own; no layout of a model file has them."""

    def __init__(self, spec: ModelSpec) -> None:
        self.spec = spec
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, array: np.ndarray) -> str:
        """One more."""
        self.constants.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name

    def numbers(self, name: str, *values: int) -> str:
        """Places and sizes [N]."""
        return self.constant(name, np.array(values, np.int64))

    def node(self, kind: str, inputs: list[str], outputs: list[str], domain: str = "", **attributes: Any) -> None:
        """One more."""
        self.nodes.append(helper.make_node(kind, inputs, outputs, name=outputs[0], domain=domain, **attributes))

    def add_network(self, weights: Weights) -> None:
        """Of one layer, without attention."""
        for name, value in (("one", 1), ("zero", 0), ("most", 2**62)):
            self.numbers(name, value)
        self.node("Gather", [self.constant("embedding", weights["embedding.weight"]), "ids"], ["layer_in0"])
        for name in ("h", "c"):
            self.node("Identity", [name], [f"{name}0"])
        self.add_layer(0, weights)
        for name in ("h", "c"):
            self.node("Identity", [f"{name}0_out"], [f"{name}_out"])
        self.node("Neg", ["tail"], ["tail_start"])
        self.node("Slice", ["layer_in1", "tail_start", "most", "zero"], ["top"])
        bias = self.constant("head_bias", weights["head.bias"])
        self.linear("head", weights["head.weight"].T, "top", "logits", bias)

    def add_layer(self, layer: int, weights: Weights) -> None:
        """ONNX's own LSTM."""
        rows = [to_onnx_gates(weights[f"cell.weight_{kind}_l0"], self.spec) for kind in ("ih", "hh")]
        names = [self.matrix(side, matrix.T) for side, matrix in zip("WR", rows, strict=True)]
        biases = np.concatenate([to_onnx_gates(weights[f"cell.bias_{kind}_l0"], self.spec) for kind in ("ih", "hh")])
        self.recur(names, biases)
        self.node("Squeeze", ["cell0", "one"], ["layer_in1"])

    def recur(self, names: list[str], biases: Array) -> None:
        """Float matrices [rows, columns] by name -> cell0 [T, 1, B, H] and the state after."""
        for name in names:
            self.node("Transpose", [name], [f"{name}_rows"], perm=[1, 0])
            self.node("Unsqueeze", [f"{name}_rows", "zero"], [f"{name}_used"])
        inputs = ["layer_in0", *(f"{name}_used" for name in names), self.constant("B0", biases[None]), "", "h0", "c0"]
        self.node("LSTM", inputs, ["cell0", "h0_out", "c0_out"], hidden_size=self.spec.hidden)

    def matrix(self, name: str, columns: Array) -> str:
        """[rows, columns] as a float tensor of the graph."""
        return self.constant(name, columns)

    def linear(self, name: str, columns: Array, source: str, target: str, bias: str | None) -> None:
        """MatMul and Add."""
        assert bias is not None
        self.node("MatMul", [source, self.matrix(name, columns)], [f"{name}_product"])
        self.node("Add", [f"{name}_product", bias], [target])


class Int8AsFloat(Float32):
    """Stored as int8, multiplied out when loaded: how GRU and RNN are served."""

    def matrix(self, name: str, columns: Array) -> str:
        """int8 and a scale a column."""
        whole, scale = quantise(columns)
        self.node("Cast", [self.constant(f"{name}_int8", whole)], [f"{name}_cast"], to=TensorProto.FLOAT)
        self.node("Mul", [f"{name}_cast", self.constant(f"{name}_scale", scale)], [name])
        return name


class NibblesAsFloat(Float32):
    """Stored in 4 bits, multiplied out when loaded."""

    def matrix(self, name: str, columns: Array) -> str:
        """[rows, columns] in blocks of BLOCK rows, each with a scale for each column."""
        whole, scale = nibbles(columns)
        pairs = (whole & 15).astype(np.uint8).reshape(-1, 2)
        packed = (pairs[:, 0] | pairs[:, 1] << 4).tobytes()
        self.constants.append(helper.make_tensor(f"{name}_int4", TensorProto.INT4, whole.shape, packed, raw=True))
        self.node("Cast", [f"{name}_int4"], [f"{name}_cast"], to=TensorProto.FLOAT)
        self.node("Mul", [f"{name}_cast", self.constant(f"{name}_scale", scale)], [f"{name}_blocks"])
        self.node("Reshape", [f"{name}_blocks", self.numbers(f"{name}_shape", *columns.shape)], [name])
        return name


class NibblesAsInt8(NibblesAsFloat):
    """Stored in 4 bits, made int8 when loaded, for the fused kernels that serve the shipped files."""

    def recur(self, names: list[str], biases: Array) -> None:
        """DynamicQuantizeLSTM."""
        quantised = [f"{part}_{kind}" for part in "WR" for kind in ("byte_scale", "byte_zero")]
        for name in names:
            self.as_bytes(name)
            self.node("Unsqueeze", [f"{name}_bytes", "zero"], [f"{name}_used"])
            self.node("Unsqueeze", [f"{name}_scale_row", "zero"], [f"{name}_byte_scale"])
            self.constant(f"{name}_byte_zero", np.zeros((1, 4 * self.spec.hidden), np.int8))
        used = [f"{name}_used" for name in names]
        inputs = ["layer_in0", *used, self.constant("B0", biases[None]), "", "h0", "c0", "", *quantised]
        kind, size = "DynamicQuantizeLSTM", self.spec.hidden
        self.node(kind, inputs, ["cell0", "h0_out", "c0_out"], "com.microsoft", hidden_size=size)

    def linear(self, name: str, columns: Array, source: str, target: str, bias: str | None) -> None:
        """DynamicQuantizeMatMul."""
        self.as_bytes(self.matrix(name, columns))
        zero = self.constant(f"{name}_byte_zero", np.zeros(columns.shape[1], np.int8))
        inputs = [source, f"{name}_bytes", f"{name}_scale_row", zero, bias or ""]
        self.node("DynamicQuantizeMatMul", inputs, [target], "com.microsoft")

    def as_bytes(self, name: str) -> None:
        """Float [rows, columns] -> int8 and a scale a column, when the file is loaded."""
        if not any(constant.name == "full" for constant in self.constants):
            self.constant("full", np.array(LARGEST, np.float32))
        self.node("Abs", [name], [f"{name}_size"])
        self.node("ReduceMax", [f"{name}_size", "zero"], [f"{name}_largest"], keepdims=0)
        self.node("Div", [f"{name}_largest", "full"], [f"{name}_scale_row"])
        self.node("Div", [name, f"{name}_scale_row"], [f"{name}_scaled"])
        self.node("Round", [f"{name}_scaled"], [f"{name}_rounded"])
        self.node("Cast", [f"{name}_rounded"], [f"{name}_bytes"], to=TensorProto.INT8)


class NibblesServed(Float32):
    """4 bits in memory, too: MatMulNBits, the only kernel for them, and the recurrence around it spelled out in a Scan."""

    def add_layer(self, layer: int, weights: Weights) -> None:
        """Input products of all positions at once, then a loop over the positions."""
        spec = self.spec
        rows = [to_onnx_gates(weights[f"cell.weight_{kind}_l0"], spec).T for kind in ("ih", "hh")]
        biases = sum(to_onnx_gates(weights[f"cell.bias_{kind}_l0"], spec) for kind in ("ih", "hh"))
        self.linear("W", rows[0], "layer_in0", "driven", self.constant("B0", biases))
        outer, self.nodes = self.nodes, []
        self.multiply("R", rows[1], "before_h", "recurrent")
        self.node("Add", ["driven_now", "recurrent"], ["gates"])
        self.node("Split", ["gates"], ["i", "o", "f", "g"], axis=1, num_outputs=4)
        for gate, kind in (("i", "Sigmoid"), ("o", "Sigmoid"), ("f", "Sigmoid"), ("g", "Tanh")):
            self.node(kind, [gate], [f"{gate}_open"])
        self.node("Mul", ["f_open", "before_c"], ["kept"])
        self.node("Mul", ["i_open", "g_open"], ["written"])
        self.node("Add", ["kept", "written"], ["now_c"])
        self.node("Tanh", ["now_c"], ["shown"])
        self.node("Mul", ["o_open", "shown"], ["now_h"])
        self.node("Identity", ["now_h"], ["now_out"])
        names = ["before_h", "before_c", "driven_now"], ["now_h", "now_c", "now_out"]
        inputs, outputs = ([helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in row] for row in names)
        body = helper.make_graph(self.nodes, "byte", inputs, outputs)
        self.nodes = outer
        for name in ("h", "c"):
            self.node("Squeeze", [f"{name}0", "zero"], [f"{name}_row"])
        self.node(
            "Scan", ["h_row", "c_row", "driven"], ["h_after", "c_after", "layer_in1"], body=body, num_scan_inputs=1
        )
        for name in ("h", "c"):
            self.node("Unsqueeze", [f"{name}_after", "zero"], [f"{name}0_out"])

    def linear(self, name: str, columns: Array, source: str, target: str, bias: str | None) -> None:
        """MatMulNBits and Add."""
        assert bias is not None
        self.multiply(name, columns, source, f"{name}_product")
        self.node("Add", [f"{name}_product", bias], [target])

    def multiply(self, name: str, columns: Array, source: str, target: str) -> None:
        whole, scale = nibbles(columns)  # [K/32, 32, N], [K/32, 1, N]
        blocks = (whole + 8).astype(np.uint8).transpose(2, 0, 1)  # [N, K/32, 32]
        packed = self.constant(f"{name}_int4", blocks[..., 0::2] | blocks[..., 1::2] << 4)
        scales = self.constant(f"{name}_scale", scale[:, 0].T)
        sizes = {"K": len(columns), "N": columns.shape[1], "bits": 4, "block_size": BLOCK, "accuracy_level": 4}
        self.node("MatMulNBits", [source, packed, scales], [target], "com.microsoft", **sizes)


def written(kind: type[Float32] | None, weights: Weights, card: ModelCard) -> bytes:
    """A file's content. What the shipped ones do not use is of a later version of ONNX (INT4: 21)."""
    if kind is None:
        return model_bytes(weights, card)
    graph = kind(card.spec)
    graph.add_network(weights)
    model = onnx.load_model_from_string(in_a_file(as_graph(card.spec, graph.nodes, graph.constants), card))
    model.ir_version, model.opset_import[0].version = 10, 21
    return model.SerializeToString()


def nibbles(columns: Array) -> tuple[np.ndarray, Array]:
    """[rows, columns] -> -7..7 in blocks [rows/BLOCK, BLOCK, columns] and their scales."""
    blocks = columns.reshape(-1, BLOCK, columns.shape[1])
    scale = np.maximum(np.abs(blocks).max(axis=1, keepdims=True), 1e-8) / 7
    return np.rint(blocks / scale).astype(np.int8), scale.astype(np.float32)


KINDS = {
    "float32": Float32,
    "int8, fused kernels (shipped)": None,
    "int8 in the file, float32 served": Int8AsFloat,
    "4 bits in the file, float32 served": NibblesAsFloat,
    "4 bits in the file, int8 served": NibblesAsInt8,
    "4 bits served (MatMulNBits)": NibblesServed,
}


def bits(model: Model, ids: np.ndarray) -> float:
    """Of the second half of the first axis [T, B]; the first half warms up."""
    _, state = model.run(ids[:200], model.initial_state(ids.shape[1]), 1)
    lost = count = 0.0
    for at in range(200, len(ids) - 1, 500):
        piece, targets = ids[at : at + 500][: len(ids) - 1 - at], ids[at + 1 : at + 501]
        logits, state = model.run(piece, state, len(piece))
        lost -= float(np.take_along_axis(log_softmax(logits), targets[..., None], axis=-1).sum())
        count += targets.size
    return lost / count / float(np.log(2))


def microseconds(run, repeats: int) -> float:
    """The tenth percentile: other work only ever adds."""
    return 1e6 * float(np.percentile(seconds(run, repeats), 10))


def resident_mb(path: Path) -> float:
    """Of a process of its own that loads the file and reads 1,000 bytes."""
    code = (
        "import sys; from pathlib import Path; from tinycode_ls.engine import model\n"
        "model.layout_of_file = model.check_layout = lambda *words: None\n"
        "model.load_model(Path(sys.argv[1])).read(b'x = 1\\n' * 170)\n"
        "print([line.split()[1] for line in open('/proc/self/status') if line.startswith('VmRSS')][0])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    return int(done.stdout) / 1024


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("corpus", type=Path)
    options = parser.parse_args()
    engine.layout_of_file = engine.check_layout = lambda *words: None  # no model file has such graphs
    checkpoint, corpus = load_checkpoint(options.checkpoint), open_corpus(options.corpus)
    text = np.asarray(corpus.valid[:HELD_OUT])
    ids = text[: len(text) // STREAMS * STREAMS].reshape(STREAMS, -1).T.astype(np.int64)  # [T, B]
    print("| weights | file MB | bits a byte | load ms | step us, 1 / 4 / 8 | read 1,000 bytes ms | process MB |")
    print("|---|---|---|---|---|---|---|")
    with TemporaryDirectory() as folder:
        for name, kind in KINDS.items():
            path = Path(folder) / "model.onnx"
            content = written(kind, to_arrays(checkpoint.weights), ModelCard(checkpoint.recipe.spec))
            path.write_bytes(content)
            load = microseconds(lambda path=path: load_model(path), 5) / 1000
            model, steps = load_model(path), []
            for batch in (1, 4, 8):
                ids_now, state = np.full(batch, 97), model.initial_state(batch)
                steps.append(microseconds(lambda i=ids_now, s=state, m=model: m.step(i, s), 1000))
            read = microseconds(lambda m=model: m.read(TEXT), 20) / 1000
            figures = f"{len(content) / 1e6:.2f} | {bits(model, ids):.4f} | {load:.0f}"
            print(
                f"| {name} | {figures} | {' / '.join(f'{us:.0f}' for us in steps)} | {read:.1f} | {resident_mb(path):.0f} |"
            )


if __name__ == "__main__":
    main()
