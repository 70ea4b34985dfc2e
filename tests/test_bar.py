"""A bar wipes what it drew, on every terminal."""

import io

from tinycode_ls.bar import Bar


class Terminal(io.StringIO):
    """One that knows carriage returns and nothing else."""

    def isatty(self):
        return True

    def shows(self):
        line = ""
        for part in self.getvalue().split("\r"):
            line = part + line[len(part) :]
        return line


def test_a_bar_is_drawn_over_itself_and_wiped_away():
    terminal = Terminal()
    bar = Bar(terminal)
    bar(5, 5, "commits read, and a long one")
    bar(5, 5, "lines")
    assert terminal.shows().rstrip().endswith("] 5 of 5 lines, 0 s left")
    bar.close()
    assert terminal.shows().strip() == "" and terminal.getvalue().endswith("\r")


def test_nothing_is_drawn_where_nobody_looks():
    stream = io.StringIO()
    bar = Bar(stream)
    bar(1, 2, "x")
    bar.close()
    assert stream.getvalue() == ""
