"""One thread for numpy's products: ours are too small for two, and a second one that waits spins all the while."""

import os

LIMITS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""Read by the libraries numpy comes with, once, when it is imported."""


def use_one_thread() -> None:
    """Before numpy is imported. Who sets a number of threads keeps it."""
    for limit in LIMITS:
        os.environ.setdefault(limit, "1")
