"""The life of one simulated call: queued, ringing, answered or not, over; and who is told of it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final, Literal

from msgspec import Struct

from vantum.simulator.callee import Callee
from vantum.simulator.callee_acts import texts
from vantum.simulator.callees import Casting, Kind
from vantum.simulator.phone import Phone
from vantum.simulator.stretch import Stretch
from vantum.simulator.twilio_house import House
from vantum.simulator.twilio_web import UnreachedError

Status = Literal[
    "queued", "ringing", "in-progress", "completed", "busy", "no-answer", "failed", "canceled"
]
Event = Literal["initiated", "ringing", "answered", "completed"]
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


class Told(Struct):
    """A callback: what became of it."""

    event: str
    status: str
    sequence: int
    at: float  # Unix time
    answer: int = 0  # HTTP's, or the vendor's number of what went wrong; 0 while under way


class Record(Struct, kw_only=True):
    """What is known of the call; times are Unix times."""

    status: Status = "queued"
    created_at: float
    queued_s: float = 0.0
    answered_at: float | None = None
    ended_at: float | None = None
    answered_by: str = ""
    kind: Kind = "person"
    told: list[Told] = []
    warnings: Counter[str] = Counter()  # and errors, by the vendor's numbers


class Call:
    """One leg, to one telephone."""

    def __init__(self, house: House, order: Order) -> None:
        self.house = house
        self.order = order
        self.sid = house.stage.new_id("CA")
        self.record = Record(created_at=time.time(), told=[], warnings=Counter())
        self.phone: Phone | None = None
        self.answered = asyncio.Event()
        self.over = asyncio.Event()
        self._life = Stretch()
        self._outcome: Status = "canceled"
        self._telling = asyncio.Lock()

    async def live(self, course: Callable[[], Awaitable[None]]) -> None:
        """From the queue to the end; `course` is what the carrier does once it is answered."""
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

    def fields(self) -> list[tuple[str, str]]:
        """What every request about the call says of it."""
        order, record = self.order, self.record
        fields = [
            ("CallSid", self.sid),
            ("AccountSid", self.house.stage.account.sid),
            ("From", order.from_),
            ("Caller", order.from_),
            ("To", order.to),
            ("Called", order.to),
            ("CallStatus", record.status),
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

    async def _go(self, course: Callable[[], Awaitable[None]]) -> None:
        house = self.house
        self.record.queued_s = await house.may_dial()
        casting = house.casting(self.order.to)
        self.record.kind = casting.kind
        self.tell("initiated", status="initiated")
        sounds = await house.sounds(texts(casting.acts))
        if await self._rings(casting):
            self._answer(Callee(casting.acts, sounds))
            await course()

    async def _rings(self, casting: Casting) -> bool:
        """Whether anybody answers."""
        stage, order = self.house.stage, self.order
        ring_s = stage.profile.ring.drawn(stage.dice)
        if casting.kind in {"unreachable", "busy"}:
            self._outcome = "busy" if casting.kind == "busy" else "failed"
            return False
        self.record.status = "ringing"
        self.tell("ringing")
        timeout_s = order.timeout_s * stage.profile.ring_timeouts
        if casting.kind == "no_answer" or ring_s > timeout_s:
            await asyncio.sleep(timeout_s)
            self._outcome = "no-answer"
            return False
        await asyncio.sleep(ring_s)
        return True

    def _answer(self, callee: Callee) -> None:
        self._outcome = "completed"
        self.record.status = "in-progress"
        self.record.answered_at = time.time()
        self.phone = Phone(callee, self.hang_up)
        self.house.ticker.join(self.phone)
        self._life.limit(self.order.time_limit_s)
        self.answered.set()
        self.tell("answered")

    def _end(self) -> None:
        record = self.record
        record.status, record.ended_at = self._outcome, time.time()
        if self.phone is not None:
            self.house.ticker.leave(self.phone)
            self.phone.callee.leave()
        self.over.set()
        lasted_s = record.ended_at - (record.answered_at or record.ended_at)
        self.tell(
            "completed",
            ("CallDuration", str(round(lasted_s))),
            ("Duration", str(-(-round(lasted_s) // 60))),
            ("SipResponseCode", _SIP[record.status]),
        )

    def tell(self, event: Event, *more: tuple[str, str], status: str = "") -> None:
        """Send a status callback where one was asked for."""
        order, record = self.order, self.record
        self.house.stage.count("twilio", event)
        if not order.status_url or event not in order.status_events:
            return
        told = Told(event, status or record.status, len(record.told), time.time())
        record.told.append(told)
        form = [
            (name, told.status if name == "CallStatus" else value) for name, value in self.fields()
        ]
        form += [
            ("Timestamp", format_datetime(datetime.fromtimestamp(told.at, UTC))),
            ("CallbackSource", "call-progress-events"),
            ("SequenceNumber", str(told.sequence)),
            *more,
        ]
        self.house.start("status-callback", self._tell(told, form))

    async def _tell(self, told: Told, form: list[tuple[str, str]]) -> None:
        async with self._telling:  # without a fault they come in their order
            order = self.order
            try:
                answer = await self.house.web.ask(
                    order.status_url, form, method=order.status_method
                )
                told.answer = answer.status
            except UnreachedError as error:
                told.answer = error.code
            if not 200 <= told.answer < 300:
                self.warn(11200)
