"""Where a peer of FastAPI is reached by the carrier: a call, its stream, whether it is ready."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import uvicorn
from fastapi import FastAPI, Response, WebSocket

from benchmarks.peers.said import twiml


def serve(port: int, talk: Callable[[WebSocket], Awaitable[None]]) -> None:
    """Take calls until a signal; `talk` has one stream each, from before it is accepted."""
    app = FastAPI()

    @app.get("/ready")
    async def ready() -> str:
        return "ready"

    @app.post("/twilio/voice")
    async def voice() -> Response:
        return Response(twiml(port), media_type="application/xml")

    @app.websocket("/media")
    async def media(socket: WebSocket) -> None:
        await talk(socket)

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
