"""What the index is told, and that nothing is lost on the way to its thread."""

import asyncio
import os
import threading
from pathlib import Path

import pytest
from fake_server import FakeBackend

from tinycode_ls import git_head
from tinycode_ls.background import Background
from tinycode_ls.configuration import Configuration
from tinycode_ls.documents import Documents
from tinycode_ls.index_follower import IndexFollower


@pytest.fixture
def follow(tmp_path):
    """Makes followers of a kind, and stops them."""
    made = []

    def make(kind=IndexFollower) -> IndexFollower:
        configuration = Configuration(own_file=tmp_path / "none.toml")
        configuration.roots = (tmp_path / "w",)
        backend = FakeBackend(print)
        backend.configure(configuration.settings, configuration.roots)
        made.append(kind(backend, configuration, Documents(), Background(), lambda: backend.log.append("about to")))
        return made[-1]

    yield make
    for follower in made:
        follower.stop()


async def test_a_save_is_not_lost_while_the_index_takes_the_ones_before(follow) -> None:
    """The index thread stands still between its look at what was saved and what it does about it."""
    index_thread_looks, saved = threading.Event(), threading.Event()

    class Watched(IndexFollower):
        @property
        def _changed(self):
            held = self.held
            if threading.current_thread() is not threading.main_thread() and not index_thread_looks.is_set():
                index_thread_looks.set()
                saved.wait(5)
            return held

        @_changed.setter
        def _changed(self, value):
            self.held = value

    index = follow(Watched)
    first = asyncio.create_task(index.files_changed({Path("/w/a.py")}))
    await asyncio.to_thread(index_thread_looks.wait, 5)
    second = asyncio.create_task(index.files_changed({Path("/w/b.py")}))
    await asyncio.sleep(0)
    saved.set()
    await asyncio.gather(first, second)
    assert "b.py" in "".join(index._backend.log)


async def test_it_is_building_until_the_last_build_is_done(follow, monkeypatch) -> None:
    """A second folder is opened while the first is being read: the first build ends early, the second goes on."""
    index = follow()
    goes_on, builds = threading.Event(), []

    def build(progress, deadline) -> None:
        builds.append(deadline)
        while not deadline.expired() and not goes_on.wait(0.001):
            pass

    monkeypatch.setattr(index._backend, "build_index", build)
    first = asyncio.create_task(index.build(list, print))
    while not builds:
        await asyncio.sleep(0.001)
    second = asyncio.create_task(index.build(list, print))
    await first
    assert index.building
    goes_on.set()
    await second
    assert not index.building


@pytest.mark.parametrize("read_anew", (False, True))
async def test_a_branch_switch_is_told_unless_all_is_read_anew(follow, monkeypatch, read_anew) -> None:
    """Whoever looks at git first tells the index, new settings too; what was asked before then no longer holds."""
    monkeypatch.setattr(git_head, "LOOK_EVERY_S", 0)
    index = follow()
    (root,) = index._configuration.roots
    head = root / ".git" / "HEAD"
    head.parent.mkdir(parents=True)
    head.write_text("ref: refs/heads/one\n")
    index.look_at_git()
    os.utime(head, (1, 1))
    index.look_at_git(read_anew)
    index.look_at_git()
    await asyncio.gather(*index._background._tasks)
    assert index._backend.log == ([] if read_anew else ["about to", "refresh None"])
