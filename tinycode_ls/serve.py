"""Start the server on a transport and end with it."""

import socket
import sys

from .configuration import Configuration
from .errors import SettingsError, reason_of
from .memory import share_one_heap
from .protocol import TinycodeServer
from .server import create_server

LOOPBACK = ("", "localhost", "127.0.0.1")
LAST_PATIENCE_S = 2.0
"""How long what still runs is waited for when the client is gone: mostly milliseconds, while a model is loaded a second."""


def serve_stdio(model: str | None) -> int:
    """0 when the client said goodbye, 1 when it just went, as LSP wants it."""
    if sys.stdin is None or sys.stdout is None:
        raise SettingsError("standard input or output is closed; expected an editor at both, or --tcp HOST:PORT")
    server = _server(model)
    server.start_io()
    return _end(server)


def serve_tcp(address: str, model: str | None) -> int:
    """One client on a socket, of this machine only: who may connect may read what the server does."""
    host, _, port = address.rpartition(":")
    if host not in LOOPBACK or not (port.isdecimal() and len(port) < 6 and int(port) < 65_536):
        raise SettingsError(f"--tcp {address}: expected HOST:PORT of this machine alone, for example 127.0.0.1:8765")
    try:
        listening = socket.create_server((host or "127.0.0.1", int(port)))
    except OSError as error:
        raise SettingsError(f"--tcp {address}: {reason_of(error)}; choose another address") from error
    server = _server(model)
    with listening, listening.accept()[0] as client, client.makefile("rb") as read, client.makefile("wb") as written:
        server.start_io(read, written)
        return _end(server)


def _server(model: str | None) -> TinycodeServer:
    share_one_heap()
    return create_server(configuration=Configuration({"model": model} if model else {}))


def _end(server: TinycodeServer) -> int:
    server.session.stop(LAST_PATIENCE_S)
    return 0 if server.stopped_properly else 1
