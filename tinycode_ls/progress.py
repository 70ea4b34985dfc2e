"""`$/progress` for slow work, for clients that show it; silent for the others."""

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

log = logging.getLogger(__name__)

PATIENCE_S = 1.0
"""How long a client may take to agree to a progress report; then the work goes on without one."""
_tokens = itertools.count(1)


async def with_progress(
    server: LanguageServer, title: str, work: Callable[[Callable[[int, str], None]], Awaitable[None]]
) -> None:
    """Do `work`, which is given `report(percent, message)`, between a begin and an end that the client can show."""
    token = await _token(server)
    if token is None:
        await work(_nowhere)
        return
    progress = server.work_done_progress
    progress.begin(token, lsp.WorkDoneProgressBegin(title, percentage=0))

    def report(percent: int, message: str) -> None:
        progress.report(token, lsp.WorkDoneProgressReport(message=message, percentage=max(0, min(100, percent))))

    try:
        await work(report)
    finally:
        progress.end(token, lsp.WorkDoneProgressEnd())


async def _token(server: LanguageServer) -> str | None:
    """A token the client agreed to."""
    window = server.client_capabilities.window
    if not (window and window.work_done_progress):
        return None
    token = f"tinycode-{next(_tokens)}"
    try:
        await asyncio.wait_for(server.work_done_progress.create_async(token), PATIENCE_S)
    except Exception as error:  # a client may refuse with any error, or never answer
        log.info("no progress report: %r", error)
        return None
    return token


def _nowhere(percent: int, message: str) -> None:
    """Reports for a client that shows none."""
