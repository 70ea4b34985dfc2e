"""What stands after the cursor on its line is not said again, and what is still to be closed is closed."""

import time

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
        ("foo(", "bar);", ")", "bar"),  # what comes behind the bracket that the editor closed has to wait
        ("def f(", "self) -> None:", ")", "self"),
        ('s = "', 'abc";', '"', "abc"),
        ('print("', 'hello");', '")', "hello"),
        ("f(", "a)(b);", ")", "a)(b"),
        ("print(sum(", "items));", ")", "items)"),
        ('"a" + "', 'b" + "c', '"', 'b" + "c'),
        ("def f() -> ", "None:", ":", "None"),
        ("foo(", "a, b", ", b)", "a"),
        ("from pytest", ".config", "config import Config", "."),
        ("lastReturn", "ed =", "ed = null", ""),
        ("self.", "name = ", "name = 1", ""),
        ("f(", "items)", "", "items)"),
        ("f(", "items)", "  ", "items)"),
    ],
)
def test_nothing_is_said_again(line: str, text: str, rest: str, fitted: str) -> None:
    """line + fitted + rest is what a person would have written."""
    assert fit_before(line, text, rest) == fitted


def test_a_line_without_end_is_not_read_to_its_end() -> None:
    """Minified code, data: each suggestion would read megabytes."""
    text, rest = "total", ")" + "(x)" * 1_000_000
    begin = time.process_time()
    assert fit_before("f(" * 1_000_000, text, rest) == text
    assert time.process_time() - begin < 0.5, "it took 1.5 s when all was read"
