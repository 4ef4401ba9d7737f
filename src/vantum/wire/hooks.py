"""Which events other programs can be told of by webhook, and what each tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Raw, Struct

Kind = Literal["call.settled", "call.found", "number.suppressed", "campaign.changed"]


class CallSettled(Struct, frozen=True, kw_only=True):
    """A call is over. As in `outcomes.jsonl`, without what was said and how long it took.

    Times are seconds since 1970, lengths are seconds; a field that does not apply is empty or null.
    """

    call_id: str
    direction: str
    their_number: str
    our_number: str
    agent: str
    outcome: str
    status: str
    placed_at: float
    for_call: str = ""
    answered_at: float | None = None
    ended_at: float | None = None
    lasted_s: float = 0.0
    answered_by: str = ""
    failure: str = ""


class CallFound(Struct, frozen=True, kw_only=True):
    """What came of a call in the operator's terms: known some seconds after it is over."""

    call_id: str
    disposition: str
    summary: str
    fields: Raw  # a JSON object: what the agent file asks to be found out
    callback_at: float | None  # when they were promised another call
    found_by: str


class NumberSuppressed(Struct, frozen=True, kw_only=True):
    """A number is not to be called any more. Files of such numbers are not told one by one."""

    phone: str
    since: float
    reason: str
    call_id: str  # in which it was said; "" where it came otherwise


class CampaignChanged(Struct, frozen=True, kw_only=True):
    """A campaign was started, paused, stopped, or is done; not its progress."""

    campaign_id: str
    name: str
    state: str
    reason: str
    version: int  # grows with each change: of two events the larger is the later


Data = CallSettled | CallFound | NumberSuppressed | CampaignChanged

EVENTS: Final[Mapping[Kind, type[Data]]] = {
    "call.settled": CallSettled,
    "call.found": CallFound,
    "number.suppressed": NumberSuppressed,
    "campaign.changed": CampaignChanged,
}


class Event(Struct, frozen=True):
    """The body of a request: `id` is the same in every try and at every endpoint."""

    id: str
    type: Kind
    at: float
    data: Data
