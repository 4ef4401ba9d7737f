"""Who enters `/api`. Nothing lies beside this door: a route behind it cannot be left unguarded.

Only the description of the API is for everybody: a browser that follows a link sends no token, and
what is in it is in our source as well.
"""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

from vantum.errors import VantumError
from vantum.roles import ANYBODY, OURSELVES, TOKEN_PREFIX, Caller
from vantum.settings import Settings
from vantum.transports.ids import Ids
from vantum.web.access import TOKEN_NEEDED, TOKEN_UNKNOWN, given_token, is_local
from vantum.web.guesses import Guesses
from vantum.web.problems import problem, refusal
from vantum.web.records import Records

if TYPE_CHECKING:
    from vantum.telephony.exchange import Exchange
    from vantum.web.rest.desk import Desk


DESCRIPTION: Final = frozenset({"/api/docs", "/api/docs.css", "/api/openapi.json"})

_LATER: Final = "The records cannot be looked up now; later may do"


def mounted(entrance: Entrance) -> Mount:
    """All that lies under `/api`, whatever its path looks like."""
    mount = Mount("/api", entrance)
    # As it comes, it lets a path with a line break in it pass beside.
    mount.path_regex = re.compile(r"/api/(?P<path>.*)", re.DOTALL)
    return mount


def desk_opener(
    records: Records, exchange: Exchange | None, settings: Settings
) -> Callable[[], Awaitable[Desk]]:
    """How the desk behind the entrance is opened: once somebody may come in."""

    async def opened() -> Desk:
        database = await records.opened()
        # On a thread: the import takes 30 ms, and calls may be live.
        await asyncio.to_thread(import_module, "vantum.web.rest.table")
        from vantum.web.rest.house import House  # noqa: PLC0415 - see above
        from vantum.web.rest.table import open_desk  # noqa: PLC0415

        return open_desk(
            House(
                database=database,
                exchange=exchange,
                settings=settings,
                now=database.now,
                new_id=Ids().new,
            )
        )

    return opened


class _TooManyError(Exception):
    """Tokens are being guessed."""


class Entrance:
    """The ASGI application that is mounted at `/api`."""

    def __init__(
        self,
        open_desk: Callable[[], Awaitable[Desk]],
        token: str,
        *,
        public: bool,
        guesses: Guesses | None = None,
    ) -> None:
        """`public`: this port is reached from elsewhere, so that being near proves nothing."""
        self._open_desk = open_desk
        self._token = token.encode()
        self._public = public
        self._guesses = guesses or Guesses()
        self._desk: Desk | None = None
        self._opening = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await WebSocketClose()(scope, receive, send)
            return
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        try:
            caller = await self._caller(request)
        except _TooManyError:
            return problem(429, "Too many tokens are wrong", **{"Retry-After": "1"})
        except VantumError:  # whose words are not for strangers
            return problem(503, _LATER)
        if caller is None:
            why = TOKEN_NEEDED if given_token(request) is None else TOKEN_UNKNOWN
            return problem(401, why, **{"WWW-Authenticate": "Bearer"})
        try:
            desk = await self._opened()
        except VantumError as error:
            return problem(503, _LATER) if caller is ANYBODY else refusal(error)
        return await desk.answer(request, caller)

    async def _caller(self, request: Request) -> Caller | None:
        """Who asks; None for a stranger. Who gives a token is who its bearer is, near or far."""
        if request.method == "GET" and request.scope["path"] in DESCRIPTION:
            return ANYBODY
        given = given_token(request)
        if given is None:
            return OURSELVES if is_local(request) and not self._public else None
        if self._token and hmac.compare_digest(given.encode(), self._token):
            return OURSELVES
        if not given.startswith(TOKEN_PREFIX):
            return None
        now = asyncio.get_running_loop().time()
        if not self._guesses.may_try(given, now):
            raise _TooManyError
        caller = await (await self._opened()).caller(given)
        self._guesses.tried(given, now, good=caller is not None)
        return caller

    async def _opened(self) -> Desk:
        async with self._opening:
            if self._desk is None:
                self._desk = await self._open_desk()
            return self._desk
