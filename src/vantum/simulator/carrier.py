"""The simulated carrier: which calls there are, and how one is placed, redirected, ended."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

from vantum.simulator.callees import Casting
from vantum.simulator.dials import Dials
from vantum.simulator.room import Room
from vantum.simulator.stage import Stage
from vantum.simulator.twilio_call import Call, Course, Order
from vantum.simulator.twilio_dial import Sitting
from vantum.simulator.twilio_house import House
from vantum.simulator.twilio_verbs import Documents, Fetch, Inline, Source

KEPT: Final = 20_000  # calls that are over; the first of them to end is forgotten first
TAPES: Final = 100  # calls whose recording is kept, the newest: 5 MB each at most


class Carrier:
    """All calls of a process."""

    def __init__(self, stage: Stage, *, kept: int = KEPT) -> None:
        self.stage = stage
        self.house = House(stage)
        self.dials = Dials()
        self._kept = kept
        self._calls: dict[str, Call] = {}
        self._documents: dict[str, Documents] = {}  # of the running calls that follow TwiML
        self._over: deque[str] = deque()  # calls, in the order of their ends
        self._taped: deque[Call] = deque()

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
        return len(self._calls) - len(self._over)

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
        call = Call(self.house, order, casting or self.house.casting(order.to))
        self._calls[call.sid] = call
        self._taped.append(call)
        if len(self._taped) > TAPES and (phone := self._taped.popleft().phone) is not None:
            phone.tape.erase()
        return call

    def _begin(self, call: Call, course: Course) -> None:
        self.house.start("call", self._live(call, course))

    async def _live(self, call: Call, course: Course) -> None:
        try:
            await call.live(course)
        finally:
            self._documents.pop(call.sid, None)
            self._over.append(call.sid)
            if len(self._over) > self._kept:
                del self._calls[self._over.popleft()]
