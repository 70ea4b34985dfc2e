"""Model files on disk: reading one without trusting it. Writing is the trainer's (export.py), which needs `onnx`.

A model file is data: an ONNX graph in one piece of at most 64 MB. It is loaded from memory, so that a graph which asks
for external data files cannot reach any.
"""

from pathlib import Path

from ..errors import ModelFileError, reason_of

MOST_BYTES = 64 * 1024 * 1024
SMALLEST = 1024


def read_model_file(path: Path) -> bytes:
    """The bytes of a model file; raises ModelFileError when it is absent, a folder, unreadable, or of an absurd size."""
    path = Path(path)
    try:
        if path.is_dir():
            raise ModelFileError(f"{path}: a folder; expected a model file made by `tinycode-train`")
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise ModelFileError(f"{path}: {size} bytes, expected at most {MOST_BYTES}; is it a tinycode model?")
        if size < SMALLEST:
            raise ModelFileError(f"{path}: {size} bytes, too small for a model; copy or train it again")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ModelFileError(f"{path}: no such model file; train one with `tinycode-train fit` or `tune`") from error
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read ({reason_of(error)}); check its permissions") from error
