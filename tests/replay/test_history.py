"""Which lines count as typed, and that nothing around a line comes from its future."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tinycode_ls.errors import HistoryError
from tinycode_ls.replay.history import Line, Situations, added_lines, draw
from tinycode_ls.replay.repository import Repository


def lines_of(folder: Path, commits: int = 50, count: int = 10_000) -> list[Line]:
    """Every line worth retyping."""
    with Repository(folder) as repository:
        found = added_lines(repository, repository.commits(commits), lambda: None)
        situations = Situations(repository)
        return [situations.of(added) for added in draw(found, count, seed=1)]


BEFORE = "import os\n\n\ndef first():\n    return os.name\n\n\ndef last():\n    return os.sep\n"
AFTER = """import os
import sys


def first():
    value = os.name
    return value


def last():
    return sys.path
"""


def test_each_added_line_stands_between_the_new_text_above_and_the_old_text_below(project) -> None:
    """`import sys` is written first: the lines that the commit adds further down are not there yet."""
    project.commit(a_py=BEFORE)
    project.commit(a_py=AFTER)
    found = {line.text: line for line in lines_of(project.folder)}
    assert set(found) == {"import sys", "    value = os.name", "    return value", "    return sys.path"}
    assert found["import sys"].left == "import os\n"
    assert found["import sys"].right == "\n" + BEFORE.removeprefix("import os\n")
    assert found["    return value"].left == AFTER.partition("    return value")[0]
    assert found["    return value"].right == "\n\n\ndef last():\n    return os.sep\n"
    assert found["    return sys.path"].right == "\n"  # the line that it replaces is gone


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_line_of_the_future_is_around_a_line(project, data) -> None:
    """Random edits: what is above is the new file's beginning, what is below is the end of the old one."""
    names = st.lists(st.sampled_from([f"name_{n} = {n}" for n in range(12)]), max_size=14)
    old, new = data.draw(names), data.draw(names)
    project.commit(a_py="".join(f"{line}\n" for line in old) + "# end\n")
    project.commit(a_py="".join(f"{line}\n" for line in new) + "# end\n")
    try:
        found = [line for line in lines_of(project.folder, commits=1) if line.path == "a.py"]
    except HistoryError:
        return  # nothing was added
    old_text = "\n" + "".join(f"{line}\n" for line in old) + "# end\n"
    for line in found:
        assert line.left == "".join(f"{text}\n" for text in new[: line.number])
        assert line.text == new[line.number] and old_text.endswith(line.right) and line.right.endswith("# end\n")


def test_the_number_of_lines_is_that_of_git(project) -> None:
    """Every line that `git diff` shows as added, of five characters and more, is there once."""
    project.commit(a_py="x = 12345\n" * 3)
    project.commit(a_py="y = 12345\n" + "x = 12345\n" * 3 + ")\n" + "z = 12345\n")
    assert [line.text for line in lines_of(project.folder)] == ["y = 12345", "z = 12345"]


def test_a_moved_file_is_not_typed_again(project) -> None:
    """Only the line that changed on the way."""
    text = "".join(f"value_{number} = {number}\n" for number in range(30))
    project.commit(a_py=text)
    project.git("mv", "a.py", "b.py")
    project.commit(b_py=text + "added = True\n")
    (line,) = lines_of(project.folder)
    assert (line.path, line.text, line.left) == ("b.py", "added = True", text)


def test_what_is_no_source_is_left_out(project) -> None:
    """Binary and deleted files, links, submodules, secrets, lock files, minified text, other encodings."""
    project.commit(a_py="first = 1\n", gone_py="to be deleted\n")
    (project.folder / "link.py").symlink_to("a.py")
    (project.folder / ".env").write_text("TOKEN=abcdefgh\n")
    (project.folder / "uv.lock").write_text("name = 'abcdefgh'\n")
    project.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module.py")
    project.commit(
        a_py="first = 1\nsecond = 2\n", gone_py=None, b_py=b"a\0bcdefgh\n", c_py=b"caf\xe9 = 12\n", d_py="x" * 5000
    )
    assert [line.text for line in lines_of(project.folder)] == ["second = 2"]


def test_line_ends_and_a_byte_order_mark_are_no_text(project) -> None:
    """CRLF in, LF out, and the lines are still the right ones."""
    project.commit(a_py=b"\xef\xbb\xbffirst = 1\r\nthird = 3\r\n")
    project.commit(a_py=b"\xef\xbb\xbffirst = 1\r\nsecond = 2\r\nthird = 3\r\n")
    (line,) = lines_of(project.folder)
    assert (line.left, line.text, line.right) == ("first = 1\n", "second = 2", "\nthird = 3\n")


