"""Where the carrier reaches us, and what it is asked so that a call is placed."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from vantum.store.phone_calls import PhoneCall
from vantum.telephony.gateway import Order

NO_NUMBER: Final = "TWILIO_PHONE_NUMBER is not set: there is no number to call from"


class Line(Struct, frozen=True):
    """The operator's account: where the carrier reaches us, from which number, with which key."""

    public_url: str
    number: str
    key: bytes

    def address(self, path: str, call_id: str = "") -> str:
        """A web address of ours, as the carrier is to ask for it and sign it."""
        return f"{self.public_url}{path}" + (f"?call={call_id}" if call_id else "")

    @property
    def stream_url(self) -> str:
        """Where media streams go."""
        return "ws" + self.public_url.removeprefix("http") + "/twilio/media"

    def order(self, call: PhoneCall, ring_s: int) -> Order:
        """What the carrier is asked so that the call is placed."""
        return Order(
            to=call.their_number,
            caller_id=call.our_number,
            voice_url=self.address("/twilio/voice", call.call_id),
            status_url=self.address("/twilio/status", call.call_id),
            machine_url=self.address("/twilio/amd", call.call_id),
            ring_s=ring_s,
        )
