"""Keeps out of memory what we never use; asks the C library (glibc; elsewhere nothing is done) to keep less than it likes."""

import ctypes
import sys

M_ARENA_MAX = -8


def leave_out_tls() -> None:
    """Before asyncio is imported: OpenSSL is 4 MB, for connections that we never make. asyncio does without, as in a Python
    that was built so."""
    sys.modules.setdefault("ssl", None)  # type: ignore[arg-type]  # what Python takes for a module that is not there


def share_one_heap() -> None:
    """One heap for all threads, before there are any: each keeps what it freed, 13 MB with the index of 2 MB of text."""
    glibc = _glibc()
    if glibc is not None:
        glibc.mallopt(M_ARENA_MAX, 1)


def give_back() -> None:
    """Gives freed memory back to the system: up to 30 MB after a build, kept for a next time."""
    glibc = _glibc()
    if glibc is not None:
        glibc.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    library = ctypes.CDLL(None) if sys.platform.startswith("linux") else None
    return library if hasattr(library, "malloc_trim") else None
