"""What stands after the cursor on its line is not said again, and what is still to be closed is closed."""

import pytest

from tinycode_ls.fitting import fit_before


@pytest.mark.parametrize(
    ("line", "text", "rest", "fitted"),
    [
        ("print(", "total)", ")", "total"),
        ("print(sum(", "items)", ")", "items)"),  # one of the two brackets is still to be closed
        ("print(sum(", "items))", ")", "items)"),
        ("call(", "first, second)", ", second)", "first"),
        ('name = "', 'value"', '"', "value"),
        ("x = [", "1, 2]", "]", "1, 2"),
        ("f(", "a).g(b)", ")", "a).g(b"),
        ("f(", "a);", ");", "a"),
        ("", "})", ");", "}"),
        ("if x", " == bar", "rest", " == bar"),  # an accident of letters
        ("f(", "items)", "", "items)"),
        ("f(", "items)", "  ", "items)"),
    ],
)
def test_nothing_is_doubled(line: str, text: str, rest: str, fitted: str) -> None:
    """line + fitted + rest is what a person would have written."""
    assert fit_before(line, text, rest) == fitted
