"""Engine speed: one step and reading a prefix, beside the same LSTM in numpy and the time to read the weights once."""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from timing import seconds

from tinycode_ls.engine.model import Model, load_model
from tinycode_ls.model.file import read_model_file
from tinycode_ls.model.spec import ModelSpec
from tinycode_ls.model_choice import SHIPPED_MODELS
from trainer.export import import_weights

TEXT = (b"for name in names:\n    print(name, file=out)\n" * 60)[:2000]


def median_ms(run: Callable[[], object], repeats: int) -> float:
    """Median of `repeats` runs after one that does not count."""
    return 1000 * float(np.median(seconds(run, repeats)))


def numpy_lstm(model: Model, content: bytes) -> Callable[[bytes], np.ndarray]:
    """A plain float32 reader of one LSTM layer without attention: the reference that the engine has to beat."""
    weights = import_weights(content, model.card.spec)
    table = weights["embedding.weight"] @ weights["cell.weight_ih_l0"].T
    table += weights["cell.bias_ih_l0"] + weights["cell.bias_hh_l0"]
    recurrent, hidden = np.ascontiguousarray(weights["cell.weight_hh_l0"].T), model.card.spec.hidden

    def sigmoid(x: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-x))

    def read(text: bytes) -> np.ndarray:
        h = c = np.zeros(hidden, np.float32)
        for byte in text:
            i, f, g, o = np.split(table[byte] + h @ recurrent, 4)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        return h @ weights["head.weight"].T + weights["head.bias"]

    return read


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", type=Path, default=SHIPPED_MODELS / "python.onnx")
    path = parser.parse_args().model
    model = load_model(path)
    weights = np.zeros(model.size_bytes, np.uint8)
    step = {batch: np.full(batch, 97) for batch in (1, 4, 8)}
    state = {batch: model.initial_state(batch) for batch in step}
    read = median_ms(lambda: model.read(TEXT), 20)
    bandwidth = median_ms(lambda: weights.sum(dtype=np.uint64), 50)
    print(f"read 2,000 bytes: {read:.1f} ms")
    if model.card.spec == ModelSpec(hidden=model.card.spec.hidden, embedding=model.card.spec.embedding):
        reference = numpy_lstm(model, read_model_file(path))
        slow = median_ms(lambda: reference(TEXT), 5)
        print(f"    numpy float32 {slow:.1f} ms ({slow / read:.1f} times slower)")
    for batch, ids in step.items():
        one = median_ms(lambda ids=ids, batch=batch: model.step(ids, state[batch]), 200)
        print(f"step, batch {batch}: {1000 * one:.0f} us; reading the weights once {1000 * bandwidth:.0f} us")


if __name__ == "__main__":
    main()
