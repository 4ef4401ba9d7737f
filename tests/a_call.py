"""A phone call, as it is recorded, and what has allowed one."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from vantum.dialing.abandonment import Share
from vantum.dialing.dial import Allowed, Consent
from vantum.dialing.duties import Duties
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


def allowed(at: float, source: str) -> Allowed:
    """What allowed a call to New York at that moment; `source` is where they have agreed."""
    return Allowed(
        rules=(),
        countries=("US",),
        states=("NY",),
        local_times=(),
        consent=Consent(
            kind="written", source=source, given_at=at - 9, expires_at=None, revoked_at=None
        ),
        dnc_version=None,
        duties=Duties(
            announce_recording=True,
            disclose_ai_at_start=True,
            ring_at_least_s=15,
            abandoned=(Share(0.03, 30),),
            speak_within_s=2,
        ),
        until=at + 60,
    )
