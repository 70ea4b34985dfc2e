"""Answers in time: one worker thread, the newest request of a kind and document wins, a hard time limit for each.

Knows nothing of what is computed. `run` belongs to the event loop; the work runs in the thread, polling its deadline.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Hashable
from queue import SimpleQueue
from typing import Generic, TypeVar

from .deadline import Deadline

Answer = TypeVar("Answer")
log = logging.getLogger(__name__)

SHARE_OF_WORK = 0.8
"""Part of the time limit that the work itself may use; the rest is for handing its result over."""


class _Job(Generic[Answer]):
    """One request on its way; answered once, by whoever comes first."""

    def __init__(self, work: Callable[[Deadline], Answer], timeout_ms: float, otherwise: Answer) -> None:
        self.work = work
        self.otherwise = otherwise
        self.deadline = Deadline(timeout_ms * SHARE_OF_WORK)
        self.loop = asyncio.get_running_loop()
        self.answer: asyncio.Future[Answer] = self.loop.create_future()

    def give(self, answer: Answer) -> None:
        """Answer it, from the loop."""
        if not self.answer.done():
            self.answer.set_result(answer)

    def run(self) -> None:
        """Do the work, in the thread; a failure is logged and answered like silence."""
        try:
            answer = self.otherwise if self.deadline.expired() else self.work(self.deadline)
        except Exception:
            log.exception("a request failed")
            answer = self.otherwise
        try:
            self.loop.call_soon_threadsafe(self.give, answer)
        except RuntimeError:
            log.debug("the server stopped before an answer was ready")


class Newest:
    """Runs work one after the other; a newer request with the same key ends the older one at once."""

    def __init__(self, name: str = "tinycode") -> None:
        self._name = name
        self._queue: SimpleQueue[_Job[object] | None] = SimpleQueue()
        self._newest: dict[Hashable, _Job[object]] = {}
        self._thread: threading.Thread | None = None
        self._stopped = False

    async def run(
        self, key: Hashable, work: Callable[[Deadline], Answer], timeout_ms: float, otherwise: Answer
    ) -> Answer:
        """The work's answer; `otherwise` when it is late, fails or is superseded, or when all was stopped. Cancelling the task
        ends the work."""
        if self._stopped:  # no thread would answer, and who waits keeps the process from ending
            return otherwise
        job = _Job(work, timeout_ms, otherwise)
        self._supersede(key, job)  # type: ignore[arg-type]  # a dict of jobs of several types
        self._queue.put(job)  # type: ignore[arg-type]
        self._start()
        try:
            return await asyncio.wait_for(job.answer, timeout_ms / 1000)
        except asyncio.TimeoutError:
            log.info("no answer within %g ms", timeout_ms)
            return otherwise
        finally:
            job.deadline.cancel()
            if self._newest.get(key) is job:
                del self._newest[key]

    def stop(self, patience_s: float = 0) -> None:
        """End the running work at its next look at the deadline, and the thread after it; wait so long for that. When Python
        ends while the thread is in onnxruntime, the process is aborted."""
        self._stopped = True
        for job in self._newest.values():
            job.deadline.cancel()
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join(patience_s)

    def _supersede(self, key: Hashable, job: _Job[object]) -> None:
        older = self._newest.get(key)
        if older is not None:
            older.deadline.cancel()
            older.give(older.otherwise)
        self._newest[key] = job

    def _start(self) -> None:
        if self._thread is None:  # a daemon: a client that is gone must not leave a process behind
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            job.run()
