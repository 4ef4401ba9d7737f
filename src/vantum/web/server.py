"""How the one port is served."""

from __future__ import annotations

import socket
import sys

import uvicorn
from fastapi import FastAPI

from vantum import limits
from vantum.errors import SettingsError
from vantum.settings import Settings
from vantum.telemetry import configure_log, server_log
from vantum.web.app import build_app


def run_server(settings: Settings) -> None:
    """Serve until a signal has drained the calls. Raises SettingsError before it listens."""
    configure_log(settings, sys.stderr)
    server: uvicorn.Server

    def stop() -> None:
        server.should_exit = True

    server = uvicorn.Server(server_config(build_app(settings, stop=stop)))
    sockets = listening_sockets(settings.host, settings.port)
    for listening in sockets:
        address, port = listening.getsockname()[:2]
        named = "localhost" if address in {"127.0.0.1", "::1"} else address
        url = f"http://{named}:{port}"
        server_log().info("listening", url=url, address=address, port=port)
    server.run(sockets)
    if not server.started:
        raise SystemExit(1)


def server_config(app: FastAPI) -> uvicorn.Config:
    """How the web server is to speak HTTP and WebSocket."""
    return uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=limits.MESSAGE_BYTES,
        ws_ping_interval=limits.PING_INTERVAL_S,
        ws_ping_timeout=limits.PING_TIMEOUT_S,
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )


def listening_sockets(host: str, port: int) -> list[socket.socket]:
    """Sockets that take connections from now on, one for each address of `host`.

    Raises SettingsError where that cannot be.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        addresses = dict.fromkeys((family, where[:2]) for family, _, _, _, where in found)
        sockets = [socket.create_server(where, family=family) for family, where in addresses]
    except OSError as error:
        raise SettingsError(f"HOST, PORT: cannot listen on {host}:{port}: {error}") from error
    for listening in sockets:
        drop_dead_peers(listening, limits.PING_INTERVAL_S + limits.PING_TIMEOUT_S)
    return sockets


def drop_dead_peers(listening: socket.socket, after_s: float) -> None:
    """Have the kernel cut connections whose peer takes nothing of what was sent to it.

    A missing answer to a ping closes a connection only once all data before the close was taken.
    """
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux: tcp(7); accepted sockets inherit it
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(after_s * 1000))
