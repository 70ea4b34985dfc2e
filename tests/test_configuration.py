"""Where settings come from, and what is told of them; when git moved; where the log goes."""

import logging
import os
import subprocess

import pytest

from tinycode_ls import git_head
from tinycode_ls.configuration import Configuration
from tinycode_ls.git_head import GitHead
from tinycode_ls.logs import configure_logging


def test_the_order_of_places(tmp_path):
    own, root = tmp_path / "settings.toml", tmp_path / "w"
    root.mkdir()
    configuration = Configuration({"model": "m.onnx"}, own)
    configuration.roots = (root,)
    own.write_text("max_lines = 2\nprecision = 0.2\ntimeout_ms = 100\nmodel = 'own.onnx'\n")
    (root / ".tinycode.toml").write_text("max_lines = 3\nprecision = 0.3\n")
    configuration.set_start({"precision": 0.4})
    assert configuration.resolve() == []
    found = configuration.settings
    assert (found.timeout_ms, found.max_lines, found.precision, found.model) == (100, 3, 0.4, "m.onnx")
    for value, precision in (({}, 0.4), ({"precision": 0.6}, 0.6), ({}, 0.3)):
        configuration.set_editor(value)
        configuration.resolve()
        assert configuration.settings.precision == precision, "a setting that was taken out is as in the files"


def test_each_folder_has_settings_of_its_own(tmp_path):
    """One that switches suggestions off does so for its own files; those of the whole server are the last one's."""
    first, second = tmp_path / "a", tmp_path / "a" / "b"
    second.mkdir(parents=True)
    configuration = Configuration(own_file=tmp_path / "none.toml")
    configuration.roots = (first, second)
    (first / ".tinycode.toml").write_text("enabled = false\nmax_lines = 3\nprecison = 1\n")
    (second / ".tinycode.toml").write_text("timeout_ms = 200\n")
    assert len(configuration.resolve()) == 1, "what is wrong with a file is told once"
    assert not configuration.settings_for(first / "x.py").enabled
    inner = configuration.settings_for(second / "x.py")
    assert (inner.enabled, inner.max_lines) == (True, 12)
    assert configuration.settings.timeout_ms == 200 and configuration.enabled_somewhere()
    assert configuration.settings_for(None) == configuration.settings_for(tmp_path / "x.py") == configuration.settings
    configuration.set_editor({"precision": 0.6}, {second: {"precision": 0.7}})
    configuration.resolve()
    precisions = [configuration.settings_for(folder / "x.py").precision for folder in (first, second)]
    assert precisions == [0.6, 0.7]
    (second / ".tinycode.toml").write_text("enabled = false\n")
    configuration.resolve()
    assert not configuration.enabled_somewhere()


def test_a_problem_is_told_once(tmp_path):
    configuration = Configuration(own_file=tmp_path / "none.toml")
    configuration.set_editor({"precison": 1})
    assert len(configuration.resolve()) == 1
    assert configuration.resolve() == []
    configuration.set_editor({"precison": 1, "enabled": "yes"})
    (new,) = configuration.resolve()
    assert "'enabled'" in new


def test_git_that_moved_is_noticed(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(git_head.time, "monotonic", lambda: now[0])
    (tmp_path / ".git").mkdir()
    head = tmp_path / ".git" / "HEAD"
    head.write_text("ref: refs/heads/a")
    it = GitHead()
    assert not it.moved((tmp_path,))
    os.utime(head, ns=(1, 1))
    assert not it.moved((tmp_path,)), "within two seconds the disk is not asked"
    now[0] = 3.0
    assert it.moved((tmp_path,))
    now[0] = 6.0
    assert not it.moved((tmp_path,))


def test_git_that_moved_is_noticed_in_a_linked_work_tree(tmp_path, monkeypatch):
    now = iter([0.0, 3.0, 6.0])
    monkeypatch.setattr(git_head.time, "monotonic", lambda: next(now))
    here, there = tmp_path / "here", tmp_path / "there"
    at_here = ["git", "-C", str(here), "-c", "user.name=n", "-c", "user.email=e@x.invalid"]
    subprocess.run(["git", "init", "-q", str(here)], check=True)
    subprocess.run([*at_here, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    subprocess.run([*at_here, "worktree", "add", "-q", str(there)], check=True)
    it = GitHead()
    assert not it.moved((there,))
    subprocess.run(["git", "-C", str(there), "switch", "-q", "-c", "other"], check=True)
    assert it.moved((there,))
    assert not it.moved((there,))


@pytest.fixture
def clean_logging():
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    yield
    for handler in [handler for handler in root.handlers if handler not in before[1]]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(before[0])


def test_the_log_goes_to_a_file_or_else_to_stderr(tmp_path, capsys, clean_logging):
    file = tmp_path / "x.log"
    for _ in range(2):  # as settings change
        configure_logging("info", str(file))
    logging.getLogger("tinycode_ls").info("into the file")
    bad = ("~nosuchuser/x.log", "x\0.log", str(tmp_path / "no" / "x.log"))
    problems = [configure_logging("warning", file) for file in bad]
    logging.getLogger("tinycode_ls").warning("onto the stream")
    out, err = capsys.readouterr()
    assert "into the file" in file.read_text() and out == ""
    assert all("; logging to the standard error stream" in problem for problem in problems)
    assert "No such file or directory" in problems[2] and "onto the stream" in err
    assert err.count(f"the log goes on in {file}") == 1  # to who looks for it in the editor's panel
