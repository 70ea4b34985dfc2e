"""In real Neovim, 0.11 and 0.12: type, see the ghost text, accept it in every way, and compare the file on disk."""

import sys
from functools import partial
from pathlib import Path

import pytest
from accepts import cases, teach
from nvim import Neovim
from places import editor

LINE = "frobnicate_the_quux(alpha, beta)"
REST = "e_the_quux(alpha, beta)"
FAKE = Path(__file__).parents[1] / "fake_server.py"
KNOWN_ANSWERS = [sys.executable, str(FAKE), "/nowhere/settings.toml"]


@pytest.fixture(params=["nvim012", "nvim011"])
def start(request, tmp_path, repository):
    """Neovim on a file of the repository; with a server of known answers, or with another one."""
    program = editor(request.param, "nvim")
    running = []

    def on(name, text, setup="", server=KNOWN_ANSWERS):
        file = repository / name
        file.write_bytes(text.encode())
        running.append(Neovim(program, tmp_path, file, server, setup))
        return running[-1], file

    yield on
    for nvim in running:
        nvim.close()


def test_all_a_line_a_word_dismiss_undo(start):
    nvim, file = start("a.py", "x = 1\n\n")
    nvim.keys("Goy = frobnicat")
    nvim.wait_ghost(REST)
    nvim.keys("<M-y>")
    nvim.until(lambda: nvim.buffer()[-1] == f"y = {LINE}", "all accepted")
    nvim.to_normal()
    nvim.keys("u")
    nvim.until(lambda: nvim.buffer()[-1] == "y = frobnicat", "undo of just the accepted text")
    nvim.keys("A")
    nvim.wait_ghost(REST)
    nvim.keys("<M-w>")
    nvim.until(lambda: nvim.buffer()[-1] == "y = frobnicate_the_quux", "a word accepted")
    nvim.wait_ghost("(alpha, beta)")
    nvim.keys("<M-l>")
    nvim.until(lambda: nvim.buffer()[-1] == f"y = {LINE}", "a line accepted")
    nvim.to_normal()
    nvim.keys("o")
    nvim.keys("y = frobnicat")
    nvim.wait_ghost(REST)
    nvim.keys("<M-e>")
    nvim.until(lambda: nvim.ghost() == "", "dismissed")
    nvim.write()
    assert file.read_text() == f"x = 1\n\ny = {LINE}\ny = frobnicat\n"


def test_fifty_files_are_as_shown_with_the_real_server(start, repository, server_command):
    """Six languages, in the middle, before brackets and quotes, CRLF, tabs, emoji: what the model shows is what is written."""
    teach(repository)
    nvim, _ = start("first.py", "x = 1\n", "settings = { precision = 0 },", server_command)
    nvim.until_indexed()
    wrong = {}
    for case in cases():
        shown, found = accept(nvim, repository, case, nvim.wait_ghost)
        if found != case.with_text(shown):
            wrong[case.name] = (shown, found)
    assert wrong == {}


def test_blocks_of_lines_are_as_shown(start, repository):
    nvim, _ = start("first.py", "x = 1\n")
    for case in cases()[-2:]:
        wait = partial(nvim.until, lambda case=case: nvim.ghost() == case.rest, f"ghost text in {case.name}")
        assert accept(nvim, repository, case, wait)[1] == case.wanted


def accept(nvim, folder, case, wait):
    """-> what `wait` gave, and the file after the ghost text was accepted and the file written."""
    path = folder / case.name
    path.write_bytes(case.content)
    nvim.lua(f"vim.cmd.edit('{path}')")
    nvim.until(lambda: nvim.lua("#vim.lsp.get_clients({ name = 'tinycode', bufnr = 0 }) > 0"), "the server attached")
    column = len(case.before.rpartition("\n")[2].encode()) + 1
    nvim.lua(f"vim.fn.cursor({case.line + 1}, {column})")
    nvim.keys(("i" if case.after.split("\r")[0].split("\n")[0] else "A") + case.word)
    shown = wait()
    nvim.keys("<M-y>")
    nvim.until(lambda: nvim.ghost() != shown, "accepted")
    nvim.write()
    return shown, path.read_bytes()


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_the_file_is_as_shown_with_the_real_server(start, line_end, server_command):
    """Whatever the model suggests in the middle of a line, behind an emoji, for a line it has just read."""
    text = "for value in values:\n    print('😋', value.strip())\n".replace("\n", line_end)
    nvim, file = start("x.py", text * 4 + ")" + line_end, "settings = { precision = 0 },", server_command)
    nvim.keys("Gifor value in values:<CR>print('😋', val")
    shown = nvim.wait_ghost()
    nvim.keys("<M-y>")
    nvim.until(lambda: "val" + shown.split("\n")[0] in nvim.lua("vim.api.nvim_get_current_line()"), "accepted")
    nvim.write()
    new = "for value in values:\n    print('😋', val" + shown + ")\n"
    assert file.read_bytes().decode() == text * 4 + new.replace("\n", line_end)


def test_typing_on_keeps_the_ghost_text_and_accepting_doubles_nothing(start):
    nvim, file = start("a.py", "x = 1\n")
    nvim.keys("Goy = frobnicat")
    nvim.wait_ghost(REST)
    nvim.keys("e_t<M-y>")
    nvim.until(lambda: nvim.buffer()[-1].startswith(f"y = {LINE}"), "accepted after typing on")
    nvim.write()
    assert file.read_text() == f"x = 1\ny = {LINE}\n"


def test_toggle_health_and_status(start):
    nvim, _ = start("a.py", "x = 1\n")
    nvim.keys(":checkhealth tinycode<CR>")
    nvim.until(lambda: any("index:" in line for line in nvim.buffer()), "the health report")
    assert not [line for line in nvim.buffer() if "ERROR" in line]
    assert nvim.lua("#vim.fn.getcompletion('Tinycode ', 'cmdline')") == 7


def test_keys_without_a_suggestion_stay_what_they_are(start):
    nvim, _ = start("a.py", "x = 1\n", "settings = { ghostText = false }, keys = { accept = '<Tab>' },")
    nvim.keys("Goa<Tab>b")
    nvim.until(lambda: nvim.buffer()[-1] in ("a\tb", "a   b"), "an ordinary Tab")
