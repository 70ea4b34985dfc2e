"""Both commands in a world that goes wrong: no reader, no room, no torch yet, few characters."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tinycode_ls.command import INTERRUPTED, NOBODY_READS

CHECK = ("-m", "tinycode_ls", "check")
WHY = ("-m", "trainer", "corpus", "why", __file__)
FULL = Path("/dev/full")


def run(command, **more):
    more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL} | more
    done = subprocess.run([sys.executable, *command], timeout=120, text=True, **more)
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr, done.stderr
    return done


@pytest.mark.parametrize("command", [CHECK, WHY])
def test_a_reader_that_went_away_is_no_error(command):
    read, write = os.pipe()
    os.close(read)
    done = run(command, stdout=write)
    os.close(write)
    assert (done.returncode, done.stderr) == (NOBODY_READS, "")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no full disk to try")
@pytest.mark.parametrize("command", [CHECK, WHY])
def test_a_full_disk_is_one_line(command):
    with FULL.open("w") as full:
        done = run(command, stdout=full)
    assert done.returncode == 2 and "No space left on device" in done.stderr and done.stderr.count("\n") == 1


def test_a_closed_stderr_puts_nothing_on_the_wire(tmp_path):
    """What is said there would stand before the first message."""
    no_log = f'{{"logFile": "{tmp_path}"}}'
    first = b'{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}, "initializationOptions": %s}}'
    message = first % no_log.encode()
    command = f"exec {sys.executable} -m tinycode_ls 2>&-"
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        input=b"Content-Length: %d\r\n\r\n%s" % (len(message), message),
        capture_output=True,
        timeout=60,
    )
    assert done.stdout.startswith(b"Content-Length")


def test_an_error_that_is_not_of_room_promises_nothing_of_it(tmp_path):
    script = "import os; from tinycode_ls.command import run_command; run_command('p', lambda: os.stat('gone'))"
    assert run(("-c", script), cwd=tmp_path).stderr == "p: gone: No such file or directory\n"


def test_no_program_of_the_current_folder_is_run_on_windows():
    """Where it is looked for before the PATH; an editor may have started us in somebody's repository."""
    script = "import os; from tinycode_ls.command import run_command; run_command('p', lambda: os.system(SHOW))"
    show = f"SHOW = {'set' if os.name == 'nt' else 'env'!r}; "
    assert "NoDefaultCurrentDirectoryInExePath=1\n" in run(("-c", show + script)).stdout


def test_characters_that_a_terminal_does_not_know(tmp_path):
    (tmp_path / "é.py").write_text("smile = '😋'\nprint(smi", encoding="utf-8")
    environment = os.environ | {"PYTHONIOENCODING": "ascii:strict"}
    assert run(("-m", "tinycode_ls", "complete", "é.py"), cwd=tmp_path, env=environment).returncode == 0
    assert run(("-m", "trainer", "corpus", "why", "é.py"), cwd=tmp_path, env=environment).returncode == 0


def test_ctrl_c_before_torch_is_there_does_not_wait_for_it():
    """It used to import what says who leads, with torch, in the middle of torch's own import: a crash."""
    script = """
import sys
from trainer import cli, commands
def fit(options):
    raise KeyboardInterrupt
commands.fit = fit
code = cli.main(["fit", "x", "--out", "y"])
assert "torch" not in sys.modules
sys.exit(code)
"""
    done = run(("-c", script))
    assert (done.returncode, done.stderr.strip()) == (INTERRUPTED, "tinycode-train: stopped")


@pytest.mark.parametrize(("command", "begin"), [("check", "python: "), ("complete x.py", "tinycode-ls: the engine")])
def test_an_engine_that_cannot_be_loaded_is_one_line(command, begin, tmp_path):
    """As on a fresh Windows, where a library that onnxruntime needs is missing."""
    (tmp_path / "x.py").write_text("x = ")
    script = f"""
import sys
sys.modules["onnxruntime"] = None
from tinycode_ls.cli import main
sys.exit(main({command.split()!r}))
"""
    done = run(("-c", script), cwd=tmp_path)
    said = done.stdout + done.stderr
    assert done.returncode == 2 and said.startswith(begin) and said.count("the engine cannot be loaded (") == 1, said


@pytest.mark.parametrize("command", ["fit x --out y", "tune", "export x --out y", "mix x=y"])
def test_a_trainer_without_its_packages_says_how_to_get_them(command, tmp_path):
    """As where only the server was installed."""
    script = f"""
import sys
for name in ("torch", "onnx", "tqdm", "filelock"):
    sys.modules[name] = None
from trainer.cli import main, parser
assert parser().format_help()
sys.exit(main({command.split()!r}))
"""
    done = run(("-c", script), cwd=tmp_path)
    assert done.returncode == 2 and "pipx install --force '.[train]'" in done.stderr and done.stderr.count("\n") == 1


def test_a_terminal_is_told_nothing_that_it_would_obey(tmp_path):
    """A file may be called so, and a repository hold it."""
    said = run((*WHY[:-1], "\x1b]0;title\x07\x1b[31mred"), cwd=tmp_path).stderr
    assert said.isprintable() is False and "\\x1b[31mred" in said and "\x1b" not in said and said.count("\n") == 1
