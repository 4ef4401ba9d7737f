"""How the simulator is put together: every vendor on one port, and a door to switch faults on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from vantum.limits import MESSAGE_BYTES
from vantum.simulator import deepgram, openai
from vantum.simulator.cartesia import cartesia_routes
from vantum.simulator.faults import FAULTS, FIELDS, Armed, vendors_of
from vantum.simulator.stage import Stage
from vantum.simulator.twilio import twilio_routes
from vantum.web.bridge import BRIDGE
from vantum.wire.fields import UNREADABLE

VENDORS: Final[tuple[Callable[[Stage], list[BaseRoute]], ...]] = (
    deepgram.routes,
    openai.routes,
    cartesia_routes,
    twilio_routes,
)

_ARMED: Final = msgspec.json.Decoder(Armed)
_ALLOWED: Final = {
    "fields": FIELDS,
    "faults": {fault: sorted(vendors_of(fault)) for fault in FAULTS},
}


def build_app(stage: Stage) -> Starlette:
    """The ASGI application."""

    async def show(_request: Request) -> JSONResponse:
        return JSONResponse(
            {
                "armed": msgspec.to_builtins(stage.faults.armed),
                "struck": stage.faults.struck,
                "counts": stage.counts,
                **_ALLOWED,
            }
        )

    async def asked(_request: Request) -> JSONResponse:
        return JSONResponse(msgspec.to_builtins(list(stage.asked)))

    async def moments(_request: Request) -> JSONResponse:
        return JSONResponse(list(stage.moments))

    async def arm(request: Request) -> Response:
        try:
            stage.faults.arm(_ARMED.decode(await request.body()))
        except UNREADABLE as error:
            return JSONResponse({"error": str(error), **_ALLOWED}, status_code=400)
        return Response(status_code=204)

    async def clear(_request: Request) -> Response:
        stage.faults.clear()
        return Response(status_code=204)

    routes: list[BaseRoute] = [route for vendor in VENDORS for route in vendor(stage)]
    routes += [
        Route("/simulator", show, methods=["GET"]),
        Route("/simulator/asked", asked, methods=["GET"]),
        Route("/simulator/moments", moments, methods=["GET"]),
        Route("/simulator/faults", arm, methods=["POST"]),
        Route("/simulator/faults", clear, methods=["DELETE"]),
    ]

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with stage.upkeep.open():
            yield

    return Starlette(routes=routes, lifespan=lifespan)


def simulator_server(stage: Stage) -> uvicorn.Server:
    """A web server for `stage`; the caller runs it on sockets of its own."""
    server = uvicorn.Server(
        uvicorn.Config(
            build_app(stage),
            loop="uvloop",
            http="httptools",
            ws=BRIDGE,
            ws_max_size=MESSAGE_BYTES,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
    )
    stage.connections = server.server_state.connections  # type: ignore[assignment]  # any protocol
    return server
