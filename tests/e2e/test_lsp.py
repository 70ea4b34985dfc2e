"""The installed server as a process, with a real model, on a real small repository."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from wire import Wire, inline

from tinycode_ls.model_choice import SHIPPED_MODELS

KNOWN = "    def look_at_git(self, read_anew: bool = False) -> None:\n        if self._git_head.mo"
"""The start of a line that index_follower.py has, and nothing else; the index should know the rest of it."""


@pytest.fixture
def serve(repository):
    """Starts servers in the repository, and ends them."""
    started = []

    def start(*command):
        started.append(Wire([sys.executable, "-m", "tinycode_ls", *command], repository))
        return started[-1]

    yield start
    for wire in started:
        wire.close()


@pytest.fixture
def wire(serve, model_file):
    return serve("--model", str(model_file))


def last(text):
    return text.count("\n"), len(text.rpartition("\n")[2])


def test_a_line_of_the_repository_is_completed_in_another_file(wire, repository):
    wire.start(repository)
    wire.wait_for_index()
    file = repository / "new.py"
    wire.open(file, KNOWN)
    (item, *_) = wire.ghost(file, *last(KNOWN), kind=1)
    assert item["insertText"].startswith("ved(")
    assert item["range"]["start"] == item["range"]["end"] == {"line": 1, "character": last(KNOWN)[1]}
    shown = wire.ask("workspace/executeCommand", {"command": "tinycode.explain"})
    assert 0 <= shown["probability"] <= 1 and shown["summary"].startswith(f"{100 * shown['probability']:.0f} %")
    assert wire.stop() == 0
    assert wire.errors == b""


@pytest.mark.skipif(not shutil.which("strace"), reason="system calls are watched by strace")
def test_no_address_is_looked_up_and_none_is_called(repository, model_file, tmp_path):
    """Of its libraries, too: onnxruntime looked up where to tell of its models nine seconds after it had loaded one."""
    calls, home = tmp_path / "calls", tmp_path / "home"
    home.mkdir()
    watched = ["strace", "-f", "-qq", "-e", "trace=socket,connect", "-o", str(calls)]
    server = [sys.executable, "-m", "tinycode_ls", "--model", str(model_file)]
    wire = Wire(["env", "-u", "ORT_DISABLE_TELEMETRY", f"HOME={home}", *watched, *server], repository)
    try:
        wire.start(repository)
        wire.wait_for_index()
        file = repository / "new.py"
        wire.open(file, KNOWN)
        assert any(wire.ghost(file, *last(KNOWN), kind=1) for _ in range(20))  # watched, it is slow
        time.sleep(12)
        assert wire.stop() == 0
    finally:
        wire.close()
    assert "AF_INET" not in calls.read_text() and list(home.rglob("*")) == []


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted in /proc")
def test_products_are_made_by_one_thread():
    """A second thread of numpy's would spin beside every question: twice the processor time for the same answer."""
    code = (
        "import os; from tinycode_ls.threads import use_one_thread; use_one_thread(); import numpy as np\n"
        "a = np.ones((600, 600), np.float32); a @ a; print(len(os.listdir('/proc/self/task')))"
    )
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_THREADS")}
    found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert found.stdout.strip() == "1", found.stderr


def used_in_a_second(wire) -> float:
    """Processor time, in seconds."""
    used = wire.cpu_seconds()
    time.sleep(1)  # the one sleep: that nothing happens has no event
    return wire.cpu_seconds() - used


def test_start_up_is_quick_and_an_idle_server_rests(wire, repository):
    begin = time.monotonic()
    wire.start(repository)
    ready = time.monotonic() - begin
    wire.wait_for_index()
    seconds = (used_in_a_second(wire) for _ in range(5))  # what follows the index (memory given back) may take a moment
    assert any(used < 0.05 for used in seconds)
    assert ready < 3, f"{ready:.2f} s; 1 s is the aim, on a machine that is not busy"
    assert wire.memory_mb() < 140


def test_cancel_is_answered_at_once(wire, repository):
    wire.start(repository)
    wire.wait_for_index()
    file = repository / "new.py"
    wire.open(file, "x = 1\n" * 20_000)
    number = wire.begin("textDocument/inlineCompletion", inline(file, 20_000, 0, 1))
    begin = time.monotonic()
    wire.notify("$/cancelRequest", {"id": number})
    wire.answer(number)
    assert time.monotonic() - begin < 0.25, "50 ms is the aim; the machine may be busy"


