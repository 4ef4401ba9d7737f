"""The life of one simulated call: queued, ringing, answered or not, over; and what is told."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from typing import Final, Literal, Protocol

from msgspec import Struct

from vantum.simulator.callee import Callee
from vantum.simulator.callee_acts import texts
from vantum.simulator.callees import Casting, Kind
from vantum.simulator.phone import Phone
from vantum.simulator.stretch import Stretch
from vantum.simulator.tape import Tape
from vantum.simulator.twilio_house import House
from vantum.simulator.twilio_news import News

Status = Literal[
    "queued", "ringing", "in-progress", "completed", "busy", "no-answer", "failed", "canceled"
]
Direction = Literal["outbound-api", "outbound-dial", "inbound"]
OVER: Final[frozenset[Status]] = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
# The vendor's defaults.
RING_S: Final = 60.0
LASTS_S: Final = 4 * 3_600.0
DETECTION_S: Final = 30.0
_SIP: Final[dict[Status, str]] = {
    "completed": "200",
    "busy": "486",
    "no-answer": "487",
    "canceled": "487",
    "failed": "404",
}


class Order(Struct, frozen=True, kw_only=True):
    """What was asked for when the call was placed."""

    to: str
    from_: str
    url: str = ""
    method: str = "POST"
    twiml: str = ""
    status_url: str = ""
    status_method: str = "POST"
    status_events: tuple[str, ...] = ("completed",)
    timeout_s: float = RING_S
    time_limit_s: float = LASTS_S
    digits: str = ""  # pressed as soon as it is answered
    detection: Literal["", "Enable", "DetectMessageEnd"] = ""
    detection_waits: bool = True  # the TwiML for the verdict
    detection_url: str = ""
    detection_method: str = "POST"
    detection_timeout_s: float = DETECTION_S
    direction: Direction = "outbound-api"
    parent_sid: str = ""


class Record(Struct, kw_only=True):
    """What is known of the call; times are Unix times."""

    kind: Kind
    created_at: float
    warnings: Counter[str]  # and errors, by the vendor's numbers
    status: Status = "queued"
    queued_s: float = 0.0
    dialled_at: float | None = None
    answered_at: float | None = None
    ended_at: float | None = None
    answered_by: str = ""

    @property
    def talked_s(self) -> float:
        """From the answer to the end."""
        return (self.ended_at or time.time()) - self.answered_at if self.answered_at else 0.0


class Course(Protocol):
    """What the carrier does with a call."""

    async def refusal(self) -> Status | None:
        """Before an incoming call is answered: whether it is refused instead, and how."""
        ...

    async def run(self) -> None:
        """Once it is answered."""
        ...


class Call:
    """One leg, to one telephone."""

    def __init__(self, house: House, order: Order, casting: Casting) -> None:
        self.house = house
        self.order = order
        self.casting = casting
        self.sid = house.new_id("CA")
        self.record = Record(kind=casting.kind, created_at=time.time(), warnings=Counter())
        self.phone: Phone | None = None
        self.legs: list[Call] = []  # that were dialled from this one
        self.over = asyncio.Event()
        self.news = News(
            house, order.status_url, order.status_method, order.status_events, self.warn
        )
        self._life = Stretch()
        self._outcome: Status = "canceled"

    async def live(self, course: Course) -> None:
        """From the queue to the end."""
        try:
            await self._life.run(self._go(course))
        finally:
            self._end()

    def hang_up(self) -> None:
        """End it, whatever it is doing."""
        self._life.end()

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.record.status in OVER

    @property
    def is_answered(self) -> bool:
        """Whether it runs: somebody has answered and it is not over."""
        return self.record.status == "in-progress"

    @property
    def inbound(self) -> bool:
        """Whether somebody called us."""
        return self.order.direction == "inbound"

    def fields(self) -> list[tuple[str, str]]:
        """What every request about the call says of it, but for its status."""
        order, record = self.order, self.record
        fields = [
            ("CallSid", self.sid),
            ("AccountSid", self.house.stage.account.sid),
            ("From", order.from_),
            ("Caller", order.from_),
            ("To", order.to),
            ("Called", order.to),
            ("Direction", order.direction),
            ("ApiVersion", "2010-04-01"),
        ]
        if order.parent_sid:
            fields.append(("ParentCallSid", order.parent_sid))
        if record.answered_by:
            fields.append(("AnsweredBy", record.answered_by))
        return fields

    def warn(self, code: int) -> None:
        """Count a warning or an error."""
        self.record.warnings[str(code)] += 1
        self.house.stage.count("twilio", str(code))

    async def _go(self, course: Course) -> None:
        house, casting = self.house, self.casting
        if not self.inbound:
            self.record.queued_s = await house.turnstile.may_dial()
        self.record.dialled_at = time.time()
        if not self.inbound:
            self._tell("initiated", "initiated")
        sounds = await house.sounds(texts(casting.acts))
        if self.inbound:
            self._becomes("ringing", "ringing")
            refusal = await course.refusal()
            self._outcome = refusal or "completed"
            answered = refusal is None
        else:
            answered = await self._rings()
        if answered:
            self._answer(sounds)
            await course.run()

    async def _rings(self) -> bool:
        """Whether anybody answers."""
        stage, kind, ring_s = self.house.stage, self.casting.kind, self.casting.ring_s
        if ring_s is None:
            ring_s = stage.profile.ring.drawn(stage.dice)
        if kind in {"unreachable", "busy"}:
            self._outcome = "busy" if kind == "busy" else "failed"
            return False
        self._becomes("ringing", "ringing")
        timeout_s = self.order.timeout_s
        if kind == "no_answer" or ring_s > timeout_s:
            await asyncio.sleep(timeout_s * stage.profile.ring_timeouts)
            self._outcome = "no-answer"
            return False
        await asyncio.sleep(ring_s)
        self._outcome = "completed"
        return True

    def _answer(self, sounds: Mapping[str, bytes]) -> None:
        self.record.answered_at = time.time()
        lasts_s, casting = self.order.time_limit_s, self.casting
        if casting.is_unheard:
            lasts_s = min(lasts_s, casting.stays_s)
        else:
            callee = Callee(casting.acts, sounds)
            self.phone = Phone(callee, Tape(self.house.stage.profile.recorded_s), self.hang_up)
            self.house.ticker.join(self.phone)
        self._life.limit(lasts_s)
        self._becomes("in-progress", "answered")

    def _end(self) -> None:
        record = self.record
        record.ended_at = time.time()
        if self.phone is not None:
            self.house.ticker.leave(self.phone)
            self.phone.callee.leave()
        lasted_s = round(record.talked_s)
        self.house.stage.count("twilio", f"ended.{self._outcome}")
        self._becomes(
            self._outcome,
            "completed",
            ("CallDuration", str(lasted_s)),
            ("Duration", str(-(-lasted_s // 60))),
            ("SipResponseCode", _SIP[self._outcome]),
        )
        self.over.set()

    def _becomes(self, status: Status, event: str, *more: tuple[str, str]) -> None:
        self.record.status = status
        self._tell(event, status, *more)

    def _tell(self, event: str, status: str, *more: tuple[str, str]) -> None:
        self.house.stage.count("twilio", event)
        self.news.tell(event, status, [*self.fields(), *more])
