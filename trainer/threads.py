"""How many threads a run by the clock uses: as many as make its steps fastest just now.

Threads that share their cores with other work wait for each other most of the time: beside two busy processes on two cores
`tune` read 3 kB/s with two threads and 9 with one. What else the machine does changes, so the question is asked again and
again. A run by steps or epochs keeps its threads: there the same seed gives the same bytes.
"""

from statistics import median

TRIED_STEPS = 3
STEPS_BETWEEN = 150


class ThreadChoice:
    """Tries `most` threads, half of them, a quarter, ... one, for TRIED_STEPS each; then the fastest for STEPS_BETWEEN;
    then all over again."""

    def __init__(self, most: int) -> None:
        self.counts = [most >> halvings for halvings in range(most.bit_length())]
        self.best = most
        self._seconds: list[float] = []
        self._left = 0

    @property
    def now(self) -> int:
        """Threads for the next step."""
        return self.best if self._left else self.counts[len(self._seconds) // TRIED_STEPS]

    def took(self, seconds: float) -> None:
        """What that step took."""
        if self._left:
            self._left -= 1
            return
        self._seconds.append(seconds)
        if len(self._seconds) == TRIED_STEPS * len(self.counts):
            tries = [self._seconds[at : at + TRIED_STEPS] for at in range(0, len(self._seconds), TRIED_STEPS)]
            self.best = min(zip(map(median, tries), self.counts, strict=True))[1]
            self._seconds, self._left = [], STEPS_BETWEEN
