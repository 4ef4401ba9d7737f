"""A phone call, as it is recorded."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from vantum.store.phone_calls import PhoneCall

PERSON, OURS = "+15550100100", "+15550199999"


def phone_call(at: float, call_id: str = "call-1", **known: Any) -> PhoneCall:
    """One that was placed at that moment, with what is known of it."""
    call = PhoneCall(
        call_id=call_id,
        direction="outbound",
        their_number=PERSON,
        our_number=OURS,
        agent="sales",
        placed_at=at,
        news_at=at,
    )
    return replace(call, **known)
