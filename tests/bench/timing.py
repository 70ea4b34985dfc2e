"""Seconds that something takes, for the benchmarks beside it."""

import time
from collections.abc import Callable


def seconds(run: Callable[[], object], repeats: int) -> list[float]:
    """Of each of `repeats` runs, after one that does not count."""
    run()
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        run()
        taken.append(time.perf_counter() - began)
    return taken
