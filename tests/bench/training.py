"""Training speed: bytes per second of the loop, and its share of the machine's own bf16 matrix-product rate."""

import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from trainer.loop import StepFigures, start_run, train, use_bfloat16
from trainer.recipe import Recipe
from trainer.samples import Sample
from trainer.validation import Quality


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


def main() -> None:
    """Print bytes/s and the share."""
    recipe = Recipe(steps=40, validate_every=1000)
    data = np.random.default_rng(0).integers(32, 127, 2_000_000).astype(np.uint8)
    listener = Last()
    dtype = torch.bfloat16 if use_bfloat16("auto", torch.device("cpu")) else torch.float32
    before = matrix_rate(dtype)
    with tempfile.TemporaryDirectory() as folder:
        train(start_run(recipe, "bench"), data, data[:20_000], Path(folder), listener)
    first, last = listener.figures[9], listener.figures[-1]
    rate = (last.bytes_read - first.bytes_read) / (last.seconds - first.seconds)
    machine = (before + matrix_rate(dtype)) / 2
    share = rate * flops_per_byte(recipe) / machine
    print(f"1 x {recipe.hidden} LSTM: {rate:,.0f} bytes/s on {torch.get_num_threads()} threads, {dtype}")
    print(f"matrix products of that size: {machine / 1e9:,.0f} GFLOP/s; training reaches {share:.0%} of it")


if __name__ == "__main__":
    main()
