"""The newest request wins, late work is answered by silence, a cancelled task ends its work."""

import asyncio
import threading
import time

import pytest

from tinycode_ls.requests import Newest
from tinycode_ls.suggestion import Request, Suggestion
from tinycode_ls.type_through import Shown, rest_of


@pytest.fixture
def newest():
    worker = Newest()
    yield worker
    worker.stop()


def until_cancelled(started: threading.Event, ended: threading.Event):
    def work(deadline):
        started.set()
        while not deadline.expired():
            time.sleep(0.001)
        ended.set()
        return "whatever there was"

    return work


async def wait(event: threading.Event):
    await asyncio.to_thread(event.wait, 5)
    assert event.is_set()


async def test_work_is_answered(newest):
    assert await newest.run("a", lambda deadline: 3, 1000, 0) == 3


async def test_a_newer_request_ends_the_older_one_at_once(newest):
    started, ended = threading.Event(), threading.Event()
    older = asyncio.create_task(newest.run("a", until_cancelled(started, ended), 10_000, "nothing"))
    await wait(started)
    assert await newest.run("a", lambda deadline: "new", 10_000, "nothing") == "new"
    assert await older == "nothing" and ended.is_set()


async def test_of_a_burst_only_the_last_is_worked_on(newest):
    done, all_asked = [], threading.Event()

    def work(number):
        assert number or all_asked.wait(5)  # else it may be over before the last has come
        done.append(number)
        return number

    tasks = [asyncio.create_task(newest.run("a", lambda deadline, i=i: work(i), 5000, -1)) for i in range(70)]
    await asyncio.sleep(0)
    all_asked.set()
    answers = await asyncio.gather(*tasks)
    assert answers[-1] == 69 and set(answers[:-1]) <= {-1, 0} and len(done) <= 2


async def test_other_documents_are_not_superseded(newest):
    assert await asyncio.gather(*(newest.run(key, lambda deadline, k=key: k, 5000, "") for key in "abc")) == list("abc")


async def test_late_work_is_answered_by_silence_in_time(newest):
    begin = time.monotonic()
    assert await newest.run("a", lambda deadline: time.sleep(3) or "late", 50, "nothing") == "nothing"
    assert time.monotonic() - begin < 2


async def test_work_that_polls_its_deadline_is_in_time(newest):
    started, ended = threading.Event(), threading.Event()
    assert await newest.run("a", until_cancelled(started, ended), 100, "nothing") == "whatever there was"


async def test_cancelling_the_task_ends_the_work(newest):
    started, ended = threading.Event(), threading.Event()
    task = asyncio.create_task(newest.run("a", until_cancelled(started, ended), 10_000, "nothing"))
    await wait(started)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await wait(ended)


async def test_when_it_was_stopped_nobody_waits(newest):
    """A document that was opened as the client left kept the process for ten minutes."""
    newest.stop()
    assert await asyncio.wait_for(newest.run("a.py", lambda deadline: "late", 60_000, "silence"), 5) == "silence"


async def test_a_failure_is_logged_and_answered_by_silence(newest, caplog):
    assert await newest.run("a", lambda deadline: 1 / 0, 1000, "nothing") == "nothing"
    assert "ZeroDivisionError" in caplog.text
    assert await newest.run("a", lambda deadline: "alive", 1000, "nothing") == "alive"


def test_typing_the_suggestion_keeps_its_rest():
    shown = Shown(Request("a.py", "x = ", ")"), Suggestion("foo(1)", 0.9))
    assert rest_of(shown, Request("a.py", "x = ", ")")) == Suggestion("foo(1)", 0.9)
    assert rest_of(shown, Request("a.py", "x = fo", ")")) == Suggestion("o(1)", 0.9, context="fo")
    for other in (
        Request("a.py", "x = foo(1)", ")"),
        Request("a.py", "x = fx", ")"),
        Request("a.py", "x =", ")"),
        Request("a.py", "y = fo", ")"),
        Request("b.py", "x = fo", ")"),
        Request("a.py", "x = fo", "))"),
    ):
        assert rest_of(shown, other) is None
