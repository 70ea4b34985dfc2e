"""The real server over a backend of a few lines: what it suggests depends on how the text before the cursor ends."""

import os
import signal
import sys
import time

from tinycode_ls.configuration import Configuration
from tinycode_ls.server import create_server
from tinycode_ls.suggestion import Source, Suggestion

TABLE = {
    "frobnicat": ["e_the_quux(alpha, beta)", "ion"],
    "frobnicate_the_quux": ["(alpha, beta)"],
    "frobnicate": ["_the_quux(alpha, beta)"],
    "greet_all": ["_the_people(name):\n    return name"],
    "gre": ["et(name):\n    return name", "en"],
    "pri": ["nt(x)", "vate"],
    "print": ["(x)"],
    "private": ["_key"],
    "two\n": ["x = 1\ny = 2"],
}


class FakeBackend:
    def __init__(self, tell):
        self.tell, self.log = tell, []

    def configure(self, settings, roots):
        self.settings, self.roots = settings, roots
        return bool(roots) and settings.index

    def load(self):
        self.log.append("load")

    def complete(self, request, deadline):
        self.log.append(f"complete {request.path} {request.count} {request.whole_lines}")
        if request.left.endswith("slow"):
            while not deadline.expired():
                time.sleep(0.001)
            return [Suggestion(" but sure", 0.5)] if not deadline.cancelled else []
        if request.left.endswith("deaf"):
            time.sleep(2)
        if request.left.endswith("die_now"):
            os._exit(1)
        if request.left.endswith("hang_up"):  # dies as a killed one does: it reads no more, and is gone a moment later
            os.close(0)
            time.sleep(1)
            os._exit(1)
        if request.left.endswith("freeze"):
            os.kill(os.getpid(), signal.SIGSTOP)
        if request.left.endswith("crash"):
            raise ValueError("crashed as told")
        if request.left.endswith("broken"):
            self.tell("model.onnx: broken; train it again")
        for end, texts in TABLE.items():
            if request.left.endswith(end):
                cut = ["\n".join(text.split("\n")[: request.most_lines]) for text in texts]
                return [Suggestion(text, 0.8 - place / 10) for place, text in enumerate(cut)]
        return []

    def explain(self, suggestion):
        known = next((file for root in self.roots if (file := root / "src" / "db.py").exists()), "src/db.py")
        return (Source(0.7, str(known), 118), Source(0.3))

    def close(self, documents):
        self.log += [f"close {document}" for document in documents]

    def warm_up(self, path):
        self.log.append(f"warm up {path}")

    def build_index(self, report, deadline):
        for percent in (10, 90):
            report(percent, "src")
        self.log.append("build")

    def refresh(self, paths, documents):
        if not paths and paths is not None:
            return
        self.log.append(f"refresh {paths and [path.name for path in paths]}")

    def status(self):
        return {"models": [], "index": {}, "problem": "", "log": self.log, "settings": repr(self.settings)}


if __name__ == "__main__":
    from pathlib import Path

    if sys.argv[-1] == "--version":
        sys.exit(0)
    create_server(FakeBackend, Configuration(own_file=Path(sys.argv[1]))).start_io()
