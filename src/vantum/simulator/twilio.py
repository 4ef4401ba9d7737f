"""Which doors the simulated carrier has, and who is let in by them."""

from __future__ import annotations

import asyncio
import binascii
from base64 import b64decode
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from vantum.simulator import twilio_refusals as refusals
from vantum.simulator.carrier import Carrier
from vantum.simulator.carrier_door import door_routes
from vantum.simulator.faults import Fault
from vantum.simulator.stage import Stage
from vantum.simulator.twilio_call import Call
from vantum.simulator.twilio_orders import (
    RefusedError,
    document,
    fields_of,
    method_of,
    new_order,
    unknown_events,
)
from vantum.simulator.twilio_refusals import Refusal
from vantum.simulator.twilio_resource import API, shown
from vantum.simulator.twilio_verbs import Fetch, Inline

FIRST_S: Final = 5.0  # in which the first callback surely came, if one was asked for
PAGE: Final = 50
PAGE_MOST: Final = 1_000
_AT_THE_DOOR: Final[dict[Fault, Refusal]] = {
    "unauthorized": refusals.UNAUTHORIZED,
    "forbidden": refusals.FORBIDDEN,
    "throttled": refusals.THROTTLED,
    "unavailable": refusals.UNAVAILABLE,
}
_FILTERS: Final[dict[str, Callable[[Call], str]]] = {
    "To": lambda call: call.order.to,
    "From": lambda call: call.order.from_,
    "Status": lambda call: call.record.status,
    "ParentCallSid": lambda call: call.order.parent_sid,
}


def twilio_routes(stage: Stage) -> list[BaseRoute]:
    """The routes of the vendor."""
    carrier = Carrier(stage)
    doors = _Doors(carrier)
    calls = f"{API}/{{account}}/Calls"
    return [
        Route(f"{calls}.json", doors.guarded(doors.create), methods=["POST"]),
        Route(f"{calls}.json", doors.guarded(doors.list), methods=["GET"]),
        Route(f"{calls}/{{sid}}.json", doors.guarded(doors.fetch), methods=["GET"]),
        Route(f"{calls}/{{sid}}.json", doors.guarded(doors.update), methods=["POST"]),
        *door_routes(carrier),
    ]


class _Doors:
    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self._stage = carrier.stage

    def guarded(
        self, door: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """The door behind the lock that all have."""

        async def entered(request: Request) -> Response:
            struck = self._stage.faults.strikes("twilio", "refused", *_AT_THE_DOOR)
            if struck is not None and struck.fault == "refused":
                self._stage.cut(request)
                return Response(status_code=500)
            if struck is not None:
                return _AT_THE_DOOR[struck.fault].response()
            if not self._knows(request):
                return refusals.UNAUTHORIZED.response()
            if request.path_params["account"] != self._stage.account.sid:
                return refusals.not_found(request.url.path).response()
            try:
                return await door(request)
            except RefusedError as error:
                return error.refusal.response()

        return entered

    async def create(self, request: Request) -> Response:
        order = new_order(fields_of(await request.body()))
        if self._carrier.active >= self._stage.profile.calls_at_once:
            raise RefusedError(refusals.CROWDED)
        self._stage.understood("twilio", order)
        call = self._carrier.place(order)
        if unknown_events(order):
            call.warn(21626)
        self._stage.count("twilio", "calls")
        struck = self._stage.faults.strikes("twilio", "callback_first", "stall_first")
        if struck is not None and struck.fault == "callback_first":
            async with asyncio.timeout(FIRST_S):
                await call.news.arrived.wait()
        elif struck is not None:
            await asyncio.sleep(3_600 if struck.seconds is None else struck.seconds)
        return JSONResponse(shown(call), 201)

    async def list(self, request: Request) -> Response:
        asked = request.query_params
        wanted = {name: of for name, of in _FILTERS.items() if name in asked}
        found = [
            call
            for call in self._carrier.newest_first()
            if all(of(call) == asked[name] for name, of in wanted.items())
        ]
        size = min(PAGE_MOST, _number(asked.get("PageSize"), PAGE) or PAGE)
        page = _number(asked.get("Page"), 0)
        begin, path = page * size, request.url.path
        kept = [(name, value) for name, value in asked.multi_items() if name != "Page"]

        def uri(number: int) -> str:
            return f"{path}?{urlencode([*kept, ('Page', number)])}"

        return JSONResponse(
            {
                "calls": [shown(call) for call in found[begin : begin + size]],
                "page": page,
                "page_size": size,
                "start": begin,
                "end": max(begin, min(begin + size, len(found)) - 1),
                "uri": uri(page),
                "first_page_uri": uri(0),
                "previous_page_uri": uri(page - 1) if page else None,
                "next_page_uri": uri(page + 1) if begin + size < len(found) else None,
            }
        )

    async def fetch(self, request: Request) -> Response:
        return JSONResponse(shown(self._call(request)))

    async def update(self, request: Request) -> Response:
        call = self._call(request)
        fields = fields_of(await request.body())
        status = "".join(fields.get("Status", ()))
        url, twiml = document(fields)
        if status not in {"", "completed", "canceled"}:
            raise RefusedError(refusals.invalid("Status"))
        if call.is_over:
            raise RefusedError(refusals.NOT_RUNNING)
        if status == "completed" or (status == "canceled" and call.phone is None):
            call.hang_up()
            await call.over.wait()
        elif status:
            raise RefusedError(refusals.NOT_RUNNING)
        elif url or twiml:
            source = Fetch(url, method_of(fields, "Method")) if url else Inline(twiml)
            if call.phone is None or not self._carrier.redirect(call, source):
                raise RefusedError(refusals.NOT_RUNNING)
        return JSONResponse(shown(call))

    def _call(self, request: Request) -> Call:
        call = self._carrier.call(request.path_params["sid"])
        if call is None:
            raise RefusedError(refusals.not_found(request.url.path))
        return call

    def _knows(self, request: Request) -> bool:
        scheme, _, coded = request.headers.get("authorization", "").partition(" ")
        account = self._stage.account
        try:
            shown_by = b64decode(coded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return False
        return scheme.lower() == "basic" and shown_by == f"{account.sid}:{account.token}"


def _number(text: str | None, usual: int) -> int:
    return int(text) if text and text.isdecimal() else usual
