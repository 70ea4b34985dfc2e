"""How a source file becomes the byte sequence a model reads: a header that names it, then its bytes.

The trainer writes corpora with it and the completer primes the model with it, so both must agree: it stands here once.
"""

from pathlib import PurePath

VOCABULARY = 256
"""The byte values; a byte id is its own value."""

SEPARATOR = 0
"""Opens each document. It never occurs in source text (files that hold it count as binary)."""


def document_header(path: str | PurePath) -> bytes:
    """`\\0tests/test_cli.py\\n`: the last two components of the path, so that a model knows the language and the role.

    An empty path (a buffer without a name) gives `\\0\\n`.
    """
    parts = [part for part in str(path).replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return bytes([SEPARATOR]) + "/".join(parts[-2:]).encode("utf-8", "replace").replace(b"\n", b" ") + b"\n"
