"""How a site's own server gets a token with which one of its pages may open a call."""

from __future__ import annotations

import asyncio
import secrets
from typing import Annotated, Final
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from vantum.agents.shelf import shelf_of
from vantum.errors import RequestError
from vantum.roles import Caller
from vantum.store.passes import Passes
from vantum.web.passes import PREFIX, Pass, token_of
from vantum.web.rest.house import House
from vantum.web.rest.route import Route, route

ROOT: Final = "/api/v1/sessions"
_NONCE_BYTES: Final = 18
_PORTS: Final = {"http": 80, "https": 443}  # which a browser leaves out
_ORIGIN: Final = "A page's origin is its scheme and host, as in https://shop.example"


class NewSession(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom a token is for: without `origin`, any page that may connect; `longest_s` of the call."""

    origin: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    agent: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    expires_s: Annotated[int, Meta(ge=1, le=300)] = 60
    longest_s: Annotated[int, Meta(ge=1, le=86_400)] | None = None


class MadeSession(Struct, frozen=True):
    """A token that is good once; a page offers `subprotocol` beside `vantum.v2`."""

    token: str
    subprotocol: str
    expires_at: Annotated[int, Meta(description="Seconds since 1970.")]


class SessionDoors:
    """The doors."""

    def __init__(self, house: House) -> None:
        self._settings = house.settings
        self._passes = Passes(house.database)

    async def make(self, body: NewSession, caller: Caller) -> MadeSession:
        """Make a token for one call from a page of yours, which never sees your API token."""
        if body.origin is not None:
            _check(body.origin)
        if body.agent is not None:
            # On a thread: files are read, and calls may be live.
            shelf = await asyncio.to_thread(shelf_of, self._settings.vantum_agent)
            if body.agent not in shelf.agents:
                raise shelf.no_such(body.agent)
        made = Pass(
            nonce=secrets.token_urlsafe(_NONCE_BYTES),
            expires_at=int(self._passes.now()) + body.expires_s,
            api_token=caller.token_id,
            origin=body.origin or "",
            agent=body.agent or "",
            longest_s=body.longest_s or 0,
        )
        token = token_of(made, await self._passes.key())
        return MadeSession(token, PREFIX + token, made.expires_at)


def _check(origin: str) -> None:
    """As a browser sends it, by which it is compared. Raises RequestError that says how."""
    if (sent := _as_sent(origin)) != origin:
        raise RequestError(f"{_ORIGIN}; a browser sends {sent}" if sent else _ORIGIN)


def _as_sent(origin: str) -> str:
    """What a browser makes of it (RFC 6454, 6.2); "" of what is no page's address."""
    try:
        parts = urlsplit(origin)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:  # such as half an IPv6 address
        return ""
    if scheme not in _PORTS or not host:
        return ""
    if not host.isascii():
        return "another host in ASCII, as xn--..."
    host = f"[{host}]" if ":" in host else host
    return f"{scheme}://{host}" + (f":{port}" if port not in {None, _PORTS[scheme]} else "")


def routes(house: House) -> tuple[Route, ...]:
    """The routes about sessions."""
    return (route("POST", ROOT, "operator", SessionDoors(house).make, 201, is_secret=True),)
