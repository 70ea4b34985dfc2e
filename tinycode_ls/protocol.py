"""pygls where it is bent for us: no second copy of the documents, errors in the log, an answer to every request."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol

from .session import Session

log = logging.getLogger(__name__)


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


class TinycodeServer(LanguageServer):
    """A pygls server with our session. What it sends goes out from the event loop only."""

    def __init__(self, version: str, session: Session, on_configured: Callable[[Session], None]) -> None:
        super().__init__("tinycode-ls", version, protocol_cls=TinycodeProtocol)
        self.session = session
        self.on_configured = on_configured
        self.stopped_properly = False
        self.loop: asyncio.AbstractEventLoop | None = None

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
