"""The documentation is true: every command, flag and setting is in the README or in the help, with its default."""

import argparse
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from tinycode_ls import __version__, cli
from tinycode_ls.settings import Settings
from trainer import cli as trainer_cli

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def settings_table() -> str:
    """The README's table, made from the settings."""
    rows = ["| setting | default | |", "|---|---|---|"]
    for entry in fields(Settings):
        default = list(entry.default) if isinstance(entry.default, tuple) else entry.default
        shown = str(default).lower() if isinstance(default, bool) else repr(default).replace("'", '"')
        rows.append(f"| `{entry.name}` | `{shown}` | {entry.metadata['sentence']} |")
    return "\n".join(rows)


def test_the_settings_table_is_that_of_the_code() -> None:
    """Name, default, sentence. The table between the marks is `settings_table()` printed."""
    found = re.search(r"<!-- settings -->\n(.*?)\n<!-- /settings -->", README, re.S)
    assert found is not None and found[1] == settings_table()


def commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Sub-commands by name."""
    return {
        name: sub
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for name, sub in action.choices.items()
    }


@pytest.mark.parametrize(
    ("program", "parser"), [("tinycode-ls", cli.parser()), ("tinycode-train", trainer_cli.parser())]
)
def test_every_command_is_in_the_readme_and_every_flag_has_help(program: str, parser: argparse.ArgumentParser) -> None:
    """A command that nobody is told of, or a flag without a sentence, does not exist."""
    for name, sub in commands(parser).items():
        assert f"{program} {name}" in README, name
        for action in sub._actions:
            assert action.help or not action.option_strings, (name, action.dest)
        sub.format_help()


def says_its_default(action: argparse.Action) -> bool:
    """`(default 60)` or `(default: 60)`; nothing, no and an empty list go without saying."""
    if not action.default or action.default == argparse.SUPPRESS:
        return True
    default = f"{action.default:g}" if isinstance(action.default, float) else str(action.default)
    return re.search(rf"default:? {re.escape(default)}\)", str(action.help)) is not None


@pytest.mark.parametrize("parser", [cli.parser(), trainer_cli.parser()])
def test_the_help_says_the_defaults(parser: argparse.ArgumentParser) -> None:
    """What the README does not show."""
    found = [sub for first in commands(parser).values() for sub in (first, *commands(first).values())]
    silent = [(sub.prog, action.dest) for sub in found for action in sub._actions if not says_its_default(action)]
    assert not silent


def test_what_the_readme_shows_exists() -> None:
    """Every file it links to, every flag it names."""
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert link.startswith("http") or (ROOT / link).exists(), link
    known = {flag for p in (cli.parser(), trainer_cli.parser()) for flag in p._option_string_actions}
    for parser in (cli.parser(), trainer_cli.parser()):
        for sub in commands(parser).values():
            known |= set(sub._option_string_actions)
            for deeper in commands(sub).values():
                known |= set(deeper._option_string_actions)
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README)) - {"--nproc-per-node", "--no-deps"}
    assert named <= known, named - known


def test_the_changelog_knows_this_version() -> None:
    """Newest first."""
    assert re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)[1] == __version__


def test_no_trace_of_the_machine_it_was_made_on() -> None:
    """No absolute path of a developer's machine in what git tracks."""
    done = subprocess.run(
        ["git", "grep", "-nIE", r"/home/[a-z]+/|/root/", "--", "*.py", "*.md", "*.toml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    lines = [line for line in done.stdout.splitlines() if not line.startswith("tests/test_docs.py")]
    assert not lines


def test_the_first_command_prints_what_the_readme_says() -> None:
    """All but the installation, in this repository."""
    command = re.search(r"&& (printf .*) \| \.venv/bin/tinycode-ls (complete - .*)$", README, re.M)
    promised = re.search(r"It prints `(.*?)`", README)
    assert command is not None and promised is not None
    typed = subprocess.run(["sh", "-c", command[1]], capture_output=True, check=True).stdout
    server = [sys.executable, "-m", "tinycode_ls", *command[2].split()]
    done = subprocess.run(server, input=typed, capture_output=True, check=True, cwd=ROOT)
    assert done.stdout.decode().splitlines()[0].strip() == promised[1]
