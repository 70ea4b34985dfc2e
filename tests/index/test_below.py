"""The line below the cursor is followed only as long as what is typed agrees with it."""

from tinycode_ls.index.below import OFF, LineBelow


def test_the_first_line_with_text_is_followed_from_its_beginning() -> None:
    """The rest of the cursor's own line and blank lines do not count."""
    below = LineBelow(b")\n\n    return x\nmore\n")
    assert below.text == b"    return x\n"
    assert below.start(b"    re").tolist() == [6]
    assert below.start(b"    x").tolist() == [OFF]


def test_a_byte_that_departs_ends_it() -> None:
    """For good; what agreed until then is evidence of one byte at each place."""
    below = LineBelow(b"\nabc\n")
    after = below.follow(0, b"abzc")
    assert after.tolist() == [1, 2, OFF, OFF]
    table = below.evidence(after).table()
    assert table[0, 0].argmax() == ord("b") and table[1, 0].argmax() == ord("c") and table[2:].sum() == 0


def test_the_line_is_followed_to_its_end_and_no_further() -> None:
    """Its line end is the last byte that it says."""
    assert LineBelow(b"\nab\n").follow(0, b"ab\n").tolist() == [1, 2, OFF]


def test_nothing_below_is_no_evidence() -> None:
    """An empty right side never says anything."""
    below = LineBelow(b"")
    assert below.evidence(below.start(b"")).totals.tolist() == [[0.0]]
