"""Steps of a search that has one hypothesis left: several of its bytes in a batch, as the indexes expect them.

With one hypothesis a step is nearly all overhead, and most searches have just one. Nothing is decided here: the same
probabilities, earlier. Where the search goes another way, what was computed for the rest is thrown away.
"""

from .hypotheses import Hypotheses, Ids
from .mixture import Predictor

MOST_DRAFTED = 16


class Draft:
    """Guards that what was computed ahead is only used for the very hypothesis and byte it was computed for."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._text, self._after = b"", list[Hypotheses]()
        self._used = 0

    def step(self, now: Hypotheses, parents: Ids, ids: Ids) -> Hypotheses:
        """As `Predictor.step`."""
        if len(ids) > 1 or self._predictor.mixer is None:
            return self._predictor.step(now, parents, ids)
        if not self._expects(now, int(ids[0])):
            self._text, self._after = self._predictor.ahead(now.take(parents), int(ids[0]), MOST_DRAFTED)
            self._used = 0
        self._used += 1
        return self._after[self._used - 1]

    def _expects(self, now: Hypotheses, byte: int) -> bool:
        used = self._used
        return 0 < used < len(self._after) and now is self._after[used - 1] and byte == self._text[used]
