"""Where a peer of FastAPI is reached by the carrier: a call, its stream, whether it is ready."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import uvicorn
from fastapi import FastAPI
from starlette.responses import Response
from starlette.websockets import WebSocket

from benchmarks.peers.said import twiml


def serve(port: int, talk: Callable[[WebSocket], Awaitable[None]]) -> None:
    """Take calls until a signal; `talk` has one stream each, from before it is accepted."""

    async def ready() -> str:
        return "ready"

    async def voice() -> Response:
        return Response(twiml(port), media_type="application/xml")

    async def media(socket: WebSocket) -> None:
        await talk(socket)

    app = FastAPI()
    app.add_api_route("/ready", ready)
    app.add_api_route("/twilio/voice", voice, methods=["POST"], response_class=Response)
    app.add_api_websocket_route("/media", media)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
