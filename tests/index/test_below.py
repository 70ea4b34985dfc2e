"""The line below the cursor is followed only as long as what is typed agrees with it."""

import numpy as np

from tinycode_ls.index.below import OFF, LineBelow


def test_the_first_line_with_text_is_followed_from_its_beginning() -> None:
    """The rest of the cursor's own line and blank lines do not count."""
    below = LineBelow(b")\n\n    return x\nmore\n")
    assert below.text == b"    return x\n"
    assert below.start(b"    re").tolist() == [6]
    assert below.start(b"    x").tolist() == [OFF]


def test_a_byte_that_departs_ends_it() -> None:
    """Two hypotheses: one that agrees, one that does not."""
    below = LineBelow(b"\nabc\n")
    after = below.extend(np.array([0, 0]), np.array([ord("a"), ord("z")]))
    assert after.tolist() == [1, OFF]
    counts = below.evidence(after).counts
    assert counts[0, 0].argmax() == ord("b") and counts[1].sum() == 0


def test_nothing_below_is_no_evidence() -> None:
    """An empty right side never says anything."""
    below = LineBelow(b"")
    assert below.evidence(below.start(b"")).totals.tolist() == [[0.0]]
