"""Which faults happen when, and for how long: the same for the same seed. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from typing import Final, Literal, TypeVar

from msgspec import Struct

from vantum.simulator.faults import FAULTS, Fault, Vendor, vendors_of

Card = TypeVar("Card")
House = Literal[
    "server killed",
    "worker killed",
    "server stands still",
    "worker stands still",
    "disk full",
    "clock ahead",
    "clock behind",
    "database away",
]
# How long each lasts, in seconds; who is killed is begun again at once.
LASTS_S: Final[dict[House, tuple[float, float]]] = {
    "server killed": (0.0, 0.0),
    "worker killed": (0.0, 0.0),
    "server stands still": (1.0, 4.0),
    "worker stands still": (2.0, 20.0),  # longer than its leases of 15 s, too
    "disk full": (3.0, 8.0),
    "clock ahead": (3.0, 8.0),
    "clock behind": (3.0, 8.0),
    "database away": (1.0, 4.0),
}
FIRST_S: Final = 3.0
RESTS_S: Final = (4.0, 8.0)  # between the end of one and the next
VENDOR_RESTS_S: Final = (2.0, 4.0)  # a fault of a vendor strikes one call, and no two that call
# As docs/faults.md tells, these end a call or its sound: nothing is left to survive.
FATAL: Final[frozenset[tuple[Vendor, Fault]]] = frozenset(
    {
        ("deepgram", "unauthorized"),
        ("deepgram", "payment_required"),
        ("deepgram", "forbidden"),
        ("cartesia", "quota"),
        ("twilio", "drop"),  # the call's own stream
        ("twilio", "stall_middle"),
        ("twilio", "stall_first"),  # of a dial: is of the campaign's, whose server is struck
    }
)
VENDOR_FAULTS: Final[list[tuple[Vendor, Fault]]] = [
    (vendor, fault)
    for fault in FAULTS
    for vendor in sorted(vendors_of(fault))
    if (vendor, fault) not in FATAL
]


class Blow(Struct, frozen=True):
    """One fault of the house, or of a vendor."""

    at_s: float
    what: House | tuple[Vendor, Fault]
    lasts_s: float = 0.0


def planned(
    seed: int,
    seconds: float,
    kinds: Iterable[House] = tuple(LASTS_S),
    faults: Iterable[tuple[Vendor, Fault]] = tuple(VENDOR_FAULTS),
) -> list[Blow]:
    """Of both, in the order of time; each kind comes before any comes again."""
    dice = random.Random(seed)
    blows: list[Blow] = []
    at_s, house = FIRST_S, _dealt(dice, list(kinds))
    while at_s < seconds:
        what = next(house)
        blow = Blow(round(at_s, 2), what, round(dice.uniform(*LASTS_S[what]), 2))
        blows.append(blow)
        at_s += blow.lasts_s + dice.uniform(*RESTS_S)
    dice = random.Random(seed)  # the vendors' faults do not depend on the house's
    at_s, vendors = FIRST_S / 2, _dealt(dice, list(faults))
    while at_s < seconds:
        blows.append(Blow(round(at_s, 2), next(vendors)))
        at_s += dice.uniform(*VENDOR_RESTS_S)
    return sorted(blows, key=lambda blow: blow.at_s)


def lanes(blows: list[Blow]) -> tuple[list[Blow], list[Blow]]:
    """Those of the house and those of vendors: neither waits for the other."""
    of_vendors = [blow for blow in blows if isinstance(blow.what, tuple)]
    return [blow for blow in blows if blow not in of_vendors], of_vendors


def _dealt(dice: random.Random, cards: list[Card]) -> Iterator[Card]:
    while True:
        yield from dice.sample(cards, len(cards))
