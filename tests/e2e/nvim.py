"""A real Neovim without a screen, driven through its own socket: keys in, buffer and ghost text out."""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

PLUGIN = Path(__file__).parents[2] / "editors" / "nvim"


class Neovim:
    """Starts it in a clean profile, on a file, with the project's plugin."""

    def __init__(
        self, program: Path, folder: Path, file: Path, server: list[str] | None, setup: str = "", path: str = ""
    ) -> None:
        self.program, self.socket = str(program), str(folder / "nvim.sock")
        home = folder / "home"
        home.mkdir(exist_ok=True)
        command = "cmd = {" + ",".join(f"'{part}'" for part in server) + "}," if server else ""
        init = folder / "init.lua"
        init.write_text(
            "vim.opt.swapfile = false\n"
            f"vim.opt.runtimepath:append('{PLUGIN}')\n"
            f"require('tinycode').setup({{ {command} {setup} }})\n"
        )
        folders = {f"XDG_{name}_HOME": str(home) for name in ("STATE", "DATA", "CONFIG", "CACHE")}
        self.process = subprocess.Popen(
            [self.program, "--headless", "--listen", self.socket, "-u", str(init), str(file)],
            env={**os.environ, **folders, "HOME": str(home), **({"PATH": path} if path else {})},
            cwd=file.parent,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.until(lambda: Path(self.socket).exists(), "its socket")

    def until_attached(self) -> None:
        """Until the server has the buffer."""
        self.until(
            lambda: self.lua("#vim.lsp.get_clients({ name = 'tinycode', bufnr = 0 }) > 0"), "the server attached"
        )

    def _call(self, flag: str, value: str) -> str:
        done = subprocess.run(
            [self.program, "--headless", "-u", "NONE", "--server", self.socket, flag, value],
            capture_output=True,
            text=True,
            timeout=20,
        )
        return done.stdout + done.stderr

    def lua(self, expression: str) -> Any:
        """The value of a Lua expression in the editor."""
        text = expression.replace("'", "''")
        answer = self._call("--remote-expr", f"luaeval('vim.json.encode({{ value = ({text}) }})')")
        try:
            return json.loads(answer).get("value")
        except ValueError as error:
            raise AssertionError(f"{expression}: {answer}") from error

    def keys(self, keys: str) -> None:
        """As if typed; `<` is special, as in mappings."""
        self._call("--remote-send", keys)

    def until(self, holds: Any, what: str, seconds: float = 60) -> Any:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if value := holds():
                return value
            time.sleep(0.02)
        seen = self.lua("{ vim.fn.mode(), vim.fn.execute('messages'), vim.fn.line('.'), vim.fn.bufname() }")
        raise AssertionError(f"Neovim: waited in vain for {what}; mode, messages, line, buffer: {seen}")

    def ghost(self) -> str:
        """The ghost text drawn now."""
        space = "vim.api.nvim_create_namespace('nvim.lsp.inline_completion')"
        marks = self.lua(f"vim.api.nvim_buf_get_extmarks(0, {space}, 0, -1, {{ details = true }})")
        if not marks:
            return ""
        details = marks[0][3]
        lines = [details.get("virt_text") or [["", ""]], *(details.get("virt_lines") or [])]
        return "\n".join("".join(chunk[0] for chunk in line) for line in lines)

    def wait_ghost(self, start: str = "") -> str:
        """The ghost text once there is one that begins with `start` and stays while an editor's debounce passes."""

        def steady() -> str:
            before = self.ghost()
            if not before or not before.startswith(start):
                return ""
            time.sleep(0.3)
            return before if self.ghost() == before else ""

        return self.until(steady, "ghost text")

    def until_indexed(self) -> None:
        """Until the server has read the folder."""
        self.until(
            lambda: self.lua("(require('tinycode.commands').ask('tinycode.status') or {}).state") == "ready",
            "the index",
        )

    def buffer(self) -> list[str]:
        return self.lua("vim.api.nvim_buf_get_lines(0, 0, -1, false)")

    def to_normal(self) -> None:
        self.keys("<Esc>")
        self.until(lambda: self.lua("vim.fn.mode()") == "n", "normal mode")

    def write(self) -> None:
        self.to_normal()
        self.keys(":w<CR>")
        self.until(lambda: not self.lua("vim.bo.modified"), "the file written")

    def close(self) -> None:
        """End it, and the server with it."""
        self.keys("<Esc>:qa!<CR>")
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
