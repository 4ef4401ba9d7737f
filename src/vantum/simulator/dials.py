"""Which calls the simulated carrier accepted, in order, for whoever counts them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Final
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct, field

from vantum.simulator.twilio_call import Order

KEPT: Final = 200_000  # 60 MB; of more the oldest are forgotten, which a page tells
PAGE: Final = 10_000


class Accepted(Struct, frozen=True, kw_only=True):
    """A call that was accepted."""

    number: int  # from 0, without a gap
    to: str
    from_: str = field(name="from")
    sid: str
    call: str  # what its voice address says after `call=`
    at: float  # seconds since 1970
    ran_s: float  # the same by a clock that nobody sets: for the time between two of them


class Page(Struct, frozen=True):
    """Some of them; `total` counts those that were forgotten as well."""

    total: int
    forgotten: int
    dials: list[Accepted]


class Dials:
    """All since the last reset."""

    def __init__(
        self,
        *,
        kept: int = KEPT,
        now: Callable[[], float] = time.time,
        ran_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._dials: deque[Accepted] = deque(maxlen=kept)
        self._total = 0
        self._now = now
        self._ran_s = ran_s

    def add(self, sid: str, order: Order) -> None:
        """One more."""
        named = parse_qs(urlsplit(order.url).query).get("call", [""])
        self._dials.append(
            Accepted(
                number=self._total,
                to=order.to,
                from_=order.from_,
                sid=sid,
                call=named[-1],
                at=self._now(),
                ran_s=self._ran_s(),
            )
        )
        self._total += 1

    def page(self, first: int = 0, size: int = PAGE) -> Page:
        """Those from number `first` on."""
        forgotten = self._total - len(self._dials)
        begin = max(0, first - forgotten)
        return Page(self._total, forgotten, list(islice(self._dials, begin, begin + size)))

    def clear(self) -> None:
        """Count anew."""
        self._dials.clear()
        self._total = 0
