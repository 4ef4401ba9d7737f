"""How Twilio is asked to place, end, redirect and report on legs.

A thin client: the vendor's own costs 33 MB and 0.2 s at import, does not apply its timeout, and
what is needed of it is five requests (docs/adr/0010). Numbers are never in a message.
"""

from __future__ import annotations

import asyncio
from email.utils import mktime_tz, parsedate_tz
from typing import Final
from urllib.parse import urlencode, urlsplit

import aiohttp
import msgspec
from msgspec import Struct

from vantum import limits
from vantum.errors import CarrierError, Trouble
from vantum.pulse import Pulse
from vantum.telephony.gateway import Leg, Order, Status
from vantum.wire.fields import UNREADABLE

PAGE: Final = 50  # of found legs; one number is hardly called so often
PAGES: Final = 2
VERSION: Final = "2010-04-01"
EVENTS: Final = ("initiated", "ringing", "answered", "completed")
# "Dialling Errors" of the vendor's dictionary: the number itself is at fault.
_INVALID_NUMBER: Final = frozenset({13224, 21201, 21211, 21214, 21217})
_UNKNOWN: Final = 20404
_OUR_ACCOUNT: Final = frozenset({401, 403, 429})  # what it says of us, not of the call
_OVER_ALREADY: Final = frozenset({_UNKNOWN, 21220})


class _Call(Struct):
    sid: str
    status: Status
    date_created: str | None = None  # also of one that is queued, which has no start_time


class _Calls(Struct):
    calls: list[_Call]
    next_page_uri: str | None = None


class _Refusal(Struct):
    code: int = 0
    message: str = ""


_CALL: Final = msgspec.json.Decoder(_Call)
_CALLS: Final = msgspec.json.Decoder(_Calls)
_REFUSAL: Final = msgspec.json.Decoder(_Refusal)


class TwilioCarrier:
    """One account at Twilio, or at what stands in for it."""

    def __init__(self, base_url: str, account_sid: str, auth_token: str) -> None:
        self._base_url = base_url
        self._calls = f"{base_url}/{VERSION}/Accounts/{account_sid}/Calls"
        self._headers = {"Authorization": aiohttp.encode_basic_auth(account_sid, auth_token)}
        self._session: aiohttp.ClientSession | None = None
        self.pulse = Pulse()

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
        return leg_in(await self._ask("POST", f"{self._calls}.json", form))

    async def hang_up(self, sid: str) -> None:
        """End a leg. Raises CarrierError."""
        await self._change(sid, ("Status", "completed"))

    async def redirect(self, sid: str, instructions: str) -> None:
        """Give a talking leg other TwiML. Raises CarrierError."""
        await self._change(sid, ("Twiml", instructions))

    async def look(self, sid: str) -> Leg | None:
        """Ask what became of a leg; None for one that is not known. Raises CarrierError."""
        try:
            return leg_in(await self._ask("GET", f"{self._calls}/{sid}.json"))
        except CarrierError as error:
            if error.code != _UNKNOWN:
                raise
            return None

    async def find(self, to: str, caller_id: str, since: float) -> list[Leg]:
        """The newest legs to a number, ordered since a moment, oldest first. Raises CarrierError.

        Not asked for by date: Twilio's filter knows whole days, and no call that is still queued.
        """
        query = urlencode({"To": to, "From": caller_id, "PageSize": PAGE})
        url: str | None = f"{self._calls}.json?{query}"
        found: list[Leg] = []
        for _ in range(PAGES):
            if url is None:
                break
            legs, following = legs_in(await self._ask("GET", url))
            found += legs
            # On the host that we ask, whatever it is called there.
            url = following and f"{self._base_url}{following}"
        earliest = since - limits.CARRIER_CLOCK_S
        found = [leg for leg in found if leg.began_at is None or leg.began_at >= earliest]
        found.reverse()  # the order of those from the same second
        return sorted(found, key=lambda leg: leg.began_at or earliest)

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
            self.pulse.failed("network")
            raise CarrierError("Twilio did not answer in time") from error
        except aiohttp.ClientError as error:
            self.pulse.failed("network")
            raise CarrierError(f"Twilio cannot be reached: {type(error).__name__}") from error
        if answer.status < 300:
            self.pulse.came()
            return body
        raise self._refusal(answer.status, body)  # in no variable: its traceback holds this frame

    def _refusal(self, status: int, body: bytes) -> CarrierError:
        """Why; a number that cannot be called is an answer, too."""
        error = refused(status, body)
        if status in _OUR_ACCOUNT or status >= 500:
            self.pulse.failed(error.trouble)
        else:
            self.pulse.came()
        return error


def leg_in(answer: bytes) -> Leg:
    """The leg that the carrier tells of. Raises CarrierError."""
    try:
        return _leg(_CALL.decode(answer))
    except UNREADABLE as error:
        raise CarrierError("Twilio answered what is no call", trouble="server") from error


def legs_in(answer: bytes) -> tuple[list[Leg], str | None]:
    """A page of legs, and the path of the next one. Raises CarrierError."""
    try:
        page = _CALLS.decode(answer)
        parts = urlsplit(page.next_page_uri or "")
        legs = [_leg(call) for call in page.calls]
    except UNREADABLE as error:
        raise CarrierError("Twilio answered what is no list of calls", trouble="server") from error
    return legs, f"{parts.path}?{parts.query}" if page.next_page_uri else None


def _leg(call: _Call) -> Leg:
    return Leg(call.sid, call.status, _moment(call.date_created))


def _moment(date: str | None) -> float | None:
    """Seconds since 1970 of an RFC 2822 date; None where there is none that can be read."""
    parts = parsedate_tz(date) if date else None
    try:
        return None if parts is None else float(mktime_tz(parts))
    except (ValueError, OverflowError):  # of a year that no calendar has
        return None


def refused(status: int, body: bytes) -> CarrierError:
    """Why the carrier refuses, as its answer tells."""
    try:
        refusal = _REFUSAL.decode(body)
    except UNREADABLE:
        refusal = _Refusal()
    return CarrierError(
        _told(status, refusal.code),
        trouble=_trouble(status, refusal.code),
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


def _trouble(status: int, code: int) -> Trouble:
    """A 503 without one of the carrier's codes is a gateway's, behind which it may be done."""
    if status == 429:
        return "throttled"
    if status == 503 and code:
        return "unavailable"
    return "server" if status >= 500 else "fatal"
