"""How the simulated carrier joins telephones: `<Dial><Number>` and `<Dial><Conference>`."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime

from vantum.simulator import twilio_twiml as twiml
from vantum.simulator.phone import NOBODY, Phone
from vantum.simulator.room import Room
from vantum.simulator.twilio_call import Call, Order, Status
from vantum.simulator.twilio_web import UnreachedError

Outcome = tuple[tuple[str, str], ...]  # what the verb's `action` is told
Place = Callable[[Order, Room], Call]  # ring somebody, who then sits down in the room


async def dial_number(call: Call, phone: Phone, verb: twiml.Number, place: Place) -> Outcome:
    """Ring somebody and let both talk until one of them hangs up."""
    room = Room(call.house.new_id("CF"))
    order = Order(
        to=verb.number,
        from_=verb.caller_id or (call.order.to if call.inbound else call.order.from_),
        timeout_s=verb.timeout_s,
        status_url=verb.status_url,
        status_events=verb.status_events,
        direction="outbound-dial",
        parent_sid=call.sid,
    )
    child = place(order, room)
    call.legs.append(child)
    phone.party = room.enter(call.sid)
    try:
        await child.over.wait()
    finally:
        phone.party = NOBODY
        child.hang_up()
    record = child.record
    return (
        ("DialCallSid", child.sid),
        ("DialCallStatus", record.status),
        ("DialCallDuration", str(round(record.talked_s))),
    )


async def join_conference(call: Call, phone: Phone, verb: twiml.Conference) -> Outcome:
    """Sit down in the room until it is closed."""
    rooms = call.house.rooms
    room = rooms.setdefault(verb.room, Room(call.house.new_id("CF")))
    began = time.time()
    was_open = room.open
    phone.party = room.enter(call.sid, starts=verb.starts)
    _tell(call, verb, room, "participant-join")
    if room.open and not was_open:
        _tell(call, verb, room, "conference-start")
    try:
        await room.closed.wait()
    finally:
        phone.party = NOBODY
        room.leave(call.sid, ends=verb.ends)
        _tell(call, verb, room, "participant-leave")
        if (not len(room) or room.closed.is_set()) and rooms.get(verb.room) is room:
            del rooms[verb.room]
            _tell(call, verb, room, "conference-end")
    return (("DialCallStatus", "completed"), ("DialCallDuration", str(round(time.time() - began))))


def _tell(call: Call, verb: twiml.Conference, room: Room, event: str) -> None:
    """Send a callback where the `<Conference>` of this call asks for it."""
    if not verb.status_url or event.rpartition("-")[2] not in verb.status_events:
        return
    form = [
        ("AccountSid", call.house.stage.account.sid),
        ("CallSid", call.sid),
        ("ConferenceSid", room.sid),
        ("FriendlyName", verb.room),
        ("StatusCallbackEvent", event),
        ("SequenceNumber", str(room.told)),
        ("Timestamp", format_datetime(datetime.now(UTC))),
    ]
    room.told += 1
    call.house.start("conference-callback", _post(call, verb.status_url, form))


async def _post(call: Call, url: str, form: list[tuple[str, str]]) -> None:
    try:
        await call.house.web.ask(url, form)
    except UnreachedError as error:
        call.warn(error.code)


class Sitting:
    """What happens on the call of somebody who was rung: they talk in the room."""

    def __init__(self, call: Call, room: Room) -> None:
        self._call = call
        self._room = room

    async def refusal(self) -> Status | None:
        """They did not call."""
        return None

    async def run(self) -> None:
        """Until they hang up."""
        if self._call.phone is not None:
            self._call.phone.party = self._room.enter(self._call.sid)
        await self._call.over.wait()
