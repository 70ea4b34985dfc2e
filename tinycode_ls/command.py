"""What both command lines do around their work: an error is one line, a reader that went away is none."""

import errno
import io
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from .characters import printable
from .errors import TinycodeError, reason_of

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO)
INTERRUPTED, NOBODY_READS = 130, 141
"""Exit codes as a shell gives them, for SIGINT and SIGPIPE."""


def run_command(program: str, work: Callable[[], int], interrupted: Callable[[], str] = lambda: "") -> int:
    """The exit code: that of `work`; 2 where something the user gave is wrong, or the output cannot be written.

    `interrupted` says what Ctrl-C left behind.
    """
    if sys.stderr is None:  # it is closed, and `print` would take the standard output instead, which is the wire
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # until we end
    # else Windows runs the git.exe of somebody's folder
    os.environ.setdefault("NoDefaultCurrentDirectoryInExePath", "1")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # a file's name may be no text, and a terminal may know few characters
            stream.reconfigure(encoding=_encoding(stream), errors="backslashreplace")
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
    except OSError as error:
        _drop_output()
        if _nobody_reads(error):
            return NOBODY_READS
        remedy = "; free some space or choose another place" if error.errno in NO_ROOM else ""
        say(f"{program}: {error.filename or 'output'}: {reason_of(error)}{remedy}")
        return 2


def say(line: str) -> None:
    """To a person, where there is one."""
    with suppress(OSError):
        sys.stderr.write("\n".join(map(printable, line.split("\n"))) + "\n")
        sys.stderr.flush()


def _encoding(stream: TextIO) -> str | None:
    """Another than Python took: on Windows that of a pipe or file is a code page, and who reads ours (an editor the log, a
    person a file of samples) expects UTF-8. Who names one gets it."""
    is_code_page = os.name == "nt" and not stream.isatty() and "PYTHONIOENCODING" not in os.environ
    return "utf-8" if is_code_page else None


def _nobody_reads(error: OSError) -> bool:
    """Windows calls a pipe that was closed an invalid argument, sometimes."""
    unnamed = os.name == "nt" and error.errno == errno.EINVAL and not error.filename
    return unnamed or isinstance(error, BrokenPipeError)


def _drop_output() -> None:
    """Else Python tries once more when it ends, and says so."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
