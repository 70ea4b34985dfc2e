"""The command `tinycode-ls`: serves over stdio, or does one thing and exits. Parses arguments and prints; no logic.

Imports wait until a sub-command needs them: `--help` must not load an engine.
"""

import argparse
import json
import sys
from pathlib import Path

from . import __version__
from .command import run_command, say
from .memory import leave_out_tls
from .threads import use_one_thread

EPILOG = "Nothing leaves this machine. A model of your own: `tinycode-train tune` in your repository."


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0, 2 when something the user gave is wrong."""
    options = parser().parse_args(arguments)
    use_one_thread()
    return run_command("tinycode-ls", lambda: int(options.run(options)))


def parser() -> argparse.ArgumentParser:
    """Every command and flag."""
    top = argparse.ArgumentParser(
        prog="tinycode-ls",
        description="Language server for code completion by a small model of your own.",
        epilog=EPILOG,
    )
    top.add_argument("--version", action="version", version=f"tinycode-ls {__version__}")
    top.add_argument("--model", help="model file (default: the workspace's, yours, the shipped one)")
    top.add_argument(
        "--tcp",
        metavar="HOST:PORT",
        help="serve one client on a socket of this machine instead of stdio, for debugging",
    )
    top.set_defaults(run=serve)
    commands = top.add_subparsers(metavar="COMMAND", title="without an editor", help="one of:")
    _add_complete(commands)
    _add_replay(commands)
    _add_check(commands)
    return top


def _add_complete(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    sub = commands.add_parser(
        "complete", help="the completions at a place in a file, as when an editor is asked for them: also unsure ones"
    )
    sub.add_argument(
        "place", metavar="FILE[:LINE[:COLUMN]]", help="- is standard input; from 1; default: the end of the file"
    )
    sub.add_argument("-n", type=_count, default=1, metavar="N", help="how many alternatives (default 1)")
    sub.add_argument("--path", default="", metavar="NAME", help="what standard input is called, for its language")
    _add_common(sub)
    sub.set_defaults(run=complete)


def _add_replay(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    sub = commands.add_parser(
        "replay", help="retype lines of your git history; keystrokes saved, precision, latency, calibration"
    )
    sub.add_argument(
        "repository", nargs="?", default=".", metavar="REPO", help="a folder in a git repository (default .)"
    )
    sub.add_argument("--commits", type=_count, default=50, metavar="N", help="how far back to look (default 50)")
    sub.add_argument("--lines", type=_count, default=100, metavar="N", help="lines to retype (default 100)")
    sub.add_argument("--seed", type=int, default=1, metavar="N", help="same seed, same lines (default 1)")
    sub.add_argument(
        "--set-precision", action="store_true", help="find the `precision` that saves most, and say where to set it"
    )
    _add_common(sub)
    sub.set_defaults(run=replay)


def _count(text: str) -> int:
    if not (text.isdecimal() and len(text) < 10 and int(text)):
        raise argparse.ArgumentTypeError(f"{text}; expected a whole number from 1")
    return int(text)


def _add_check(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    sub = commands.add_parser(
        "check", help="what is loaded, from where, how big, how fast; problems and their remedies"
    )
    _add_common(sub)
    sub.set_defaults(run=check)


def _add_common(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--json", action="store_true", help="print JSON")
    sub.add_argument("--model", default=argparse.SUPPRESS, help="model file, as for the server")


def serve(options: argparse.Namespace) -> int:
    """The language server, until the client leaves."""
    leave_out_tls()
    from .serve import serve_stdio, serve_tcp

    if options.tcp:
        return serve_tcp(options.tcp, options.model)
    return serve_stdio(options.model)


def complete(options: argparse.Namespace) -> int:
    """One completion in the terminal."""
    from .complete import complete_at

    standard_input = sys.stdin.buffer if sys.stdin else None
    found, problems = complete_at(options.place, options.model, options.n, standard_input, options.path)
    for problem in problems:
        say(f"tinycode-ls: {problem}")
    if options.json:
        print(json.dumps([item.to_dict() for item in found], indent=2))
    elif not found:
        say("tinycode-ls: no suggestion here")
    for item in () if options.json else found:
        print(item.text)
        say(f"  {item.summary}")
    return 0


def replay(options: argparse.Namespace) -> int:
    """What the completions would have saved on the lines of the last commits."""
    from .bar import Bar
    from .replay.retyping import Order, replay

    order = Order(
        Path(options.repository),
        options.commits,
        options.lines,
        options.seed,
        options.model or "",
        options.set_precision,
    )
    bar = Bar()
    try:
        report = replay(order, bar)
    finally:
        bar.close()
    print(json.dumps(report.to_dict(), indent=2) if options.json else report.to_text())
    return 0


def check(options: argparse.Namespace) -> int:
    """The state of this installation and this folder; 2 when there can be no completions."""
    from .check import check_folder

    report = check_folder(Path.cwd(), options.model)
    print(json.dumps(report.to_dict(), indent=2) if options.json else report.to_text())
    return 0 if report.works else 2
