"""What programs may ask about phone calls, and of them."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct
from starlette.responses import FileResponse, Response

from vantum.conversation.events import TransferAsked
from vantum.dialing.chain import Link
from vantum.errors import RequestError
from vantum.store.call_pages import Place, Sought, calls_page
from vantum.store.findings import Findings, Found
from vantum.store.phone_calls import PhoneCall, PhoneCalls
from vantum.store.receipts import Receipts
from vantum.telephony.settled import OUTCOMES, Outcome
from vantum.web.rest.house import House
from vantum.web.rest.paging import Paged, cut, place
from vantum.web.rest.route import Route, route

ROOT: Final = "/api/v1/calls"
ONE: Final = f"{ROOT}/{{call_id}}"
Seconds = Annotated[float, Meta(description="Seconds since 1970.")]


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


class ShownCall(Struct, frozen=True):
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
    recording: str | None  # where the sound is got
    outcome: Outcome | None  # once it is settled


class CallsQuery(Paged, frozen=True, kw_only=True):
    """Which calls."""

    state: Literal["live", "over"] | None = None
    agent: str | None = None
    campaign: Annotated[str, Meta(description="The campaign's name.")] | None = None
    to: Annotated[str, Meta(description="The number at the other end.")] | None = None
    direction: Literal["outbound", "inbound"] | None = None
    since: Seconds | None = None
    until: Seconds | None = None


class CallsPage(Struct, frozen=True):
    """Calls, the newest first; what was said in them is shown with each alone."""

    items: list[ShownCall]
    next: str | None  # `after` of the next page


class CallDoors:
    """The doors."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._records = PhoneCalls(house.database)

    async def place(self, body: NewCall) -> ShownCall:
        """Place a call; it does not ring yet."""
        return _shown(await self._house.phone().place(body.to, body.agent))

    async def list(self, query: CallsQuery) -> CallsPage:
        """Calls that are live or over, the newest first."""
        sought = Sought(**{name: getattr(query, name) for name in Sought.__struct_fields__})
        after = place(query, Place)
        found = await calls_page(self._house.database, sought, query.limit + 1, after)
        page, following = cut(found, query, lambda call: Place(call.placed_at, call.call_id))
        return CallsPage([_in_short(_shown(call)) for call in page], following)

    async def look(self, call_id: str) -> ShownCall:
        """One call: how it stands, and once it is settled what was said and how long it took."""
        return _shown(await self._known(call_id))

    async def hang_up(self, call_id: str) -> ShownCall:
        """End a call; it is shown as it was, and ends soon."""
        exchange = self._house.phone()
        call = await self._known(call_id)
        await exchange.hang_up(call)
        return _shown(call)

    async def transfer(self, call_id: str, body: Transfer) -> ShownCall:
        """Put a caller through to a colleague; `handed_over` tells when they talk."""
        exchange = self._house.phone()
        call = await self._known(call_id)
        await exchange.transfers.ask(call, TransferAsked(body.to, body.warm, body.summary))
        return _shown(call)

    async def finding(self, call_id: str) -> Found:
        """What came of a call in the operator's terms: known some seconds after it is over."""
        call = await self._known(call_id)
        found = await Findings(self._house.database).of([call.call_id])
        if not found:
            raise RequestError("Nothing was found of this call, or not yet", code="NOT_FOUND")
        return found[0]

    async def receipt(self, call_id: str) -> Link:
        """The receipt of an outbound call, in its place in the chain; its call may be gone."""
        found = await Receipts(self._house.database).of(call_id)
        if found is None:
            raise RequestError("This call has no receipt, or not yet", code="NOT_FOUND")
        return found

    async def recording(self, call_id: str) -> Response:
        """The sound of a call: Ogg Opus, left the caller, right the agent. Takes `Range`."""
        outcome = _shown(await self._known(call_id)).outcome
        if outcome is None or not outcome.recording:
            raise RequestError("This call has no recording", code="NOT_FOUND")
        path = self._house.data_dir / outcome.recording
        if not path.is_file():
            why = "The recording is not here: it is still being made, or was removed"
            raise RequestError(why, code="NOT_FOUND")
        return FileResponse(
            path,
            media_type="audio/ogg",
            filename=path.name,
            content_disposition_type="inline",
        )

    async def _known(self, call_id: str) -> PhoneCall:
        call = await self._records.by_id(call_id)
        if call is None:
            raise RequestError("There is no call with this id", code="NOT_FOUND")
        return call


def _shown(call: PhoneCall) -> ShownCall:
    outcome = OUTCOMES.decode(call.outcome) if call.outcome else None
    recorded = outcome is not None and outcome.recording
    return ShownCall(
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
        f"{ROOT}/{call.call_id}/recording" if recorded else None,
        outcome,
    )


def _in_short(call: ShownCall) -> ShownCall:
    if call.outcome is None:
        return call
    short = msgspec.structs.replace(call.outcome, transcript=(), turns=())
    return msgspec.structs.replace(call, outcome=short)


def routes(house: House) -> tuple[Route, ...]:
    """The routes about calls."""
    doors = CallDoors(house)
    return (
        route("POST", ROOT, "operator", doors.place, 201, refuses=(502,)),
        route("GET", ROOT, "viewer", doors.list),
        route("GET", ONE, "viewer", doors.look),
        route("POST", f"{ONE}/hang-up", "operator", doors.hang_up, 202, refuses=(502,)),
        route("POST", f"{ONE}/transfer", "operator", doors.transfer, 202, refuses=(502,)),
        route("GET", f"{ONE}/finding", "viewer", doors.finding),
        route("GET", f"{ONE}/receipt", "viewer", doors.receipt),
        route("GET", f"{ONE}/recording", "viewer", doors.recording, media="audio/ogg"),
    )
