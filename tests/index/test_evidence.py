"""Evidence of all slots at once is what each range says by itself."""

import numpy as np

from tinycode_ls.index.evidence import MOST_SAMPLES, Evidence, Voice, gather
from tinycode_ls.index.suffixes import SuffixIndex


def test_counts_of_each_order() -> None:
    """After `b` come c and d, after `ab` only c."""
    index = SuffixIndex(b"abc bd abc bd")
    evidence = gather(Voice((1, 2)), index, *index.start(b"ab"))
    assert evidence.totals.tolist() == [[4, 2]]
    assert evidence.table()[0, 0, ord("c")] == 2 and evidence.table()[0, 0, ord("d")] == 2
    assert evidence.table()[0, 1].sum() == 2 and evidence.table()[0, 1, ord("c")] == 2


def test_the_latest_place_is_the_last_in_the_text() -> None:
    """`ab` was followed by c, c and then d: the latest says d."""
    index = SuffixIndex(b"abc abc abd x", with_positions=True)
    evidence = gather(Voice((2,), latest=(2,)), index, *index.start(b"ab"))
    assert evidence.table()[0, 1].argmax() == ord("d") and evidence.table()[0, 1].sum() == 1


def test_a_large_range_is_sampled_evenly_and_its_size_is_told() -> None:
    """Half of the followers are x, half y; the sample keeps the shares."""
    index = SuffixIndex(b"axay" * 1000)
    evidence = gather(Voice((1,)), index, *index.start(b"a"))
    assert evidence.totals[0, 0] == 2000
    assert evidence.table()[0, 0].sum() == MOST_SAMPLES
    assert abs(evidence.table()[0, 0, ord("x")] - MOST_SAMPLES / 2) <= 2


def test_no_context_no_counts() -> None:
    """A context that never occurs leaves its slot empty."""
    index = SuffixIndex(b"abc")
    evidence = gather(Voice((1, 3)), index, *index.start(b"zz"))
    assert np.count_nonzero(evidence.table()) == 0 and evidence.totals.tolist() == [[0, 0]]


def test_a_line_is_known_by_what_stood_before_it_however_deep_it_is_indented() -> None:
    """40 blanks fill every order; what began before them tells the two places apart."""
    blanks = b" " * 40
    index = SuffixIndex(b"first(\n" + blanks + b"x\n" + b"second(\n" + blanks + b"y\n")
    evidence = gather(Voice((32,), anchors=(8,)), index, *index.start(b"second(\n" + blanks, (48,)))
    assert evidence.table()[0, 0, ord("x")] == evidence.table()[0, 0, ord("y")] == 1
    assert evidence.totals[0, 1] == evidence.table()[0, 1, ord("y")] == 1


def test_what_was_seen_is_the_table_without_its_zeros() -> None:
    """Of two voices at three places, one of which nobody knows: counts, favourites and varieties, by looking at all bytes."""
    index = SuffixIndex(b"abc abd abd bbd xbe", with_positions=True)
    contexts = [index.start(context) for context in (b"ab", b"\xff", b"b")]
    low, high = (np.concatenate(side) for side in zip(*contexts, strict=True))
    evidence = Evidence.join([gather(voice, index, low, high) for voice in (Voice((1, 2), latest=(2,)), Voice((2, 3)))])
    table, seen = evidence.table(), evidence.seen
    assert table.shape == (3, 5, 256) and np.array_equal(table.sum(axis=2), evidence.taken)
    rows, ids = np.nonzero(table.any(axis=1))
    assert np.array_equal(seen.rows, rows) and np.array_equal(seen.ids, ids)
    assert np.array_equal(seen.counts, table[rows, :, ids])
    assert np.array_equal(seen.favourite, table.argmax(axis=2)) and np.array_equal(seen.most, table.max(axis=2))
    assert np.array_equal(seen.variety, np.count_nonzero(table, axis=2))
