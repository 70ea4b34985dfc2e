"""A language client of a few lines over a process' pipes, to see what a real client would not show: bytes and ends."""

import contextlib
import json
import queue
import subprocess
import threading
import time
from pathlib import Path
from typing import Any


class Wire:
    """Starts the server; `messages` are what it sent without being asked."""

    def __init__(self, command: list[str], cwd: Path) -> None:
        self.process = subprocess.Popen(
            command, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.messages: queue.Queue[dict[str, Any]] = queue.Queue()
        self._answers: dict[int, queue.Queue[dict[str, Any]]] = {}
        self._number = 0
        self.errors = b""
        self._threads = [threading.Thread(target=read, daemon=True) for read in (self._read, self._read_errors)]
        for thread in self._threads:
            thread.start()

    def _read(self) -> None:
        out = self.process.stdout
        while (line := out.readline()).lower().startswith(b"content-"):
            length = 0
            while line.strip():
                if line.lower().startswith(b"content-length"):
                    length = int(line.split(b":")[1])
                line = out.readline()
            message = json.loads(out.read(length))
            if "method" in message:
                self.messages.put(message)
                if "id" in message:
                    with contextlib.suppress(ValueError, OSError):  # a test may have closed the pipe
                        self.send({"id": message["id"], "result": None})
            else:
                self._answers[message["id"]].put(message)

    def _read_errors(self) -> None:
        for line in self.process.stderr:
            self.errors += line

    def send(self, body: dict[str, Any]) -> None:
        data = json.dumps({"jsonrpc": "2.0", **body}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self.process.stdin.flush()

    def notify(self, method: str, params: Any) -> None:
        self.send({"method": method, "params": params})

    def begin(self, method: str, params: Any) -> int:
        self._number += 1
        self._answers[self._number] = queue.Queue()
        self.send({"id": self._number, "method": method, "params": params})
        return self._number

    def answer(self, number: int) -> dict[str, Any]:
        return self._answers[number].get(timeout=30)

    def ask(self, method: str, params: Any) -> Any:
        answer = self.answer(self.begin(method, params))
        assert "error" not in answer, answer
        return answer["result"]

    def start(self, root: Path, **more: Any) -> dict[str, Any]:
        capabilities = {"window": {"workDoneProgress": True}, "general": {"positionEncodings": ["utf-16"]}}
        params = {"processId": None, "rootUri": root.as_uri(), "capabilities": capabilities, **more}
        result = self.ask("initialize", params)
        self.notify("initialized", {})
        return result

    def open(self, path: Path, text: str) -> None:
        document = {"uri": path.as_uri(), "languageId": "python", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def ghost(self, path: Path, line: int, character: int, kind: int = 2) -> list[dict[str, Any]]:
        return self.ask("textDocument/inlineCompletion", inline(path, line, character, kind))["items"]

    def wait_for(self, matches: Any, seconds: float = 30) -> dict[str, Any]:
        """The first message from the server, of those not seen yet, that matches."""
        end = time.monotonic() + seconds
        while True:
            message = self.messages.get(timeout=max(0.01, end - time.monotonic()))
            if matches(message):
                return message

    def wait_for_index(self) -> None:
        self.wait_for(lambda message: message["method"] == "$/progress" and message["params"]["value"]["kind"] == "end")

    def memory_mb(self) -> float:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise AssertionError("no VmRSS")

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def stop(self) -> int:
        self.ask("shutdown", None)
        self.notify("exit", None)
        return self.process.wait(timeout=10)

    def close(self) -> None:
        """End it, however the test went."""
        self.process.kill()
        self.process.wait()
        for thread in self._threads:
            thread.join(timeout=10)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(OSError):
                pipe.close()


def inline(path: Path, line: int, character: int, kind: int = 2) -> dict[str, Any]:
    return {
        "textDocument": {"uri": path.as_uri()},
        "position": {"line": line, "character": character},
        "context": {"triggerKind": kind},
    }
