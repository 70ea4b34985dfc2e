"""Questions in the order in which they were asked, whatever each had to wait for."""

import asyncio

from fake_server import FakeBackend

from tinycode_ls.configuration import Configuration
from tinycode_ls.session import Ask, Session
from tinycode_ls.text import Position

URI = "file:///w/a.py"


async def test_a_question_that_waited_does_not_end_a_newer_one(tmp_path, monkeypatch) -> None:
    """The older one waits until the index has the other documents; the key typed meanwhile is being worked on then."""
    session = Session(FakeBackend(print), Configuration(own_file=tmp_path / "none.toml"))
    session.configure()
    session.documents.open(URI, 1, "python", "slow")
    newer_runs = asyncio.Event()
    waiting = [newer_runs]

    async def follow(uri: str) -> None:
        if waiting:
            await waiting.pop().wait()

    monkeypatch.setattr(session, "_follow_documents", follow)
    older = asyncio.create_task(session.suggest(Ask(URI, Position(0, 4))))
    await asyncio.sleep(0)
    newer = asyncio.create_task(session.suggest(Ask(URI, Position(0, 4))))
    while not session.backend.log:
        await asyncio.sleep(0.001)
    newer_runs.set()
    assert (await older).suggestions == ()
    assert [suggestion.text for _, suggestion in (await newer).suggestions] == [" but sure"]
    session.stop()
