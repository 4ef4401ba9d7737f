"""Which doors the simulated carrier has, and who is let in by them."""

from __future__ import annotations

import asyncio
import binascii
from base64 import b64decode
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from vantum.simulator import twilio_refusals as refusals
from vantum.simulator.carrier import Carrier
from vantum.simulator.carrier_door import door_routes
from vantum.simulator.faults import Armed, Fault
from vantum.simulator.stage import Stage
from vantum.simulator.twilio_call import Call
from vantum.simulator.twilio_listing import addresses, page_of
from vantum.simulator.twilio_orders import (
    document,
    fields_of,
    method_of,
    new_order,
    unknown_events,
)
from vantum.simulator.twilio_refusals import Refusal, RefusedError
from vantum.simulator.twilio_resource import API, shown
from vantum.simulator.twilio_verbs import Fetch, Inline

FIRST_S: Final = 5.0  # in which the first callback surely came, if one was asked for
_AT_THE_DOOR: Final[dict[Fault, Refusal]] = {
    "unauthorized": refusals.UNAUTHORIZED,
    "forbidden": refusals.FORBIDDEN,
    "throttled": refusals.THROTTLED,
    "unavailable": refusals.UNAVAILABLE,
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
                with self._carrier.house.turnstile.request():
                    return await door(request)
            except RefusedError as error:
                return error.refusal.response()

        return entered

    async def create(self, request: Request) -> Response:
        order = new_order(fields_of(await request.body()))
        if self._carrier.active >= self._carrier.house.turnstile.calls_at_once:
            raise RefusedError(refusals.CROWDED)
        self._stage.understood("twilio", order)
        call = self._carrier.place(order)
        self._carrier.dials.add(call.sid, order)
        if unknown_events(order):
            call.warn(21626)
        self._stage.count("twilio", "calls")
        match self._stage.faults.strikes("twilio", "callback_first", "stall_first", "erred"):
            case Armed(fault="callback_first"):
                async with asyncio.timeout(FIRST_S):
                    await call.news.arrived.wait()
            case Armed(fault="stall_first", seconds=seconds):
                await asyncio.sleep(3_600 if seconds is None else seconds)
            case Armed(fault="erred"):
                return refusals.ERRED.response()
        return JSONResponse(shown(call), 201)

    async def list(self, request: Request) -> Response:
        asked = request.query_params
        page = page_of(self._carrier.newest_first(), asked)
        told = addresses(page, request.url.path, asked.multi_items())
        return JSONResponse({"calls": [shown(call) for call in page.calls], **told})

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
        if status == "completed" or (status == "canceled" and not call.is_answered):
            call.hang_up()
            await call.over.wait()
        elif status:
            raise RefusedError(refusals.NOT_RUNNING)
        elif url or twiml:
            source = Fetch(url, method_of(fields, "Method")) if url else Inline(twiml)
            if not call.is_answered or not self._carrier.redirect(call, source):
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