def test_odd_names(project) -> None:
    """Blanks, quotes, line ends, letters beyond ASCII, what looks like an option."""
    project.commit()
    for name in ('two words".py', "new\nline.py", "naïve-😋.py", "-option.py"):
        (project.folder / name).write_text("value = 12\n")
    project.commit()
    assert {line.path for line in lines_of(project.folder)} == {
        'two words".py',
        "new\nline.py",
        "naïve-😋.py",
        "-option.py",
    }


def test_one_commit_does_not_drown_the_others(project) -> None:
    """A big import gives a tenth of the lines as long as the others have enough."""
    project.commit()
    big = project.commit(big_py="".join(f"big_{number} = {number}\n" for number in range(500)))
    for commit in range(10):
        project.commit(small_py="".join(f"small_{commit}_{number} = 1\n" for number in range(10)))
    found = lines_of(project.folder, count=50)
    assert len(found) == 50
    assert sum(line.commit == big for line in found) <= 5
    assert len(lines_of(project.folder, count=300)) == 300


def test_merges_are_skipped_and_their_commits_are_not(project) -> None:
    """The line typed on the branch counts once; the side that was merged into it is not the past of that line."""
    project.commit(a_py="first = 1\n")
    project.git("checkout", "-qb", "side")
    project.commit(b_py="on_the_side = 1\n")
    project.git("checkout", "-q", "main")
    project.commit(c_py="on_main = 1\n")
    project.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    assert sorted(line.text for line in lines_of(project.folder)) == ["on_main = 1", "on_the_side = 1"]


def test_a_folder_inside_a_repository_is_the_workspace(project) -> None:
    """Paths count from the folder; what is beside it does not."""
    project.commit()
    project.commit(src__a_py="inside = 1\n", other__b_py="outside = 1\n")
    (line,) = lines_of(project.folder / "src")
    assert (line.path, line.text) == ("a.py", "inside = 1")
    with Repository(project.folder / "src") as repository:
        assert list(repository.files("HEAD")) == ["a.py"]


def test_the_same_seed_draws_the_same_lines(project) -> None:
    """And another seed others."""
    project.commit()
    project.commit(a_py="".join(f"value_{number} = 1\n" for number in range(200)))
    with Repository(project.folder) as repository:
        found = added_lines(repository, repository.commits(9), lambda: None)
        assert draw(found, 20, seed=1) == draw(found, 20, seed=1) != draw(found, 20, seed=2)


def test_nothing_that_a_repository_names_is_run(project, tmp_path: Path) -> None:
    """External diff, text conversion, fsmonitor, a paranoid pager: configured, and never started."""
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\n")
    trap.chmod(0o755)
    (project.folder / ".gitattributes").write_text("*.py diff=trap\n")
    project.commit(a_py="first = 1\n")
    project.commit(a_py="first = 1\nsecond = 2\n")
    for key in ("core.fsmonitor", "diff.external", "diff.trap.textconv", "diff.trap.command", "core.pager"):
        project.git("config", key, str(trap))
    assert [line.text for line in lines_of(project.folder)] == ["second = 2"]
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (lambda project: project.folder / "nowhere", "no such folder"),
        (lambda project: project.folder, "no commits yet"),
        (lambda project: (project.commit(a_py="x = 12345\n"), project.folder)[1], "no commit whose parent is here"),
        (lambda project: (project.commit(), project.commit(), project.folder)[2], "added no line of source code"),
    ],
)
def test_without_a_past_there_is_one_line(project, make, found: str) -> None:
    """No folder, no commit, one commit, no source: said, with what to do."""
    with pytest.raises(HistoryError, match=found) as caught:
        lines_of(make(project))
    assert "\n" not in str(caught.value)


def test_a_folder_without_git(tmp_path: Path) -> None:
    """Git's own words, in one line."""
    with pytest.raises(HistoryError, match="not a git repository"):
        lines_of(tmp_path)


def test_a_shallow_clone_replays_what_it_has(project, tmp_path: Path) -> None:
    """The last commit has no parent there; of one commit only, the remedy is named."""
    project.commit(a_py="first = 1\n")
    project.commit(a_py="first = 1\nsecond = 2\n")
    project.commit(a_py="first = 1\nsecond = 2\nthird = 3\n")
    for depth in (2, 1):
        project.git("clone", "-q", "--depth", str(depth), project.folder.as_uri(), str(tmp_path / f"depth{depth}"))
    assert [line.text for line in lines_of(tmp_path / "depth2")] == ["third = 3"]
    with pytest.raises(HistoryError, match="unshallow"):
        lines_of(tmp_path / "depth1")


def test_a_bare_repository_has_a_past_too(project, tmp_path: Path) -> None:
    """No work tree is needed."""
    project.commit()
    project.commit(a_py="first = 1\n")
    project.git("clone", "-q", "--bare", str(project.folder), str(tmp_path / "bare.git"))
    assert [line.text for line in lines_of(tmp_path / "bare.git")] == ["first = 1"]
