"""Real editors with the real server: from a key to the ghost text on the screen, and from opening to the first one.

usage: python tests/bench/editors.py [vscode] [nvim012] [nvim011]          (default: all that are installed)
The repository is 2 MB of Python's own library, copied; a file of 2,000 of its lines is retyped at some of its places, in
three pieces a line, with a pause after each. The editor's own wait before it asks (its debounce) is taken off.
"""

import argparse
import fcntl
import json
import os
import pty
import random
import re
import struct
import subprocess
import sys
import sysconfig
import tempfile
import termios
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "e2e"))
from nvim import PLUGIN  # noqa: E402
from places import installed  # noqa: E402
from workbench import Workbench, build_extension  # noqa: E402

SERVER = [str(Path(sys.executable).with_name("tinycode-ls"))]
"""Not `python -m`: the folder it is started in holds copies of the library's modules."""
REPOSITORY_BYTES, FILE, FILE_LINES = 2_000_000, "argparse.py", 2000
PLACES = int(os.environ.get("PLACES", "30"))
KEY_S, PAUSE_S = 0.03, 0.7
LOG = "server.log"
REDRAW_MS = 15
"""Within this time of a key, what was on the screen before is drawn anew or gone."""
DEBOUNCE_MS = {"vscode": 50, "nvim012": 200, "nvim011": 50}
"""VS Code: `InlineCompletionsDebounce`; Neovim 0.12: `inline_completion.lua`; 0.11: our ghost.lua."""
INSTANT = """import { languages, window } from 'vscode';
export function activate(): void {
  const bar = window.createStatusBarItem('tinycode');
  bar.text = 'tinycode';
  bar.show();
  const answer = { provideInlineCompletionItems: () => [{ insertText: 'zqzq' }] };
  languages.registerInlineCompletionItemProvider({ scheme: '*' }, answer);
}
"""
"""The control: an extension of the same name and settings that says one word, and answers at once, the same to everything;
what it takes to show is VS Code's own time."""


@dataclass(frozen=True)
class Latency:
    """Of one pause: `ms` from the last key to ghost text, when there was none yet; `cold`: at a place just jumped to."""

    ms: float
    cold: bool


def make_repository(root: Path) -> Path:
    """-> the file to type in; it is a real one, cut to its first 2,000 lines."""
    library = Path(sysconfig.get_path("stdlib"))
    total = 0
    for file in [library / FILE, *sorted(library.rglob("*.py"))]:
        if {"site-packages", "test", "tests", "idlelib"} & set(file.parts) or total > REPOSITORY_BYTES:
            continue
        copy = root / file.relative_to(library)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
        total += file.stat().st_size
    typed = root / FILE
    typed.write_text("".join(typed.read_text().splitlines(keepends=True)[:FILE_LINES]))
    subprocess.run(["git", "init", "-q", root], check=True)
    return typed


