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

    def follow(self, offset: int, text: bytes) -> Offsets:
        """Offsets [len(text)] after each byte of `text`, from one on."""
        found = []
        for byte in text:
            same = offset >= 0 and self.text[offset] == byte and offset + 1 < len(self.text)
            offset = offset + 1 if same else OFF
            found.append(offset)
        return np.array(found, np.int64)

    def evidence(self, offsets: Offsets) -> Evidence:
        """One slot: the byte that the line below has here, once."""
        on = np.flatnonzero(offsets >= 0)
        once = (offsets >= 0).astype(np.float32)[:, None]
        return Evidence(once, once, on, np.zeros_like(on), self._bytes[offsets[on]])
