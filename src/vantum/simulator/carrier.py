"""The simulated carrier: which calls there are, and how one is placed, redirected, ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from vantum.simulator.callees import Casting
from vantum.simulator.room import Room
from vantum.simulator.stage import Stage
from vantum.simulator.twilio_call import Call, Course, Order
from vantum.simulator.twilio_dial import Sitting
from vantum.simulator.twilio_house import House
from vantum.simulator.twilio_verbs import Documents, Fetch, Inline, Source

KEPT: Final = 10_000  # calls; of those that are over the oldest is forgotten first
TAPES: Final = 100  # calls whose recording is kept, the newest: 5 MB each at most


class Carrier:
    """All calls of a process."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.house = House(stage)
        self._calls: dict[str, Call] = {}
        self._documents: dict[str, Documents] = {}  # of the calls that follow TwiML

    def place(self, order: Order, casting: Casting | None = None) -> Call:
        """Let a call begin; `casting`: who is at the telephone, if it is not as usual."""
        call = self._new(order, casting)
        first: Source = Fetch(order.url, order.method) if order.url else Inline(order.twiml)
        documents = self._documents[call.sid] = Documents(call, first, self._dial)
        self._begin(call, documents)
        return call

    def call(self, sid: str) -> Call | None:
        """A call, by its identifier."""
        return self._calls.get(sid)

    def newest_first(self) -> Iterator[Call]:
        """All calls."""
        return reversed(self._calls.values())

    @property
    def active(self) -> int:
        """How many are not over."""
        return sum(not call.is_over for call in self._calls.values())

    def redirect(self, call: Call, source: Source) -> bool:
        """Let a running call go on with another document; whether it is one that can."""
        documents = self._documents.get(call.sid)
        if documents is not None:
            documents.redirect(source)
        return documents is not None

    def _dial(self, order: Order, room: Room) -> Call:
        call = self._new(order, None)
        self._begin(call, Sitting(call, room))
        return call

    def _new(self, order: Order, casting: Casting | None) -> Call:
        self._forget()
        call = Call(self.house, order, casting or self.house.casting(order.to))
        self._calls[call.sid] = call
        return call

    def _begin(self, call: Call, course: Course) -> None:
        self.house.start("call", call.live(course))

    def _forget(self) -> None:
        sids = list(self._calls)
        if len(sids) >= TAPES and (phone := self._calls[sids[-TAPES]].phone) is not None:
            phone.tape.erase()
        if len(sids) >= KEPT and (
            oldest := next((sid for sid in sids if self._calls[sid].is_over), None)
        ):
            del self._calls[oldest]
            self._documents.pop(oldest, None)
