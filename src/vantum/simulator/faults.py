"""Which faults the simulator can play, which are armed, and when one strikes."""

from __future__ import annotations

from random import Random
from typing import Final, Literal, get_args

from msgspec import Struct

Vendor = Literal["deepgram", "openai", "cartesia", "twilio"]
Fault = Literal[
    "refused",  # the connection is cut before any answer
    "unauthorized",  # 401
    "payment_required",  # 402
    "forbidden",  # 403
    "throttled",  # 429 with Retry-After, before anything was begun
    "unavailable",  # 503
    "stall_first",  # open, and nothing ever comes
    "stall_middle",  # something came, then nothing more; the socket stays open
    "drop",  # broken off in the middle: close code 1011, or a cut stream of bytes
    "not_json",  # one message that cannot be read, then all goes on
    "unknown_type",  # one message of a type nobody knows, then all goes on
    "late_chunks",  # sound of a cancelled context goes on coming
    "context_expired",  # the context is gone when more text comes for it
    "rate_limit",  # 429: too fast, try again
    "quota",  # 429: nothing left, trying again is useless
    "slow_first_token",  # the answer begins after 12 s
    "cut_stream",  # the answer ends without a finish reason
    "error_event",  # an error inside a stream that began well
    "erred",  # 500, though what was asked is done
    "callback_lost",  # never sent
    "callback_late",  # later ones overtake it
    "callback_twice",
    "callback_first",  # comes before the request that placed the call is answered
]

FAULTS: Final[tuple[Fault, ...]] = get_args(Fault)
_ALL: Final = frozenset[Vendor](get_args(Vendor))
_CARRIER: Final = frozenset[Vendor]({"twilio"})
_SOME: Final[dict[Fault, frozenset[Vendor]]] = {
    "payment_required": _ALL - _CARRIER,
    "not_json": _ALL - _CARRIER,
    "error_event": _ALL - _CARRIER,
    "erred": _CARRIER,
    "callback_lost": _CARRIER,
    "callback_late": _CARRIER,
    "callback_twice": _CARRIER,
    "callback_first": _CARRIER,
    "late_chunks": frozenset({"cartesia"}),
    "context_expired": frozenset({"cartesia"}),
    "rate_limit": frozenset({"openai", "cartesia"}),
    "quota": frozenset({"openai", "cartesia"}),
    "slow_first_token": frozenset({"openai"}),
    "cut_stream": frozenset({"openai"}),
}


def vendors_of(fault: Fault) -> frozenset[Vendor]:
    """The services that this fault can strike."""
    return _SOME.get(fault, _ALL)


# Of `Armed`, as they are explained to whoever arms one.
FIELDS: Final = {
    "vendor": f"required: {', '.join(get_args(Vendor))}",
    "fault": "required: one that this vendor can have",
    "times": "how often it strikes before the service is well again; at least 1, which is usual",
    "skip": "how many occasions pass unharmed first; usually 0",
    "share": "of the occasions that are struck, above 0 and at most 1, which is usual",
    "seconds": "how long it lasts, where it has a length, or what a throttled client is to wait",
}


class Armed(Struct, kw_only=True, forbid_unknown_fields=True):
    """A fault waiting for its moment; what its fields mean stands in FIELDS."""

    vendor: Vendor
    fault: Fault
    times: int = 1  # left
    skip: int = 0  # left
    share: float = 1.0
    seconds: float | None = None  # None is the usual length

    def __post_init__(self) -> None:
        if self.vendor not in vendors_of(self.fault):
            raise ValueError(f"{self.vendor} has no fault {self.fault}")
        if self.times < 1 or self.skip < 0 or not 0 < self.share <= 1:
            raise ValueError("times is at least 1, skip at least 0, share above 0 and at most 1")


class Faults:
    """The armed faults. Each occasion asks `strikes`; what strikes is used up."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self.armed: list[Armed] = []
        self.struck: list[tuple[Vendor, Fault]] = []

    def arm(self, armed: Armed) -> None:
        """Let this fault happen from now on."""
        self.armed.append(armed)

    def clear(self) -> None:
        """Everything is well again."""
        self.armed.clear()

    def strikes(self, vendor: Vendor, *occasion: Fault) -> Armed | None:
        """The armed fault that strikes on this occasion, which could be any of `occasion`."""
        for armed in self.armed:
            if armed.vendor != vendor or armed.fault not in occasion:
                continue
            if armed.skip:
                armed.skip -= 1
                continue
            if self._dice.random() >= armed.share:
                continue
            armed.times -= 1
            if not armed.times:
                self.armed.remove(armed)
            self.struck.append((vendor, armed.fault))
            return armed
        return None
