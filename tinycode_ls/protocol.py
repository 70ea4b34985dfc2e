"""pygls where it is bent for us: no second copy of the documents, errors in the log, an answer to every request."""

import asyncio
import logging
import os
import re
import stat
import sys
from collections.abc import Callable
from threading import Event
from typing import Any, BinaryIO

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.io_ import StdinAsyncReader, StdoutWriter, run_async
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol

from .session import Session

log = logging.getLogger(__name__)

_ODD_BYTE = re.compile("[\udc80-\udcff]")
"""As `surrogateescape` writes a byte that is no UTF-8."""


class TinycodeProtocol(LanguageServerProtocol):
    """pygls' own copy of a document breaks at form feeds (it splits lines at them), so it keeps none."""

    lsp_text_document__did_open = None  # type: ignore[assignment]
    lsp_text_document__did_change = None  # type: ignore[assignment]
    lsp_text_document__did_close = None  # type: ignore[assignment]

    def structure_message(self, data: dict[str, Any]) -> Any:
        """A request whose parameters make no sense is answered with an error; pygls would leave it waiting."""
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                self._send_response(data["id"], error=error.to_response_error())
            raise

    def _execute_handler(self, msg_id: Any, *args: Any, **kwargs: Any) -> None:
        """pygls forgets what it does for a request when it is done, and keeps what it did for notifications: 1 kB each."""
        super()._execute_handler(msg_id, *args, **kwargs)
        future = self._request_futures.get(msg_id)
        if isinstance(future, asyncio.Future):
            future.add_done_callback(lambda _: self._request_futures.pop(msg_id, None))

    def _run_generator(self, future: Any, *, gen: Any, result_future: Any) -> None:
        """What it waits for is cancelled when the server ends, and the rest with it; pygls would log that as an error."""
        if future is not None and future.cancelled():
            result_future.cancel()
        super()._run_generator(future, gen=gen, result_future=result_future)


class Nobody:
    """Where answers go that come when the client has left."""

    def write(self, data: bytes) -> None:
        """Nobody reads it."""

    def close(self) -> None:
        """There is nothing to close."""


class InTurn(asyncio.StreamReader):
    """Messages that come together are taken one after the other: the work that one begins sees the text as it was then, not as
    the next one changes it."""

    async def readline(self) -> bytes:
        """Of a message's header, when what came before has begun. One that is too long to be of a header is passed over, as
        pygls passes over one that is none."""
        await asyncio.sleep(0)
        while True:
            try:
                return await super().readline()
            except ValueError as error:
                log.error("a header line was passed over: %s; expected Content-Length: NUMBER", error)

    async def readexactly(self, n: int) -> bytes:
        """A message's body."""
        return _in_utf_8(await super().readexactly(n))


class InThread(StdinAsyncReader):
    """A thread reads, where the loop cannot."""

    async def readexactly(self, n: int) -> bytes:
        """A message's body."""
        body = await super().readexactly(n)
        if len(body) < n:
            raise asyncio.IncompleteReadError(body, n)
        return _in_utf_8(body)


def _in_utf_8(body: bytes) -> bytes:
    """Neovim sends bytes of a file that are no UTF-8 as they are: each becomes one character, so that the message is not lost,
    and columns in UTF-8 stay right."""
    return body if body.isascii() else _ODD_BYTE.sub("?", body.decode("utf-8", "surrogateescape")).encode()


class TinycodeServer(LanguageServer):
    """A pygls server with our session. What it sends goes out from the event loop only."""

    def __init__(self, version: str, session: Session, on_configured: Callable[[Session], None]) -> None:
        super().__init__("tinycode-ls", version, protocol_cls=TinycodeProtocol)
        self.session = session
        self.on_configured = on_configured
        self.stopped_properly = False
        self.loop: asyncio.AbstractEventLoop | None = None
        self._status_sent: dict[str, Any] = {}

    def start_io(self, stdin: BinaryIO | None = None, stdout: BinaryIO | None = None) -> None:
        """Serve until the client goes. Where the standard streams allow it, the event loop reads them itself.

        Where a thread reads each line of a header and each body, as pygls has it, each of these waits for Python's lock while
        an answer is computed, some milliseconds in all between a key and its answer. And on Windows, a library that looks at
        the standard input when it is loaded, as numpy's does, waits until the client says something (numpy 24290): so the
        engine is loaded before.
        """
        by_loop = not (stdin or stdout) and _loop_can_read()
        if not by_loop:
            self.session.backend.load()
        try:
            asyncio.run(self._serve(stdin or sys.stdin.buffer, stdout or sys.stdout.buffer, by_loop))
        except (KeyboardInterrupt, SystemExit):
            pass
        except (OSError, asyncio.IncompleteReadError) as error:
            log.info("the client went: %s", error)
        finally:
            self.shutdown()  # type: ignore[no-untyped-call]

    async def _serve(self, read: BinaryIO, written: BinaryIO, by_loop: bool) -> None:
        self._stop_event = stop = Event()
        self.protocol.set_writer(StdoutWriter(written))
        reader = await _read_by_loop(read) if by_loop else InThread(read, self.thread_pool)
        try:
            await run_async(stop, reader, self.protocol, log, self.report_server_error)
        finally:
            self.protocol.set_writer(Nobody())

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Into the log: a message box for each would drive people away."""
        log.error("%s: %s", getattr(source, "__name__", source), error)

    def tell(self, message: str) -> None:
        """One line for the person at the editor."""
        log.warning("%s", message)
        self.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Warning, f"tinycode: {message}"))

    def tell_from_thread(self, message: str) -> None:
        """As `tell`, from any thread; before there is a client, into the log."""
        if self.loop is None:
            log.warning("%s", message)
        else:
            self.loop.call_soon_threadsafe(self.tell, message)
            self.loop.call_soon_threadsafe(self.send_status)

    def send_status(self) -> None:
        """For a client that asked for it with the experimental capability `tinycodeStatus`; nothing twice in a row."""
        if _has(self.client_capabilities.experimental, "tinycodeStatus"):
            before, self._status_sent = self._status_sent, self.session.status()
            if before != self._status_sent:
                self.protocol.notify("$/tinycode/status", self._status_sent)


def _has(experimental: Any, name: str) -> bool:
    value = experimental.get(name) if isinstance(experimental, dict) else getattr(experimental, name, None)
    return bool(value)


async def _read_by_loop(pipe: BinaryIO) -> InTurn:
    reader = InTurn()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader


def _loop_can_read() -> bool:
    """Only pipes and sockets of a Unix, and only where the output is another: reading makes the input not wait, for all who
    hold it, and an output that does not wait loses what it has no room for."""
    if os.name != "posix":
        return False
    read, written = os.fstat(sys.stdin.fileno()), os.fstat(sys.stdout.fileno())
    is_pipe = stat.S_ISFIFO(read.st_mode) or stat.S_ISSOCK(read.st_mode)
    return is_pipe and not os.path.samestat(read, written)
