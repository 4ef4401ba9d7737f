"""How the simulated callees are cast, watched and made to call us: the carrier's control door."""

from __future__ import annotations

from itertools import islice
from typing import Final

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from vantum.simulator import dials
from vantum.simulator.callee import Said
from vantum.simulator.callee_acts import Script
from vantum.simulator.callee_ear import Measures
from vantum.simulator.callee_mixes import Mix
from vantum.simulator.callees import BY_NUMBER, Casting, Kind, Weather
from vantum.simulator.carrier import Carrier
from vantum.simulator.tape import Utterance
from vantum.simulator.twilio_call import Call, Order
from vantum.simulator.twilio_limits import Limits
from vantum.simulator.twilio_listing import number_of
from vantum.simulator.twilio_news import Told
from vantum.wire.fields import UNREADABLE

NEWEST: Final = 1_000  # calls that are listed unless more are asked for

_CASTING: Final = msgspec.json.Decoder(Casting)
_MIX: Final = msgspec.json.Decoder(Mix)
_LIMITS: Final = msgspec.json.Decoder(Limits)


class Leg(Struct, frozen=True):
    """A telephone that was dialled from a call."""

    sid: str
    to: str
    status: str


class Line(Struct, frozen=True, kw_only=True):
    """A call, in short; times are Unix times."""

    sid: str
    status: str
    direction: str
    from_: str = msgspec.field(name="from")
    to: str
    kind: Kind
    parent_sid: str
    created_at: float
    answered_at: float | None
    ended_at: float | None
    answered_by: str
    warnings: dict[str, int]  # and errors, by the vendor's numbers
    events: list[Told]  # the status callbacks
    legs: list[Leg]
    measures: Measures | None


class Report(Struct, frozen=True, kw_only=True):
    """What can be told of one telephone besides; seconds are from the answer."""

    said: list[Said]
    heard: list[Utterance]
    heard_keys: str


