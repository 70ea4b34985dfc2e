"""The split into train and valid, and the order of the documents."""

from trainer.corpus.split import Piece, order_key, split


def pieces(*lengths: int) -> list[Piece]:
    return [Piece(order_key(1, f"text {i}".encode()), f"{i}.py", 0, 0, length) for i, length in enumerate(lengths)]


def test_share_is_met() -> None:
    """Of many files about the asked share is held back."""
    train, valid = split(pieces(*[100] * 4000), 0.025)
    assert 60 < len(valid) < 140
    assert len(train) + len(valid) == 4000


def test_seed_decides() -> None:
    """Another seed gives every text another key; the same seed the same."""
    assert order_key(1, b"text") == order_key(1, b"text") != order_key(2, b"text")


def test_order_is_not_that_of_the_input() -> None:
    """Documents are shuffled, and alike however they came in."""
    given = pieces(*[100] * 50)
    train, _ = split(given, 0.025)
    assert train == split(given[::-1], 0.025)[0] != given


def test_large_file_is_not_held_back() -> None:
    """In a small repository the file held back is not the one that is most of the text."""
    for count, held_back in ((3, 2), (6, 3)):
        train, valid = split(pieces(10_000, *[100] * (count - 1)), 0.025)
        assert [piece.length for piece in valid] == [100] * held_back
        assert len(train) == count - held_back


def test_a_trivial_file_is_not_all_that_is_held_back() -> None:
    """Where all small files are too little to judge by, the tail of a larger one goes with them, and no byte is lost."""
    for lengths in ((50_000, 40_000, 60_000, 10), (10_000, 100)):
        given = pieces(*lengths)
        train, valid = split(given, 0.06)
        held_back = sum(piece.length for piece in valid)
        assert 0.05 * sum(lengths) < held_back < 0.07 * sum(lengths)
        assert held_back + sum(piece.length for piece in train) == sum(lengths)
        assert {piece.path for piece in valid} == {min(given[:-1], key=lambda p: p.length).path, given[-1].path}
        assert train == sorted(train) and valid == sorted(valid)


def test_chance_does_not_hold_back_too_little() -> None:
    """Of few files, by the hash of each, it might be none or a short one; then files are added until the share is met."""
    for lengths in (range(1000, 1040), range(500, 20_000, 400)):
        for share in (0.02, 0.06):
            train, valid = split(pieces(*lengths), share)
            assert 0.5 * share * sum(lengths) <= sum(piece.length for piece in valid) <= 0.25 * sum(lengths)
            assert len(train) + len(valid) == len(lengths)


def test_no_share_no_validation() -> None:
    """A share of 0 gives everything to training."""
    assert split(pieces(1, 2, 3), 0)[1] == []


def test_single_byte_is_not_shared() -> None:
    """One byte goes to training; two are shared."""
    assert split(pieces(1), 0.1)[1] == []
    train, valid = split(pieces(2), 0.1)
    assert (train[0].length, valid[0].length) == (1, 1)