def places(file: Path) -> list[tuple[int, list[str]]]:
    """(line from 1, its text in three pieces without the indentation), the same every time."""
    lines = file.read_text().splitlines()
    long = [n for n, line in enumerate(lines, 1) if len(line.strip()) >= 24 and not line.strip().startswith("#")]
    chosen = random.Random(1).sample(long, PLACES)
    return [(n, [text[: (third := len(text) // 3)], text[third : 2 * third], text[2 * third : -1]])
            for n in chosen for text in [lines[n - 1].strip()]]  # fmt: skip


class Terminal:
    """Neovim on a terminal of its own, so that it draws."""

    def __init__(self, program: Path, folder: Path, file: Path, server: list[str]) -> None:
        self.program, self.socket = str(program), str(folder / f"{program.parent.name}.sock")
        command = "{" + ",".join(f"'{part}'" for part in server) + "}"
        init, log = folder / "init.lua", folder / LOG
        init.write_text(
            f"vim.opt.swapfile = false\nvim.opt.runtimepath:append('{PLUGIN}')\n"
            f"require('tinycode').setup({{ cmd = {command}, settings = {{ logLevel = 'info', logFile = '{log}' }} }})\n"
            f"dofile('{HERE / 'probe.lua'}')\n"
        )
        home = {"HOME": str(folder), "TERM": "xterm-256color"}
        home |= {f"XDG_{name}_HOME": str(folder) for name in ("STATE", "DATA", "CONFIG", "CACHE")}
        self.screen, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.began_ms = time.monotonic() * 1000
        self.process = subprocess.Popen(
            [self.program, "--listen", self.socket, "-u", str(init), str(file)],
            stdin=slave, stdout=slave, stderr=slave, cwd=file.parent, env={**os.environ, **home}, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        threading.Thread(target=self._drain, daemon=True).start()

    def _drain(self) -> None:
        try:
            while output := os.read(self.screen, 65536):
                if b"\x1b[5n" in output:  # "are you well?": Neovim 0.12 waits for the answer
                    os.write(self.screen, b"\x1b[0n")
        except OSError:
            return  # the editor ended

    def type(self, keys: str, delay_s: float = 0) -> None:
        for key in [*keys] if delay_s else [keys]:
            os.write(self.screen, key.encode())
            time.sleep(delay_s)

    def lua(self, expression: str) -> Any:
        done = subprocess.run(
            [self.program, "--headless", "-u", "NONE", "--server", self.socket, "--remote-expr",
             f"luaeval('vim.json.encode({{{expression}}})')"],
            capture_output=True, text=True, check=True, timeout=20,
        )  # fmt: skip
        return json.loads(done.stdout + done.stderr)[0]

    def close(self) -> None:
        self.type("\x1b:qa!\r")
        self.process.wait(timeout=10)
        os.close(self.screen)


def neovim_first(program: Path, folder: Path, file: Path) -> float:
    """Milliseconds from starting Neovim on a file to the first ghost text, typing from the start."""
    editor = Terminal(program, folder, file, SERVER)
    try:
        editor.type("Go")
        for piece in [piece for _, pieces in places(file) for piece in [*pieces, "\r"]]:
            editor.type(piece, KEY_S)
            time.sleep(0.4)
            if found := [event for event in editor.lua("Events or {}") if event[1] == "ghost" and event[2]]:
                return float(found[0][0]) - editor.began_ms
        raise AssertionError("no ghost text")
    finally:
        editor.close()


def neovim_latencies(program: Path, folder: Path, file: Path) -> list[Latency]:
    """Retype the places; -> the pauses that brought new ghost text."""
    editor, pauses = Terminal(program, folder, file, SERVER), []
    try:
        time.sleep(8)  # started, indexed
        for line, pieces in places(file):
            editor.type(f"\x1b{line}GS")
            time.sleep(PAUSE_S)
            for number, piece in enumerate(pieces):
                editor.type(piece, KEY_S)
                time.sleep(PAUSE_S)
                pauses.append((1000 * time.monotonic(), number == 0))
            editor.type("\x1bu")
        events = editor.lua("Events or {}")
    finally:
        editor.close()
    found = [(new_text(events, until_ms), cold) for until_ms, cold in pauses]
    return [Latency(ms, cold) for ms, cold in found if ms is not None]


def new_text(events: list[list[Any]], until_ms: float) -> float | None:
    """Milliseconds from the last key before `until_ms` to ghost text, when that key left none on the screen."""
    last = max(at for at, what, _ in events if what == "key" and at < until_ms)
    before = [text for at, what, text in events if what == "ghost" and at < last + REDRAW_MS]
    after = [at for at, what, text in events if what == "ghost" and text and last + REDRAW_MS <= at < until_ms]
    return after[0] - last if after and not (before and before[-1]) else None


def neovim(name: str, program: Path, folder: Path, file: Path) -> None:
    """One Neovim."""
    first = neovim_first(program, folder, file)
    show(name, f"open to first ghost text {first:.0f} ms", neovim_latencies(program, folder, file), folder / LOG)


def vscode(program: Path, folder: Path, file: Path) -> None:
    """The workbench in a browser, with an extension that answers at once and with ours."""
    control = opened(program, folder / "control", file, places(file), INSTANT)
    seen = opened(program, folder, file, places(file))
    ours = f"open to a text that takes keys {seen['usable']} ms, to the server's first word {seen['answered']} ms, "
    ours += f"to first ghost text {seen.get('firstGhost', float('nan')):.0f} ms"
    print(
        f"control: open to a text that takes keys {control['usable']} ms, to the word of an extension that answers at once "
        f"{control['answered']} ms, to its first ghost text {control['firstGhost']:.0f} ms"
    )
    report(f"control, key to its ghost text after the editor's {DEBOUNCE_MS['vscode']} ms", beyond_wait(control))
    print(
        f"behind its text, the control's word came {control['answered'] - control['usable']} ms later, "
        f"our server's {seen['answered'] - seen['usable']} ms"
    )
    show("vscode", ours, latencies(seen), folder / LOG)


def latencies(seen: Any) -> list[Latency]:
    """The pauses that brought new ghost text."""
    found = [(new_text(seen["events"], until_ms), cold) for until_ms, cold in seen["pauses"]]
    return [Latency(ms, cold) for ms, cold in found if ms is not None]


def beyond_wait(seen: Any) -> list[float]:
    """Milliseconds from key to ghost text, VS Code's own wait taken off."""
    return [one.ms - DEBOUNCE_MS["vscode"] for one in latencies(seen)]


def opened(program: Path, folder: Path, file: Path, typed: list[tuple[int, list[str]]], source: str = "") -> Any:
    """What was seen in a fresh workbench with our extension, or with another of the same name."""
    extension = build_extension(program, folder / "extension", source)
    logged = {"tinycode.logLevel": "info", "tinycode.logFile": str(folder / LOG)}
    workbench = Workbench(program, extension, folder, SERVER, logged)
    try:
        orders = {"FILE": str(file), "PLACES": json.dumps(typed)}
        orders |= {"KEY_MS": str(1000 * KEY_S), "PAUSE_MS": str(1000 * PAUSE_S)}
        return workbench.run(HERE / "vscode.mjs", file.parent, orders)
    finally:
        workbench.close()


def show(name: str, opened: str, latencies: list[Latency], log: Path) -> None:
    wait = DEBOUNCE_MS[name]
    print(f"{name}: {opened}; {len(latencies)} new ghost texts in {3 * PLACES} pauses")
    for title, some in (("all", latencies), ("just jumped to", [one for one in latencies if one.cold])):
        report(f"{title}, after the editor's {wait} ms", [one.ms - wait for one in some])
    report("the server's own share", [float(ms) for ms in re.findall(r"suggestions in ([0-9.]+) ms", log.read_text())])


def report(title: str, milliseconds: list[float]) -> None:
    ms = sorted(milliseconds)
    if ms:
        p50, p95 = ms[len(ms) // 2], ms[min(len(ms) - 1, int(0.95 * len(ms)))]
        print(f"  {title}: {p50:.0f} ms p50, {p95:.0f} ms p95, {ms[-1]:.0f} ms at most, {len(ms)} times")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("editors", nargs="*", metavar="EDITOR", default=list(DEBOUNCE_MS))
    editors = parser.parse_args().editors
    with tempfile.TemporaryDirectory() as scratch:
        file = make_repository(Path(scratch) / "repository")
        for name in editors:
            folder = Path(scratch) / name
            folder.mkdir()
            program = installed(name, "" if name == "vscode" else "nvim")
            if program is None:
                print(f"{name}: not installed")
            elif name == "vscode":
                vscode(program, folder, file)
            else:
                neovim(name, program, folder, file)
        print(f"load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
