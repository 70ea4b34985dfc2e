"""How well next bytes were foretold, added up: bits per byte and the share that was the likeliest."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


@dataclass
class ByteQuality:
    """Over `count` bytes: `lost` natural logarithms of probability, `hits` bytes that were the likeliest."""

    lost: float = 0.0
    hits: int = 0
    count: int = 0

    def add(self, log_probs: Array, targets: npt.NDArray[np.uint8]) -> None:
        """log_probs [T, 256] before each of targets [T]."""
        self.lost -= float(log_probs[np.arange(len(targets)), targets].sum())
        self.hits += int((log_probs.argmax(axis=1) == targets).sum())
        self.count += len(targets)

    @property
    def bits(self) -> float:
        """Per byte."""
        return self.lost / max(self.count, 1) / math.log(2)

    @property
    def accuracy(self) -> float:
        """Share of bytes that were the likeliest, 0..1."""
        return self.hits / max(self.count, 1)
