"""How fast may be dialled: each dial has a moment of its own, and each call holds its shares.

Moments are handed out in order, `1 / calls_per_s` apart, whoever asks for them (GCRA: ITU-T I.371).
No sliding second then holds more than `calls_per_s` and one dials.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

# Moments are given away a second ahead (`store/claims.py`), by clocks that agree within another.
AHEAD_S: Final = 5.0
BREAKER_S: Final = 120.0
BREAKER_CALLS: Final = 10  # fewer say nothing


class Pace(Struct, frozen=True):
    """Moments that were not given away yet begin at `next_at`."""

    calls_per_s: float
    next_at: float = 0.0

    def slot(self, now: float) -> float:
        """The next moment; it may be gone by.

        What lies further ahead than any that is given away is of a clock that was wrong.
        """
        furthest = now + AHEAD_S + 1 / self.calls_per_s
        return now if self.next_at > furthest else max(self.next_at, now)

    def after(self, slot: float) -> Pace:
        """Once that moment is given away."""
        return Pace(self.calls_per_s, slot + 1 / self.calls_per_s)


def slot_of(paces: Iterable[Pace], now: float) -> float:
    """The first moment that all of them allow."""
    return max(pace.slot(now) for pace in paces)


def slots(gate: Pace, own: Pace, now: float, until: float) -> int:
    """How many moments there are before `until` that both allow, at most."""
    gap_s = max(1 / gate.calls_per_s, 1 / own.calls_per_s)
    return max(0, math.ceil((until - slot_of((gate, own), now)) / gap_s))


class Shares(Struct, frozen=True):
    """What all calls share; None is without limit. A call holds them from its dial to its end."""

    streams: int | None = None  # of the recogniser
    contexts: int | None = None  # of the voice
    tokens_per_min: int | None = None  # of the model
    tokens_per_call_min: int = 3_000  # that a call takes
    headroom: int | None = None  # calls that our processes can carry

    def room(self, calls: int) -> int:
        """How many more there may be when there are so many calls."""
        per_call = max(1, self.tokens_per_call_min)
        by_tokens = None if self.tokens_per_min is None else self.tokens_per_min // per_call
        limits = (self.streams, self.contexts, by_tokens, self.headroom)
        known = (limit for limit in limits if limit is not None)
        return min(known, default=calls + UNLIMITED) - calls


UNLIMITED: Final = 1_000_000


def trips(failed: int, calls: int, share: float) -> bool:
    """Did this share of the calls fail, or more, that ended within `BREAKER_S`?

    A number that is busy or does not answer has not failed.
    """
    return calls >= BREAKER_CALLS and failed >= share * calls
