"""What the server's doors read of a request: its path, its headers, its body.

The first lines of the bytes are the path and the headers, the body stands behind a blank line.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast
from urllib.parse import unquote_to_bytes

import structlog
from msgspec import Struct
from msgspec.structs import replace
from starlette.requests import Request
from starlette.websockets import WebSocket

from vantum.roles import OURSELVES
from vantum.settings import load_settings
from vantum.telemetry import Metrics
from vantum.telephony.signatures import Signatures
from vantum.telephony.webhooks import Webhooks, form_of, order_of
from vantum.web.access import given_token, is_local, is_rebound
from vantum.web.rest.calls import CallsQuery, NewCall
from vantum.web.rest.campaigns import NewCampaign
from vantum.web.rest.desk import Desk
from vantum.web.rest.paging import Line, Paged, place
from vantum.web.rest.route import Route, route
from vantum.web.rest.webhooks import NewHook
from vantum.web.socket import Doorkeeper

_SILENT: Final = structlog.wrap_logger(
    structlog.ReturnLogger(), processors=[lambda _, __, told: str(told)]
)
# Nothing that is not signed comes further than the signature.
_WEBHOOKS: Final = Webhooks(
    cast(Any, None),
    Signatures("https://vantum.example", "key"),
    metrics=Metrics(),
    log=_SILENT,
)
_STATUS: Final = next(one.endpoint for one in _WEBHOOKS.routes() if one.path == "/twilio/status")
_DOORKEEPER: Final = Doorkeeper(load_settings({"PUBLIC_URL": "https://vantum.example"}))
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


class _Head(Struct, frozen=True):
    path: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes


def _head(data: bytes) -> _Head:
    head, _, body = data.partition(b"\n\n")
    path, *lines = head.split(b"\n")
    pairs = [(name.strip().lower(), value.strip()) for name, _, value in _split(lines)]
    asked = bytes(sign for sign in path if 32 < sign < 127)  # no server passes others on
    return _Head(asked, pairs, body)


def _asked(method: str, path: bytes, head: _Head) -> Request:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": head.body, "more_body": False}

    return Request(_scope("http", path, head) | {"method": method}, receive)


def _scope(kind: str, path: bytes, head: _Head) -> dict[str, object]:
    """As servers have it: what a path's percent signs stand for, and the query as it came."""
    return {
        "type": kind,
        "path": unquote_to_bytes(path).decode("utf-8", "replace"),
        "query_string": head.path.partition(b"?")[2],
        "headers": head.headers,
        "client": ("127.0.0.1" if len(head.body) % 2 else "203.0.113.7", 40_000),
        "server": ("127.0.0.1", 3001),
    }


def _split(lines: list[bytes]) -> list[tuple[bytes, bytes, bytes]]:
    return [line.partition(b":") for line in lines]


def carrier_form(data: bytes) -> None:
    """What claims to be the carrier's webhook."""
    head = _head(data)
    answer = _now(_STATUS(_asked("POST", b"/twilio/status", head)))
    assert answer.status_code == 403, answer.status_code
    order_of(form_of(head.body))


def socket_head(data: bytes) -> None:
    """Whoever opens a socket, and who they say that they are."""
    head = _head(data)
    socket = WebSocket(_scope("websocket", b"/ws", head), _unused, _unused)
    _DOORKEEPER.refusal(socket, float(len(data)))
    is_local(socket)
    is_rebound(socket)
    given_token(socket)


def rest_request(data: bytes) -> None:
    """A request of somebody who may ask for anything."""
    number, head = (data[0] if data else 0), _head(data[1:])
    kept = [(name, value) for name, value in head.headers if name != _KEY]
    head = replace(head, headers=kept)
    request = _asked(_METHODS[number % len(_METHODS)], head.path.partition(b"?")[0], head)
    answer = _now(_DESK.answer(request, OURSELVES))
    assert answer.status_code < 500, answer.body


_LOOP: Final = asyncio.new_event_loop()
_KEY: Final = b"idempotency-key"  # whose answer lies in the database


async def _unused(*_: object) -> Any:
    raise AssertionError("the door only looks")


def _now(work: Any) -> Any:
    """What a coroutine returns that waits for nothing but sets deadlines."""
    return _LOOP.run_until_complete(work)


class _Doors:
    """They open, and there is nothing behind them."""

    async def call(self, body: NewCall) -> None:
        """As of a call."""

    async def campaign(self, body: NewCampaign) -> None:
        """As of a campaign."""

    async def hook(self, body: NewHook, version: int | None) -> None:
        """As of a webhook that is changed."""

    async def calls(self, query: CallsQuery) -> None:
        """As of a list."""

    async def rows(self, list_id: str, query: Paged) -> None:  # noqa: ARG002 - the path has it
        """As of rows that are numbered."""
        place(query, Line)


def _routes() -> tuple[Route, ...]:
    doors = _Doors()
    return (
        route("POST", "/api/v1/calls", "viewer", doors.call),
        route("POST", "/api/v1/campaigns", "viewer", doors.campaign),
        route("PATCH", "/api/v1/hooks", "viewer", doors.hook),
        route("GET", "/api/v1/calls", "viewer", doors.calls),
        route("GET", "/api/v1/lists/{list_id}/bad-rows", "viewer", doors.rows),
    )


async def _nobody(_: str) -> None:
    return None


_DESK: Final = Desk(_routes(), _nobody, None)  # type: ignore[arg-type]  # no key, nothing is kept
