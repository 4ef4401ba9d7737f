"""How the one port is served."""

from __future__ import annotations

import sys

import uvicorn

from vantum import limits
from vantum.settings import Settings
from vantum.telemetry import configure_log
from vantum.web.app import build_app


def run_server(settings: Settings) -> None:
    """Serve until a signal has drained the calls. Raises SettingsError before it listens."""
    configure_log(settings, sys.stderr)
    server: uvicorn.Server

    def stop() -> None:
        server.should_exit = True

    app = build_app(settings, stop=stop)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
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
    server = uvicorn.Server(config)
    server.run()
    if not server.started:
        raise SystemExit(1)
