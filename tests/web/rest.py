"""A desk with routes of a test behind the real entrance, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import uvicorn
from served import eventually
from starlette.applications import Starlette

from vantum.roles import Caller
from vantum.store.answers import Answers
from vantum.store.database import Database
from vantum.web.entrance import Entrance, mounted
from vantum.web.guesses import Guesses
from vantum.web.rest.desk import Desk
from vantum.web.rest.once import Once
from vantum.web.rest.route import Route
from vantum.web.server import listening_sockets

TOKEN = "the-token"


class Clock:
    """A time that only the test moves; seconds since 1970."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0


async def nobody(_secret: str) -> Caller | None:
    return None


@asynccontextmanager
async def desk_serving(
    database: Database,
    clock: Clock,
    *routes: Route,
    bearer: Callable[[str], Awaitable[Caller | None]] = nobody,
    guesses: Guesses | None = None,
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a process that serves these routes."""
    desk = Desk(routes, bearer, Once(Answers(database), lambda: clock.now))

    async def opened() -> Desk:
        return desk

    app = Starlette(routes=[mounted(Entrance(opened, TOKEN, public=True, guesses=guesses))])
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    sockets = listening_sockets("127.0.0.1", 0)
    task = asyncio.get_running_loop().create_task(server.serve(sockets), name="uvicorn")
    await eventually(lambda: server.started or task.done())
    url = "http://{}:{}".format(*sockets[0].getsockname()[:2])
    headers = {"authorization": f"Bearer {TOKEN}"}
    try:
        async with httpx.AsyncClient(base_url=url, headers=headers) as http:
            yield http
    finally:
        server.should_exit = True
        await task
