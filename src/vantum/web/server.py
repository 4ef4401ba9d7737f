"""How the one port is served."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

import uvicorn
from starlette.applications import Starlette

from vantum import limits
from vantum.env_file import Doubt
from vantum.errors import SettingsError
from vantum.settings import Settings
from vantum.telemetry import configure_log, server_log
from vantum.upkeep import keep_what_is_there
from vantum.web.app import build_app
from vantum.web.bridge import BRIDGE
from vantum.web.records import try_records
from vantum.web.siblings import Siblings

_EVERY: Final = {"0.0.0.0", "::"}
_OWN: Final = {"127.0.0.1", "::1"}


def run_server(settings: Settings, doubts: Iterable[Doubt] = ()) -> None:
    """Serve until a signal has drained the calls. Raises SettingsError before it listens.

    `doubts` about the settings are written to the log.
    """
    prepare(settings, doubts)

    def listening() -> list[socket.socket]:
        sockets = listening_sockets(settings.host, settings.port)
        announce(sockets)
        return sockets

    serve(settings, listening)


def prepare(settings: Settings, doubts: Iterable[Doubt]) -> None:
    """Begin the log with what is odd, and see that there is a place for what is kept.

    Raises SettingsError: here it is one line, from within the web server a trace of its start.
    """
    configure_log(settings, sys.stderr)
    for doubt in doubts:
        server_log().warning("env_line_doubtful", line=doubt.line, why=doubt.why)
    check_data_dir(settings.vantum_data_dir)
    if not settings.phone_off:  # else the records are opened beside the calls, and may come later
        asyncio.run(try_records(settings.database))


def announce(sockets: Iterable[socket.socket]) -> None:
    """Tell where we listen."""
    for listening in sockets:
        address, port = listening.getsockname()[:2]
        urls = page_urls(address, port)
        server_log().info("listening", **urls, address=address, port=port)


def serve(
    settings: Settings,
    listen: Callable[[], list[socket.socket]],
    siblings: Siblings | None = None,
) -> None:
    """Take calls at these sockets until a signal has drained them.

    Raises SettingsError before it listens. `siblings`: the other processes of the port.
    """
    server: uvicorn.Server

    async def stop() -> None:
        server.should_exit = True

    app = build_app(settings, stop=stop, siblings=siblings)
    server = uvicorn.Server(server_config(app, settings))
    sockets = listen()
    keep_what_is_there()
    server.run(sockets)
    if not server.started or server.lifespan.error_occurred:
        raise SystemExit(1)


def check_data_dir(folder: Path) -> None:
    """Make the folder where it is missing and try to write in it. Raises SettingsError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        why = error.strerror or str(error)
        raise SettingsError(f"VANTUM_DATA_DIR: {folder} cannot be written: {why}") from error


def page_urls(address: str, port: int) -> dict[str, str]:
    """Where a browser finds the page, on this machine and, where it can, from elsewhere."""
    if address not in _EVERY | _OWN:
        return {"url": f"http://{_bracketed(address)}:{port}"}
    urls = {"url": f"http://localhost:{port}"}
    if address in _EVERY:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        # Nothing is sent: the kernel says from which address a packet would leave. The targets
        # are for documents (RFC 5737, RFC 3849). A machine without a network has no such address.
        target = "2001:db8::1" if family == socket.AF_INET6 else "192.0.2.1"
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((target, 9))
            urls["from_elsewhere"] = f"http://{_bracketed(probe.getsockname()[0])}:{port}"
    return urls


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def server_config(app: Starlette, settings: Settings) -> uvicorn.Config:
    """How the web server is to speak HTTP and WebSocket."""
    return uvicorn.Config(
        app,
        forwarded_allow_ips=list(settings.forwarded_allow_ips),
        loop="uvloop",
        http="httptools",
        ws=BRIDGE,
        ws_max_size=limits.MESSAGE_BYTES,
        ws_ping_interval=limits.PING_INTERVAL_S,
        ws_ping_timeout=limits.PING_TIMEOUT_S,
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
        # Longer than carriers and proxies keep an idle connection: who closes first while the other
        # sends loses a request. Usual clients keep 15 to 60 s.
        timeout_keep_alive=75,
    )


def listening_sockets(
    host: str, port: int, *, named: str = "HOST, PORT", shared: bool = False
) -> list[socket.socket]:
    """Sockets that take connections from now on, one for each address of `host`.

    Raises SettingsError where that cannot be; it names what asked for the address. Where they are
    `shared`, others of ours may listen there, too.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        addresses = dict.fromkeys((family, where[:2]) for family, _, _, _, where in found)
        sockets = [
            socket.create_server(where, family=family, reuse_port=shared)
            for family, where in addresses
        ]
    except OSError as error:
        # Its own words name the address once more; a host that is not known has no such number.
        number = error.errno or 0
        why = os.strerror(number) if number > 0 else error.strerror
        raise SettingsError(f"{named}: cannot listen on {host}:{port}: {why}") from error
    for listening in sockets:
        drop_dead_peers(listening, limits.PING_INTERVAL_S + limits.PING_TIMEOUT_S)
    return sockets


def drop_dead_peers(listening: socket.socket, after_s: float) -> None:
    """Have the kernel cut connections whose peer takes nothing of what was sent to it.

    A missing answer to a ping closes a connection only once all data before the close was taken.
    """
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux: tcp(7); accepted sockets inherit it
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(after_s * 1000))
