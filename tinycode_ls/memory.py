"""Gives freed memory back to the system. glibc keeps what a build freed, up to 30 MB here, for a next time."""

import ctypes
import sys


def give_back() -> None:
    """Does nothing where the C library has no `malloc_trim` (it is glibc's)."""
    if sys.platform.startswith("linux"):
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
