"""What programs may ask of Vantum over `/api/v1`, and how a refusal is worded (RFC 9457)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Final, TypeVar

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Meta, Struct

from vantum.conversation.events import TransferAsked
from vantum.errors import CarrierError, RequestError, VantumError
from vantum.store.phone_calls import PhoneCall
from vantum.telephony.exchange import Exchange
from vantum.web.access import METHODS, TOKEN_NEEDED, may_use_api, problem

BODY_BYTES: Final = 64 * 1024
Body = TypeVar("Body", bound=Struct)
Door = Callable[[Exchange, Request], Awaitable[Response]]


class NewCall(Struct, frozen=True, forbid_unknown_fields=True):
    """A call to be placed."""

    to: Annotated[str, Meta(max_length=32)]
    agent: Annotated[str, Meta(max_length=200)] | None = None


class Transfer(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a call is to be put through.

    `warm`: somebody there is told first who waits, and `summary`, what about.
    """

    to: Annotated[str, Meta(max_length=32)]
    warm: bool = False
    summary: Annotated[str, Meta(max_length=1_000)] = ""


class Shown(Struct, frozen=True):
    """A call, as programs see it. Times are seconds since 1970."""

    id: str
    direction: str
    to: str
    agent: str
    status: str
    placed_at: float
    answered_at: float | None
    ended_at: float | None
    handed_over: bool  # two people talk on it, without us
    for_call: str | None  # of a colleague, to whom the caller of that call is put through
    outcome: msgspec.Raw | None  # once it is settled


class PhoneApi:
    """Places, lists and ends phone calls."""

    def __init__(self, exchange: Exchange, token: str, *, public: bool) -> None:
        self._exchange = exchange
        self._token = token
        self._public = public

    def _guarded(self, door: Door) -> Callable[[Request], Awaitable[Response]]:
        async def entered(request: Request) -> Response:
            if not may_use_api(request, self._token, public=self._public):
                return problem(401, TOKEN_NEEDED)
            try:
                return await door(self._exchange, request)
            except (VantumError, msgspec.DecodeError) as error:
                return problem(_status(error), str(error))

        return entered

    async def _place(self, exchange: Exchange, request: Request) -> Response:
        wanted = decoded(await body_of(request), NewCall)
        return shown(await exchange.place(wanted.to, wanted.agent), 201)

    async def _list(self, exchange: Exchange, _request: Request) -> Response:
        return answer([_shown(call) for call in await exchange.records.live()])

    async def _look(self, exchange: Exchange, request: Request) -> Response:
        return shown(await _known(exchange, request))

    async def _hang_up(self, exchange: Exchange, request: Request) -> Response:
        call = await _known(exchange, request)
        await exchange.hang_up(call)
        return shown(call, 202)

    async def _transfer(self, exchange: Exchange, request: Request) -> Response:
        wanted = decoded(await body_of(request), Transfer)
        call = await _known(exchange, request)
        asked = TransferAsked(wanted.to, wanted.warm, wanted.summary)
        await exchange.transfers.ask(call, asked)
        return shown(call, 202)

    def router(self) -> APIRouter:
        """The routes; whatever else is asked under `/api/v1` is refused in the same form."""
        doors: dict[str, dict[str, Door]] = {
            "/calls": {"POST": self._place, "GET": self._list},
            "/calls/{call_id}": {"GET": self._look},
            "/calls/{call_id}/hang-up": {"POST": self._hang_up},
            "/calls/{call_id}/transfer": {"POST": self._transfer},
        }
        router = APIRouter(prefix="/api/v1")
        for path, by_method in doors.items():
            for method, door in by_method.items():
                router.add_api_route(path, self._guarded(door), methods=[method])
            others = [method for method in METHODS if method not in by_method]
            router.add_api_route(path, self._guarded(_only(*by_method)), methods=others)
        router.add_api_route("/{path:path}", self._guarded(_nowhere), methods=[*METHODS])
        return router


def _only(*methods: str) -> Door:
    allowed = ", ".join(methods)

    async def entered(_exchange: Exchange, request: Request) -> Response:
        refused = problem(405, f"{request.method} is not for this path; allowed: {allowed}")
        refused.headers["Allow"] = allowed
        return refused

    return entered


async def _nowhere(_exchange: Exchange, request: Request) -> Response:
    return problem(404, f"There is nothing at {request.url.path}")


def _status(error: Exception) -> int:
    """What kind of refusal an error is, in HTTP's numbers."""
    if isinstance(error, RequestError):
        return {"INVALID_STATE": 409, "NOT_FOUND": 404}.get(error.wire_code, 422)
    if isinstance(error, msgspec.DecodeError):
        return 422 if isinstance(error, msgspec.ValidationError) else 400
    return 502 if isinstance(error, CarrierError) else 503


async def body_of(request: Request) -> bytes:
    """The body. Raises RequestError for one that is too long."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > BODY_BYTES:
            raise RequestError(f"The body is longer than {BODY_BYTES} bytes")
    return body


def decoded(body: bytes, kind: type[Body]) -> Body:
    """A body. Raises DecodeError for one that is empty, no JSON, or not of this kind."""
    known = "known fields: " + ", ".join(kind.__struct_fields__)
    if not body:
        raise msgspec.DecodeError(f"The body is empty; {known}")
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise msgspec.ValidationError(f"{error}; {known}") from None


async def _known(exchange: Exchange, request: Request) -> PhoneCall:
    call = await exchange.records.by_id(request.path_params["call_id"])
    if call is None:
        raise RequestError("There is no call with this id", code="NOT_FOUND")
    return call


def _shown(call: PhoneCall) -> Shown:
    return Shown(
        call.call_id,
        call.direction,
        call.their_number,
        call.agent,
        call.status,
        call.placed_at,
        call.answered_at,
        call.ended_at,
        call.handed_over,
        call.for_call or None,
        msgspec.Raw(call.outcome.encode()) if call.outcome else None,
    )


def shown(call: PhoneCall, status: int = 200) -> Response:
    """One call as an answer."""
    return answer(_shown(call), status)


def answer(what: object, status: int = 200) -> Response:
    """Anything as JSON."""
    return Response(msgspec.json.encode(what), status, media_type="application/json")
