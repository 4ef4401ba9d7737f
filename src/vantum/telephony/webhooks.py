"""What the carrier may ask and tell us over HTTP: signed requests alone, each tolerated twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import parse_qsl

from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vantum.bodies import body_of
from vantum.errors import RecordsError, RequestError
from vantum.store.phone_calls import PhoneCall
from vantum.telemetry import Log, Metrics
from vantum.telephony.exchange import Exchange
from vantum.telephony.gateway import STATUSES
from vantum.telephony.signatures import Signatures
from vantum.wire.twilio import count

FORM_BYTES: Final = 64 * 1024  # the carrier's forms have about 30 short fields
_UNREAD: Final = {"TOO_SLOW": 408, "TOO_LONG": 413}  # RFC 9110 §15.5; else it has broken off
_LAST: Final = 2**31 - 1  # as far as a database counts
Form = ImmutableMultiDict[str, str]
Door = Callable[[Request, Form], Awaitable[Response]]


def form_of(body: bytes) -> Form:
    """A form as it was sent."""
    return Form(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def order_of(form: Form) -> int | None:
    """Which of the news of a leg this is; None where the carrier does not say."""
    number = count(form.get("SequenceNumber", ""))
    return None if number is None else min(number, _LAST)


class Webhooks:
    """The carrier's door for instructions and news."""

    def __init__(
        self, exchange: Exchange, signatures: Signatures, *, metrics: Metrics, log: Log
    ) -> None:
        self._exchange = exchange
        self._signatures = signatures
        self._refusals = metrics.refused.labels("webhook")
        self._log = log

    def _guarded(self, door: Door) -> Callable[[Request], Awaitable[Response]]:
        async def entered(request: Request) -> Response:
            try:
                form = form_of(await body_of(request, FORM_BYTES))
            except RequestError as error:  # by a slow line as likely as by a stranger
                path, why = request.url.path, str(error)
                self._log.warning("webhook_not_read", path=path, why=why)
                return Response(why, _UNREAD.get(error.wire_code, 400), media_type="text/plain")
            if not self._is_genuine(request, form):
                return self._refused(request, "not signed by the carrier")
            try:
                return await door(request, form)
            except RecordsError as error:
                self._log.error("webhook_not_served", path=request.url.path, why=str(error))
                return Response(status_code=503)

        return entered

    async def _voice(self, request: Request, form: Form) -> Response:
        """A leg was answered, or somebody calls: what is to be done?"""
        call_id = request.query_params.get("call")
        numbers = form.get("From", ""), form.get("To", "")
        answer = await self._exchange.answer(call_id, form.get("CallSid", ""), *numbers)
        if answer is None:
            return self._refused(request, "no call that waits to be answered")
        return Response(answer, media_type="text/xml")

    async def _status(self, request: Request, form: Form) -> Response:
        """News of a leg."""
        status, sequence = form.get("CallStatus", ""), order_of(form)
        call = await self._meant(request, form)
        if call is None or status not in STATUSES:
            return self._refused(request, "no call or status that is known")
        order = call.sequence + 1 if sequence is None else sequence
        code = form.get("SipResponseCode", "")
        why = f"SIP {code}" if status == "failed" and code.isdecimal() else ""
        await self._exchange.legs.told(call, status, order, why)
        return Response(status_code=204)

    async def _machine(self, request: Request, form: Form) -> Response:
        """Whether a machine has answered."""
        call = await self._meant(request, form)
        if call is None:
            return self._refused(request, "no call that is known")
        if not call.machine:  # the first word is the carrier's only one; others are repeats
            await self._exchange.machine(call, form.get("AnsweredBy", "unknown"))
        return Response(status_code=204)

    def _is_genuine(self, request: Request, form: Form) -> bool:
        """The carrier signed it."""
        query = f"?{request.url.query}" if request.url.query else ""
        return self._signatures.genuine(request.headers, request.url.path + query, form)

    async def _meant(self, request: Request, form: Form) -> PhoneCall | None:
        """The call that is spoken of; news of it may come before the carrier told us its name."""
        records, sid = self._exchange.records, form.get("CallSid", "")
        call_id = request.query_params.get("call")
        call = await (records.by_id(call_id) if call_id else records.by_sid(sid))
        if call is None or call.sid not in {None, sid}:
            return None
        if call.sid is None:
            await records.change(call.call_id, sid=sid)
            call.sid = sid
        return call

    def _refused(self, request: Request, why: str) -> Response:
        self._refusals.inc()
        peer = request.client.host if request.client else ""
        self._log.warning("webhook_refused", path=request.url.path, peer=peer, why=why)
        return Response(status_code=403)

    def routes(self) -> tuple[Route, ...]:
        """Each with what answers it."""
        doors = {"voice": self._voice, "status": self._status, "amd": self._machine}
        return tuple(
            Route(f"/twilio/{name}", self._guarded(door), methods=["POST"])
            for name, door in doors.items()
        )
