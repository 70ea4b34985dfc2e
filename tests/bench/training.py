"""Training speed: bytes a second, the share of the machine's own matrix-product rate (in the faster precision), and bits
against a reference.

The reference is a network of the same size as one writes it first: float32, a cell called for each byte, PyTorch's own
initial weights. It gets the same text, batch, optimiser and schedule, and three times the time.
"""

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from trainer.checkpoint import Progress
from trainer.corpus.build import build_corpus
from trainer.corpus.store import Corpus
from trainer.loop import Run, StepFigures, make_optimiser, start_run, train
from trainer.precision import use_bfloat16
from trainer.recipe import Recipe
from trainer.samples import Sample
from trainer.validation import Quality

SMALL = Path(__file__).parents[2] / "corpora" / "small.toml"
"""Two megabytes of the running Python's own library: no network is needed."""
TIMES = 3


class Last:
    """Remembers the step figures, to leave the warm-up out."""

    def __init__(self) -> None:
        self.figures: list[StepFigures] = []

    def on_step(self, figures: StepFigures) -> None:
        """Remember."""
        self.figures.append(figures)

    def on_validation(self, figures: StepFigures, quality: Quality, best: bool) -> None:
        """Not interested."""

    def on_sample(self, step: int, sample: Sample) -> None:
        """Not interested."""


def matrix_rate(dtype: torch.dtype) -> float:
    """Floating-point operations per second of products of the size that training makes [64 x 512] @ [512 x 2048]."""
    a, b = torch.randn(64 * 128, 512).to(dtype), torch.randn(512, 2048).to(dtype)
    a @ b
    began, count = time.perf_counter(), 20
    for _ in range(count):
        a @ b
    return count * 2 * a.shape[0] * 512 * 2048 / (time.perf_counter() - began)


def flops_per_byte(recipe: Recipe) -> float:
    """Forward and backward (twice the forward) of one byte."""
    gates = 4 * recipe.hidden * (recipe.hidden + recipe.embedding)
    return 3 * 2 * (gates + recipe.hidden * 256)


class Plain(nn.Module):
    """The reference: embedding, LSTM cell in a loop over the bytes, linear layer."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.hidden = recipe.hidden
        self.embedding = nn.Embedding(256, recipe.embedding)
        self.cell = nn.LSTMCell(recipe.embedding, recipe.hidden)
        self.head = nn.Linear(recipe.hidden, 256)

    def initial_state(self, batch: int) -> tuple[Tensor, Tensor]:
        """Zeros."""
        return torch.zeros(1, batch, self.hidden), torch.zeros(1, batch, self.hidden)

    def forward(self, ids: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """ids [T, B] -> logits [T, B, 256] and the state after them."""
        h, c = (tensor[0] for tensor in state)
        outputs = []
        for byte in ids:
            h, c = self.cell(self.embedding(byte), (h, c))
            outputs.append(self.head(h))
        return torch.stack(outputs), (h[None], c[None])


def speed(recipe: Recipe) -> tuple[float, float]:
    """Bytes a second without the warm-up, and the matrix products' rate around the run."""
    data = np.random.default_rng(0).integers(32, 127, 2_000_000).astype(np.uint8)
    listener = Last()
    dtype = torch.bfloat16 if use_bfloat16("auto", torch.device("cpu")) else torch.float32
    before = matrix_rate(dtype)
    with tempfile.TemporaryDirectory() as folder:
        train(start_run(recipe, "bench"), data, data[:20_000], Path(folder), listener)
    first, last = listener.figures[9], listener.figures[-1]
    return (last.bytes_read - first.bytes_read) / (last.seconds - first.seconds), (before + matrix_rate(dtype)) / 2


def final_bits(run: Run, corpus: Corpus) -> tuple[float, float]:
    """Held-out bits at the end of a run, and its bytes a second."""
    with tempfile.TemporaryDirectory() as folder:
        train(run, corpus.train, corpus.valid, Path(folder), Last())
    return run.progress.best_bits, run.progress.bytes_read / run.progress.seconds


def main() -> None:
    """Print the share, then both networks' bits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", nargs="?", type=float, default=40.0, help="of training")
    seconds = parser.parse_args().seconds
    recipe = Recipe(steps=80, validate_every=100_000, dropout=0.0)
    rate, machine = speed(recipe)
    share = rate * flops_per_byte(recipe) / machine
    print(f"1 x {recipe.hidden} LSTM: {rate:,.0f} bytes/s on {torch.get_num_threads()} threads")
    print(f"matrix products of that size: {machine / 1e9:,.0f} GFLOP/s; training reaches {share:.0%} of it", flush=True)
    recipe = replace(recipe, steps=0, minutes=seconds / 60)
    slow = replace(recipe, minutes=TIMES * recipe.minutes, precision="float32")
    with tempfile.TemporaryDirectory() as folder:
        corpus = build_corpus([SMALL], Path(folder) / "corpus")
        ours = final_bits(start_run(recipe, "bench"), corpus)
        torch.manual_seed(recipe.seed)
        plain = Plain(slow)
        reference = final_bits(Run(slow, plain, make_optimiser(plain, slow), Progress(), (), "bench"), corpus)
    print(f"ours      {seconds:4.0f} s: {ours[0]:.3f} bits a byte, {ours[1]:,.0f} bytes/s")
    print(f"reference {TIMES * seconds:4.0f} s: {reference[0]:.3f} bits a byte, {reference[1]:,.0f} bytes/s")
    verdict = "more than" if reference[0] > ours[0] else "less than"
    print(f"the reference takes {verdict} {TIMES} times as long to the same bits")


if __name__ == "__main__":
    main()
