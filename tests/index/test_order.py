"""What goes into an index that is too small for everything."""

import random
from pathlib import Path

from tinycode_ls.index.order import nearest_first

ROOT = Path("/r")


def order(names: list[str], *focus: str) -> list[str]:
    """Names below the root, in order."""
    paths = [ROOT / name for name in names]
    random.Random(0).shuffle(paths)
    return [path.relative_to(ROOT).as_posix() for path in nearest_first(paths, [ROOT / name for name in focus], [ROOT])]


def test_same_language_before_near_and_prose_last() -> None:
    """A far Python file comes before a near one in JavaScript, and that before a near text."""
    names = ["src/web/readme.md", "src/web/app.js", "lib/far/away.py", "src/web/view.py", "src/model.py"]
    assert order(names, "src/web/open.py") == [
        "src/web/view.py",
        "src/model.py",
        "lib/far/away.py",
        "src/web/app.js",
        "src/web/readme.md",
    ]


def test_the_nearest_of_several_open_documents_counts() -> None:
    """Each language that is open is the same language."""
    assert order(["a/x.go", "b/y.py", "c/z.py", "d/w.rs"], "b/open.py", "a/open.go") == [
        "a/x.go",
        "b/y.py",
        "c/z.py",
        "d/w.rs",
    ]


def test_with_nothing_open_the_commonest_code_comes_first_from_the_top() -> None:
    """Many texts do not make a text project."""
    names = ["deep/er/a.rs", "top.rs", "one.py", *[f"notes/{number}.md" for number in range(9)]]
    assert order(names)[:3] == ["top.rs", "deep/er/a.rs", "one.py"]


def test_nothing_is_lost_and_the_order_is_always_the_same() -> None:
    """Whatever order they came in."""
    names = [f"d{number % 7}/f{number}.{kind}" for number in range(50) for kind in ("py", "md", "odd")]
    assert sorted(order(names, "d3/x.py")) == sorted(names)
    assert order(names, "d3/x.py") == order(names[::-1], "d3/x.py")
