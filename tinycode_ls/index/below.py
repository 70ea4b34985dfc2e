"""The line below the cursor as a voice: a new line often starts like it, and seldom repeats it whole.

Without it the index would offer that very line: on disk, before the edit, it stood where the cursor is now.
"""

import numpy as np
import numpy.typing as npt

from .evidence import Evidence

Offsets = npt.NDArray[np.int64]

OFF = -1
"""The text typed on this line is not how the line below begins."""


class LineBelow:
    """Immutable. An offset is how far the line below was followed, or OFF."""

    def __init__(self, right: bytes) -> None:
        after_line = right[right.find(b"\n") + 1 :] if b"\n" in right else b""
        lines = (line for line in after_line.split(b"\n") if line.strip())
        self.text = next(lines, b"") + b"\n"
        self._bytes = np.frombuffer(self.text, np.uint8)

    def start(self, line: bytes) -> Offsets:
        """Offset [1] after what stands on the cursor's line before it."""
        follows = len(self.text) > 1 and self.text.startswith(line) and len(line) < len(self.text)
        return np.array([len(line) if follows else OFF])

    def extend(self, offsets: Offsets, ids: npt.NDArray[np.int64]) -> Offsets:
        """Offsets [B] after one more byte each."""
        same = (offsets >= 0) & (self._bytes[offsets] == ids)
        return np.where(same & (offsets + 1 < len(self._bytes)), offsets + 1, OFF)

    def evidence(self, offsets: Offsets) -> Evidence:
        """One slot: the byte that the line below has here, once."""
        counts = np.zeros((len(offsets), 1, 256), np.float32)
        on = np.flatnonzero(offsets >= 0)
        counts[on, 0, self._bytes[offsets[on]]] = 1
        return Evidence(counts, (offsets >= 0).astype(np.float32)[:, None])