class Ring(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody calls us."""

    to: str
    voice_url: str
    from_: str = msgspec.field(name="from")
    status_url: str = ""
    kind: Kind = "person"
    script: Script | None = None
    weather: Weather = Weather()


class Voice(Struct, frozen=True, forbid_unknown_fields=True):
    """How a text sounds where somebody says it."""

    text: str
    mulaw: bytes  # at 8 kHz, base64


_RING: Final = msgspec.json.Decoder(Ring)
_VOICE: Final = msgspec.json.Decoder(Voice)


def door_routes(carrier: Carrier) -> list[BaseRoute]:
    """The routes of the door."""
    door = _Door(carrier)
    return [
        Route("/simulator/callees", door.callees, methods=["GET"]),
        Route("/simulator/callees", door.cast, methods=["POST"]),
        Route("/simulator/callees", door.uncast, methods=["DELETE"]),
        Route("/simulator/voices", door.voice, methods=["POST"]),
        Route("/simulator/mixes", door.mix, methods=["POST"]),
        Route("/simulator/limits", door.limits, methods=["GET"]),
        Route("/simulator/limits", door.limit, methods=["POST"]),
        Route("/simulator/limits", door.unlimit, methods=["DELETE"]),
        Route("/simulator/dials", door.dials, methods=["GET"]),
        Route("/simulator/dials", door.forget_dials, methods=["DELETE"]),
        Route("/simulator/calls", door.calls, methods=["GET"]),
        Route("/simulator/calls", door.ring, methods=["POST"]),
        Route("/simulator/calls/{sid}", door.call, methods=["GET"]),
        Route("/simulator/calls/{sid}", door.hang_up, methods=["DELETE"]),
        Route("/simulator/calls/{sid}/recording.wav", door.recording, methods=["GET"]),
    ]


class _Door:
    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier

    async def callees(self, _request: Request) -> JSONResponse:
        cast = msgspec.to_builtins(list(self._carrier.house.castings()))
        mixes = msgspec.to_builtins(list(self._carrier.house.mixes()))
        return JSONResponse({"by_last_two_digits": BY_NUMBER, "cast": cast, "mixes": mixes})

    async def cast(self, request: Request) -> Response:
        try:
            self._carrier.house.cast(_CASTING.decode(await request.body()))
        except UNREADABLE as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        return Response(status_code=204)

    async def uncast(self, _request: Request) -> Response:
        self._carrier.house.uncast()
        return Response(status_code=204)

    async def voice(self, request: Request) -> Response:
        try:
            asked = _VOICE.decode(await request.body())
        except UNREADABLE as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        self._carrier.house.voice(asked.text, asked.mulaw)
        return Response(status_code=204)

    async def mix(self, request: Request) -> Response:
        try:
            self._carrier.house.mix(_MIX.decode(await request.body()))
        except UNREADABLE as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        return Response(status_code=204)

    async def limits(self, _request: Request) -> JSONResponse:
        turnstile = self._carrier.house.turnstile
        return JSONResponse(
            {
                "calls_per_s": turnstile.calls_per_s,
                "calls_at_once": turnstile.calls_at_once,
                "requests_at_once": turnstile.limits.requests_at_once,
            }
        )

    async def limit(self, request: Request) -> Response:
        try:
            self._carrier.house.turnstile.limits = _LIMITS.decode(await request.body())
        except UNREADABLE as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        return Response(status_code=204)

    async def unlimit(self, _request: Request) -> Response:
        self._carrier.house.turnstile.limits = Limits()
        return Response(status_code=204)

    async def dials(self, request: Request) -> Response:
        asked = request.query_params
        page = self._carrier.dials.page(
            number_of(asked, "first", 0), number_of(asked, "size", dials.PAGE)
        )
        return Response(msgspec.json.encode(page), media_type="application/json")

    async def forget_dials(self, _request: Request) -> Response:
        self._carrier.dials.clear()
        return Response(status_code=204)

    async def calls(self, request: Request) -> JSONResponse:
        shown = islice(
            self._carrier.newest_first(), number_of(request.query_params, "newest", NEWEST)
        )
        lines = [_line(call) for call in shown]
        late = self._carrier.house.ticker.late
        return JSONResponse({"calls": msgspec.to_builtins(lines), "late_ticks": late})

    async def ring(self, request: Request) -> JSONResponse:
        try:
            asked = _RING.decode(await request.body())
        except UNREADABLE as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        order = Order(
            to=asked.to,
            from_=asked.from_,
            url=asked.voice_url,
            status_url=asked.status_url,
            direction="inbound",
        )
        who = Casting(
            number=asked.from_, kind=asked.kind, script=asked.script, weather=asked.weather
        )
        return JSONResponse({"sid": self._carrier.place(order, who).sid}, 201)

    async def call(self, request: Request) -> JSONResponse:
        call = self._found(request)
        if call is None:
            return _nowhere()
        shown = msgspec.to_builtins(_line(call)) | msgspec.to_builtins(_report(call))
        return JSONResponse(shown)

    async def hang_up(self, request: Request) -> Response:
        call = self._found(request)
        if call is None:
            return _nowhere()
        call.hang_up()
        return Response(status_code=204)

    async def recording(self, request: Request) -> Response:
        call = self._found(request)
        if call is None or call.phone is None:
            return _nowhere()
        return Response(call.phone.tape.wav(), media_type="audio/wav")

    def _found(self, request: Request) -> Call | None:
        return self._carrier.call(request.path_params["sid"])


def _nowhere() -> JSONResponse:
    return JSONResponse({"error": "no such call"}, status_code=404)


def _line(call: Call) -> Line:
    order, record, phone = call.order, call.record, call.phone
    return Line(
        sid=call.sid,
        status=record.status,
        direction=order.direction,
        from_=order.from_,
        to=order.to,
        kind=record.kind,
        parent_sid=order.parent_sid,
        created_at=record.created_at,
        answered_at=record.answered_at,
        ended_at=record.ended_at,
        answered_by=record.answered_by,
        warnings=record.warnings,
        events=call.news.told,
        legs=[Leg(leg.sid, leg.order.to, leg.record.status) for leg in call.legs],
        measures=phone.ear.measures() if phone else None,
    )


def _report(call: Call) -> Report:
    phone = call.phone
    return Report(
        said=phone.callee.said if phone else [],
        heard=phone.tape.heard() if phone else [],
        heard_keys=phone.callee.heard_keys if phone else "",
    )
