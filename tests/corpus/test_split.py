"""The split into train and valid, and the order of the documents."""

from trainer.corpus.split import Piece, order_key, split


def pieces(*lengths: int) -> list[Piece]:
    return [Piece(order_key(1, f"text {i}".encode()), f"{i}.py", "s", 0, length) for i, length in enumerate(lengths)]


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
    for count in (2, 3, 6):
        train, valid = split(pieces(10_000, *[100] * (count - 1)), 0.025)
        assert [piece.length for piece in valid] == [100]
        assert len(train) == count - 1


def test_no_share_no_validation() -> None:
    """A share of 0 gives everything to training."""
    assert split(pieces(1, 2, 3), 0)[1] == []


def test_single_byte_is_not_shared() -> None:
    """One byte goes to training; two are shared."""
    assert split(pieces(1), 0.1)[1] == []
    train, valid = split(pieces(2), 0.1)
    assert (train[0].length, valid[0].length) == (1, 1)
