"""The simulated carrier: which calls there are, and how one is placed, redirected, ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from vantum.simulator.stage import Stage
from vantum.simulator.twilio_call import Call, Order
from vantum.simulator.twilio_house import House
from vantum.simulator.twilio_verbs import Course, Fetch, Inline, Source

KEPT: Final = 10_000  # calls; of those that are over the oldest is forgotten first


class Placed(Struct, frozen=True):
    """A call and what the carrier does with it."""

    call: Call
    course: Course


class Carrier:
    """All calls of a process."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.house = House(stage)
        self._placed: dict[str, Placed] = {}

    def place(self, order: Order) -> Call:
        """Call somebody."""
        call = Call(self.house, order)
        first: Source = Fetch(order.url, order.method) if order.url else Inline(order.twiml)
        course = Course(call, first)
        self._forget()
        self._placed[call.sid] = Placed(call, course)
        self.house.start("call", call.live(course.run))
        return call

    def call(self, sid: str) -> Call | None:
        """A call, by its identifier."""
        placed = self._placed.get(sid)
        return placed.call if placed else None

    def newest_first(self) -> Iterator[Call]:
        """All calls."""
        return (placed.call for placed in reversed(self._placed.values()))

    @property
    def active(self) -> int:
        """How many are not over."""
        return sum(not placed.call.is_over for placed in self._placed.values())

    def redirect(self, sid: str, source: Source) -> None:
        """Let a running call go on with another document."""
        self._placed[sid].course.redirect(source)

    def _forget(self) -> None:
        if len(self._placed) >= KEPT:
            over = (sid for sid, placed in self._placed.items() if placed.call.is_over)
            if (oldest := next(over, None)) is not None:
                del self._placed[oldest]
