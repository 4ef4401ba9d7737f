"""Where a program of aiohttp is reached by the carrier: a call, its stream, whether it is ready."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from benchmarks.peers.said import twiml


async def open_door(port: int, talk: Callable[[web.WebSocketResponse], Awaitable[None]]) -> None:
    """Take calls from now on; `talk` has one stream each, until it is over."""

    async def voice(_: web.Request) -> web.Response:
        return web.Response(text=twiml(port), content_type="text/xml")

    async def media(request: web.Request) -> web.WebSocketResponse:
        phone = web.WebSocketResponse(compress=False)
        await phone.prepare(request)
        await talk(phone)
        return phone

    async def ready(_: web.Request) -> web.Response:
        return web.Response(text="ready")

    app = web.Application()
    app.add_routes(
        [web.post("/twilio/voice", voice), web.get("/media", media), web.get("/ready", ready)]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
