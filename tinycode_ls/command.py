"""What both command lines do around their work: an error is one line, a reader that went away is none."""

import io
import os
import sys
from collections.abc import Callable
from contextlib import suppress

from .errors import TinycodeError

INTERRUPTED, NOBODY_READS = 130, 141
"""Exit codes as a shell gives them, for SIGINT and SIGPIPE."""


def run_command(program: str, work: Callable[[], int], interrupted: Callable[[], str] = lambda: "") -> int:
    """The exit code: that of `work`; 2 where something the user gave is wrong, or the output cannot be written.

    `interrupted` says what Ctrl-C left behind.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # a file's name may be no text, and a terminal may know few characters
            stream.reconfigure(errors="backslashreplace")
    try:
        code = work()
        if sys.stdout and not sys.stdout.closed:
            sys.stdout.flush()
        return code
    except TinycodeError as error:
        say(f"{program}: {error}")
        return 2
    except KeyboardInterrupt:
        if said := interrupted():
            say(f"\n{program}: {said}")
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return NOBODY_READS
    except OSError as error:
        _drop_output()
        what = f"{error.filename or 'output'}: {error.strerror or error}"
        say(f"{program}: {what}; free some space or choose another place")
        return 2


def say(line: str) -> None:
    """To a person, where there is one."""
    if sys.stderr:
        with suppress(OSError):
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()


def _drop_output() -> None:
    """Else Python tries once more when it ends, and says so."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
