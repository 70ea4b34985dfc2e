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
from pygls.io_ import StdoutWriter, run_async
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
        """A message's body. Neovim sends bytes of a file that are no UTF-8 as they are: each becomes one character, so that the
        message is not lost, and columns in UTF-8 stay right."""
        body = await super().readexactly(n)
        return body if body.isascii() else _ODD_BYTE.sub("?", body.decode("utf-8", "surrogateescape")).encode()


class TinycodeServer(LanguageServer):
    """A pygls server with our session. What it sends goes out from the event loop only."""

    def __init__(self, version: str, session: Session, on_configured: Callable[[Session], None]) -> None:
        super().__init__("tinycode-ls", version, protocol_cls=TinycodeProtocol)
        self.session = session
        self.on_configured = on_configured
        self.stopped_properly = False
        self.loop: asyncio.AbstractEventLoop | None = None

    def start_io(self, stdin: BinaryIO | None = None, stdout: BinaryIO | None = None) -> None:
        """Serve until the client goes. Where the standard streams allow it, the event loop reads them itself.

        pygls has a thread read each line of a header and each body; while an answer is computed, each of these waits for
        Python's lock, some milliseconds in all between a key and its answer.
        """
        try:
            if stdin or stdout or not _loop_can_read():
                super().start_io(stdin, stdout)
            else:
                self._serve_pipe()
        except (OSError, asyncio.IncompleteReadError) as error:
            log.info("the client went: %s", error)

    def _serve_pipe(self) -> None:
        try:
            asyncio.run(self._read_pipe())
        except (KeyboardInterrupt, SystemExit):
            pass
        finally:
            self.shutdown()  # type: ignore[no-untyped-call]

    async def _read_pipe(self) -> None:
        self._stop_event = stop = Event()
        self.protocol.set_writer(StdoutWriter(sys.stdout.buffer))
        reader = InTurn()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
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
        """For a client that asked for it with the experimental capability `tinycodeStatus`."""
        if _has(self.client_capabilities.experimental, "tinycodeStatus"):
            self.protocol.notify("$/tinycode/status", self.session.status())


def _has(experimental: Any, name: str) -> bool:
    value = experimental.get(name) if isinstance(experimental, dict) else getattr(experimental, name, None)
    return bool(value)


def _loop_can_read() -> bool:
    """Only pipes and sockets of a Unix, and only where the output is another: reading makes the input not wait, for all who
    hold it, and an output that does not wait loses what it has no room for."""
    if os.name != "posix":
        return False
    read, written = os.fstat(sys.stdin.fileno()), os.fstat(sys.stdout.fileno())
    is_pipe = stat.S_ISFIFO(read.st_mode) or stat.S_ISSOCK(read.st_mode)
    return is_pipe and not os.path.samestat(read, written)
