"""How Twilio is asked to place, end, redirect and report on legs.

A thin client: the vendor's own costs 33 MB and 0.2 s at import, does not apply its timeout, and
what is needed of it is four requests (docs/adr/0010). Numbers are never in a message.
"""

from __future__ import annotations

import asyncio
from typing import Final

import aiohttp
import msgspec
from msgspec import Struct

from vantum import limits
from vantum.errors import CarrierError, Trouble
from vantum.telephony.gateway import Leg, Order, Status

VERSION: Final = "2010-04-01"
EVENTS: Final = ("initiated", "ringing", "answered", "completed")
# "Dialling Errors" of the vendor's dictionary: the number itself is at fault.
_INVALID_NUMBER: Final = frozenset({13224, 21201, 21211, 21214, 21217})
_UNKNOWN: Final = 20404
_OVER_ALREADY: Final = frozenset({_UNKNOWN, 21220})


class _Call(Struct):
    sid: str
    status: Status


class _Refusal(Struct):
    code: int = 0
    message: str = ""


_CALL: Final = msgspec.json.Decoder(_Call)
_REFUSAL: Final = msgspec.json.Decoder(_Refusal)


class TwilioCarrier:
    """One account at Twilio, or at what stands in for it."""

    def __init__(self, base_url: str, account_sid: str, auth_token: str) -> None:
        self._calls = f"{base_url}/{VERSION}/Accounts/{account_sid}/Calls"
        self._headers = {"Authorization": aiohttp.encode_basic_auth(account_sid, auth_token)}
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None:
            await self._session.close()

    async def place(self, order: Order) -> Leg:
        """Have a number rung; 201 means queued, not ringing. Raises CarrierError."""
        form = [
            ("To", order.to),
            ("From", order.caller_id),
            ("Url", order.voice_url),
            ("StatusCallback", order.status_url),
            *(("StatusCallbackEvent", event) for event in EVENTS),
            ("Timeout", str(order.ring_s)),
            ("MachineDetection", "DetectMessageEnd"),
            ("AsyncAmd", "true"),
            ("AsyncAmdStatusCallback", order.machine_url),
        ]
        return _leg(await self._ask("POST", f"{self._calls}.json", form))

    async def hang_up(self, sid: str) -> None:
        """End a leg. Raises CarrierError."""
        await self._change(sid, ("Status", "completed"))

    async def redirect(self, sid: str, instructions: str) -> None:
        """Give a talking leg other TwiML. Raises CarrierError."""
        await self._change(sid, ("Twiml", instructions))

    async def look(self, sid: str) -> Leg | None:
        """Ask what became of a leg; None for one that is not known. Raises CarrierError."""
        try:
            return _leg(await self._ask("GET", f"{self._calls}/{sid}.json"))
        except CarrierError as error:
            if error.code != _UNKNOWN:
                raise
            return None

    async def _change(self, sid: str, what: tuple[str, str]) -> None:
        try:
            await self._ask("POST", f"{self._calls}/{sid}.json", [what])
        except CarrierError as error:
            if what[0] != "Status" or error.code not in _OVER_ALREADY:
                raise

    async def _ask(self, method: str, url: str, form: list[tuple[str, str]] | None = None) -> bytes:
        if self._session is None:
            self._session = aiohttp.ClientSession(headers=self._headers)
        try:
            async with (
                asyncio.timeout(limits.CARRIER_S),
                self._session.request(method, url, data=form, allow_redirects=False) as answer,
            ):
                body = await answer.read()
        except TimeoutError as error:
            raise CarrierError("Twilio did not answer in time") from error
        except aiohttp.ClientError as error:
            raise CarrierError(f"Twilio cannot be reached: {type(error).__name__}") from error
        if answer.status >= 300:
            raise _refused(answer.status, body)
        return body


def _leg(body: bytes) -> Leg:
    try:
        call = _CALL.decode(body)
    except msgspec.DecodeError as error:
        raise CarrierError("Twilio answered what is no call", trouble="server") from error
    return Leg(call.sid, call.status)


def _refused(status: int, body: bytes) -> CarrierError:
    try:
        refusal = _REFUSAL.decode(body)
    except msgspec.DecodeError:
        refusal = _Refusal()
    return CarrierError(
        _told(status, refusal.code),
        trouble=_trouble(status),
        code=refusal.code,
        wrong_number=refusal.code in _INVALID_NUMBER,
    )


def _told(status: int, code: int) -> str:
    """Our own words: the vendor's message may repeat the number."""
    if status in {401, 403}:
        return "Twilio refuses TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"
    if code in _INVALID_NUMBER:
        return f"Twilio says that the number cannot be called ({code})"
    return f"Twilio answered {status}" + (f", error {code}" if code else "")


def _trouble(status: int) -> Trouble:
    if status == 429:
        return "throttled"
    if status == 503:
        return "unavailable"
    return "server" if status >= 500 else "fatal"
