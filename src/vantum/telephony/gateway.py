"""What a phone carrier must be able to do for us, and what it tells of a leg."""

from __future__ import annotations

from typing import Final, Literal, Protocol, get_args

from msgspec import Struct

Status = Literal[
    "queued",
    "initiated",
    "ringing",
    "in-progress",
    "completed",
    "busy",
    "no-answer",
    "failed",
    "canceled",
]
"""The life of a leg; from `completed` on it is over."""

STATUSES: Final = frozenset(get_args(Status))
OVER: Final[frozenset[Status]] = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
_RANK: Final[dict[str, int]] = {"queued": 0, "initiated": 1, "ringing": 2, "in-progress": 3}


class Order(Struct, frozen=True, kw_only=True):
    """A call to be placed. The carrier asks `voice_url` what to do once it is answered."""

    to: str
    caller_id: str
    voice_url: str
    status_url: str
    machine_url: str  # told whether a machine answered, while the call goes on
    ring_s: int = 30


class Leg(Struct, frozen=True):
    """What the carrier knows of one of our legs."""

    sid: str
    status: Status
    began_at: float | None = None  # when it was ordered, by the carrier's clock, in whole seconds


class Carrier(Protocol):
    """A phone carrier. Each method raises CarrierError."""

    async def place(self, order: Order) -> Leg:
        """Have a number rung."""
        ...

    async def hang_up(self, sid: str) -> None:
        """End a leg, whether it rings or talks; one that is over already is no error."""
        ...

    async def redirect(self, sid: str, instructions: str) -> None:
        """Give a talking leg other instructions, in place of its stream."""
        ...

    async def look(self, sid: str) -> Leg | None:
        """Ask what became of a leg; None for one that the carrier does not know, or no more."""
        ...

    async def find(self, to: str, caller_id: str, since: float) -> list[Leg]:
        """The newest legs from one number to another, ordered since a moment, oldest first.

        Clocks differ: those up to limits.CARRIER_CLOCK_S older are among them.
        """
        ...


def behind(status: str) -> frozenset[str]:
    """What a leg may have been before it was this; nothing goes back.

    News comes twice, late and out of order.
    """
    rank = _RANK.get(status, len(_RANK))
    return frozenset(known for known, its in _RANK.items() if its <= rank)