def test_a_broken_model_is_told_once_and_the_old_one_serves(serve, repository):
    private = repository / ".tinycode" / "model.onnx"
    private.parent.mkdir()
    shutil.copy(SHIPPED_MODELS / "python.onnx", private)  # one for the language of the document
    wire = serve()
    wire.start(repository)
    wire.wait_for_index()
    file = repository / "new.py"
    wire.open(file, KNOWN)
    assert wire.ghost(file, *last(KNOWN), kind=1)
    private.write_bytes(b"not a model")
    end = time.monotonic() + 20
    while not any("model.onnx" in message for message in told(wire)):
        assert wire.ghost(file, *last(KNOWN), kind=1) and time.monotonic() < end
    assert wire.ghost(file, *last(KNOWN), kind=1)
    assert wire.stop() == 0


def told(wire):
    """What the server told the user since the last look."""
    while not wire.messages.empty():
        if (message := wire.messages.get())["method"] == "window/showMessage":
            yield message["params"]["message"]


@pytest.mark.parametrize(
    "content", [None, b"", b"not a model", "half", "folder"], ids=["absent", "empty", "text", "truncated", "folder"]
)
def test_a_model_that_cannot_serve_is_one_message(serve, repository, model_file, tmp_path, content):
    bad = tmp_path / "bad.onnx"
    if content == "folder":
        bad.mkdir()
    elif content == "half":
        bad.write_bytes(model_file.read_bytes()[: model_file.stat().st_size // 2])
    elif content is not None:
        bad.write_bytes(content)
    wire = serve("--model", str(bad))
    wire.start(repository)
    message = wire.wait_for(lambda message: message["method"] == "window/showMessage")["params"]["message"]
    assert "bad.onnx" in message and "\n" not in message
    wire.open(repository / "new.py", "x = 1\n")
    assert isinstance(wire.ghost(repository / "new.py", 1, 0), list)
    assert wire.stop() == 0


def test_a_client_that_just_goes_leaves_no_process(wire, repository):
    wire.start(repository)
    wire.process.stdin.close()
    assert wire.process.wait(timeout=10) == 1


@pytest.mark.parametrize("pause_s", [0.0, 0.01, 0.03])
@pytest.mark.parametrize("goodbye", [True, False])
def test_a_client_that_goes_while_an_answer_is_due(wire, repository, goodbye, pause_s):
    """Python that ends while its thread is in onnxruntime is aborted: editors call that a crash. Nor is it an error in the log
    that the answer reaches nobody."""
    wire.start(repository)
    file = repository / "new.py"
    wire.open(file, "import os\n\n\ndef main():\n    return os.\n" * 300)
    wire.ghost(file, 4, 14)
    wire.begin("textDocument/inlineCompletion", inline(file, 1000, 0, 1))
    time.sleep(pause_s)
    if goodbye:
        wire.begin("shutdown", None)
        wire.notify("exit", None)
    else:
        wire.process.stdin.close()
    assert wire.process.wait(timeout=10) == (0 if goodbye else 1)
    wire.close()
    assert wire.errors == b""


@pytest.mark.parametrize("goodbye, code", [(True, 0), (False, 1)])
def test_one_client_on_a_socket_and_no_traceback(repository, goodbye, code):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tinycode_ls", "--tcp", f"127.0.0.1:{port}"]
    server = subprocess.Popen(command, cwd=repository, stderr=subprocess.PIPE)
    end = time.monotonic() + 20
    while True:
        try:
            client = socket.create_connection(("127.0.0.1", port))
            break
        except OSError:
            assert time.monotonic() < end and server.poll() is None
    with client, client.makefile("rwb") as pipe:
        start = {"method": "initialize", "params": {"processId": None, "rootUri": None, "capabilities": {}}}
        bodies = [{"id": 1, **start}, *([{"id": 2, "method": "shutdown"}, {"method": "exit"}] if goodbye else [])]
        for body in bodies:
            data = json.dumps({"jsonrpc": "2.0", **body}).encode()
            pipe.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        pipe.flush()
        assert pipe.readline().lower().startswith(b"content-")
        if goodbye:
            pipe.read()
    assert server.wait(timeout=10) == code
    with server.stderr as said:
        assert said.read() == b""


@pytest.mark.parametrize("closed", ["<&-", ">&-"])
def test_without_a_stream_to_talk_on_one_line_says_so(repository, closed):
    command = ["sh", "-c", f'"$0" -m tinycode_ls {closed}', sys.executable]
    ended = subprocess.run(command, cwd=repository, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=20)
    assert ended.returncode == 2
    assert (
        ended.stderr.startswith(b"tinycode-ls: standard input or output is closed") and ended.stderr.count(b"\n") == 1
    )


def test_a_client_that_goes_before_a_word(wire):
    wire.process.stdin.close()
    assert wire.process.wait(timeout=10) == 1


@pytest.mark.parametrize("ways, asks", [(1, True), (1, False), (2, True), (2, False)])
def test_a_client_that_goes_in_the_middle_of_a_word(repository, ways, asks):
    """Over two pipes, or one that is both: the server ends, and says nothing."""
    ours, theirs = socket.socketpair()
    out = theirs if ways == 1 else subprocess.PIPE
    command = [sys.executable, "-m", "tinycode_ls"]
    server = subprocess.Popen(command, cwd=repository, stdin=theirs, stdout=out, stderr=subprocess.PIPE)
    with ours, theirs:
        start = {"method": "initialize", "params": {"processId": None, "rootUri": None, "capabilities": {}}}
        data = json.dumps({"jsonrpc": "2.0", "id": 1, **start}).encode()
        ours.sendall(b"Content-Length: %d\r\n\r\n" % len(data) + (data if asks else data[:20]))
        if asks:
            assert (ours.recv(8) if ways == 1 else server.stdout.read(8)) == b"Content-"
    said = server.communicate(timeout=10)[1]
    assert (server.returncode, said) == (1, b"")


@pytest.mark.parametrize("body", [b"{not json", b"[]", b'{"jsonrpc": "2.0"}', b"\xff\xfe"])
def test_rubbish_on_the_wire_is_survived(wire, repository, body):
    wire.start(repository)
    wire.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    wire.process.stdin.flush()
    assert wire.ask("workspace/executeCommand", {"command": "tinycode.status"})["state"]


def test_a_header_line_without_end_is_survived(wire, repository):
    wire.start(repository)
    wire.process.stdin.write(b"X: " + b"y" * 200_000 + b"\r\n")
    wire.process.stdin.flush()
    assert wire.ask("workspace/executeCommand", {"command": "tinycode.status"})["state"]
    assert wire.stop() == 0
    assert b"a header line was passed over" in wire.errors and b"Traceback" not in wire.errors


def test_a_request_without_sense_gets_an_error(wire, repository):
    wire.start(repository)
    answer = wire.answer(wire.begin("textDocument/inlineCompletion", {"textDocument": 3}))
    assert answer["error"]["code"] == -32602


def test_saved_names_are_known_in_other_files(wire, repository):
    wire.start(repository)
    wire.wait_for_index()
    saved = repository / "frobnicate.py"
    saved.write_text("def frobnicate_the_quux(zot):\n    return zot\n" * 3)
    wire.notify("textDocument/didSave", {"textDocument": {"uri": saved.as_uri()}})
    wire.open(repository / "new.py", "import os\n\nx = frobnicate_the_q")
    end = time.monotonic() + 10
    while not (items := wire.ghost(repository / "new.py", 2, 20, kind=1)) or not items[0]["insertText"].startswith(
        "uux("
    ):
        assert time.monotonic() < end, items
    assert wire.stop() == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a full disk is played by Linux")
def test_a_log_on_a_full_disk_goes_on_elsewhere(wire, repository):
    """And may be put on another."""
    wire.start(repository, initializationOptions={"logFile": "/dev/full", "logLevel": "info"})
    wire.wait_for_index()
    wire.notify("workspace/didChangeConfiguration", {"settings": {"logFile": ""}})
    assert wire.ask("workspace/executeCommand", {"command": "tinycode.status"})["index"]["files"]
    assert wire.stop() == 0
    assert wire.errors.count(b"No space left on device; logging here") == 1
    assert b"INFO tinycode_ls.backend: index: " in wire.errors and b"Traceback" not in wire.errors


def test_a_log_file_that_cannot_be_written_is_told_once(wire, repository):
    """Whoever set it looks for the file, not at the standard error stream."""
    wire.start(repository, initializationOptions={"logFile": "/nowhere/x.log"})
    first = wire.wait_for(lambda message: message["method"] == "window/showMessage")["params"]["message"]
    for name in ("x", "y"):
        wire.notify("workspace/didChangeConfiguration", {"settings": {"logFile": f"/nowhere/{name}.log"}})
        wire.notify("workspace/didChangeConfiguration", {"settings": {"logFile": f"/nowhere/{name}.log"}})
    assert wire.stop() == 0
    (second,) = told(wire)
    assert "log file /nowhere/x.log: No such file or directory;" in first
    assert "log file /nowhere/y.log: No such file or directory;" in second
    assert b"log file /nowhere/x.log" in wire.errors
