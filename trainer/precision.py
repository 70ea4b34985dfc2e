"""Whether a run multiplies in bfloat16: where that is faster, which no flag of the CPU tells.

With AMX it is 3 to 5 times as fast as float32, with AVX-512 alone it was 0.6 times as fast (trainer/LOG.md), and PyTorch
calls both supported. So a product of the size of a training step's is timed both ways.
"""

import time
from functools import cache

import torch

PRODUCT = 64, 512, 2048
"""A step of the shipped shape: streams, units, gates."""
LEAST_GAIN = 1.2
"""Below it, float32: exact, and the two are told apart with certainty."""
TRIALS, REPEATS = 7, 5


def use_bfloat16(precision: str, device: torch.device) -> bool:
    """`auto`: where it is faster by LEAST_GAIN."""
    if precision != "auto":
        return precision == "bfloat16"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return device.type == "cpu" and _has_bfloat16() and gain_on_cpu() >= LEAST_GAIN


def _has_bfloat16() -> bool:
    """PyTorch for macOS comes without the library that is asked here."""
    there = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return there and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


@cache
def gain_on_cpu() -> float:
    """How many times as fast as float32 this CPU multiplies bfloat16; the best of a few trials, some milliseconds in all."""
    return _best_seconds(torch.float32) / _best_seconds(torch.bfloat16)


@torch.no_grad()
def _best_seconds(dtype: torch.dtype) -> float:
    rows, inner, columns = PRODUCT
    left, right = torch.ones(rows, inner, dtype=dtype), torch.ones(columns, inner, dtype=dtype)
    best = float("inf")
    for _ in range(TRIALS):
        begin = time.perf_counter()
        for _ in range(REPEATS):
            torch.nn.functional.linear(left, right)
        best = min(best, time.perf_counter() - begin)
    return best
