"""How phone calls are placed and answered, joined with their streams, and told what to do.

What processes must agree on is in the records; which of them carries a talk, `talks.py` knows.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from vantum import limits
from vantum.calls import Calls, Live
from vantum.casting import Casting
from vantum.conversation.effects import Greeted, OptedOut
from vantum.dialing.numbers import number_of
from vantum.errors import CapacityError, RequestError
from vantum.store.contacts import Contacts
from vantum.store.phone_calls import Command, Direction, PhoneCall
from vantum.telemetry import Log
from vantum.telephony import instructions, tokens
from vantum.telephony.gateway import behind
from vantum.telephony.legs import Legs
from vantum.telephony.line import NO_NUMBER, Line
from vantum.telephony.opt_outs import OptOuts
from vantum.telephony.settled import Talked
from vantum.telephony.talks import Talks
from vantum.telephony.transfers import Transfers
from vantum.transports.ids import Ids


class Exchange:
    """The phone calls of this installation, as one of its processes sees them."""

    def __init__(
        self,
        line: Line,
        legs: Legs,
        calls: Calls,
        casting: Casting,
        *,
        contacts: Contacts,
        may_call: Callable[[str, str], Awaitable[str]],
        others_have_room: Callable[[], Awaitable[bool]],
        start: Callable[[str, Coroutine[Any, Any, None]], object],
        log: Log,
    ) -> None:
        """`may_call` tells why a number may be called from one of ours, or raises RequestError.

        `others_have_room`: for one call more than they carry, or than is on its way to them.
        `start` runs work beside the calls.
        """
        self.line = line
        self.legs = legs
        self.records = legs.records
        self.talks = Talks(legs.records, legs.now, log)
        self.transfers = Transfers(line, legs, self.talks, calls, casting, start=start, log=log)
        self._calls = calls
        self._casting = casting
        self._may_call = may_call
        self._others_have_room = others_have_room
        self._start = start
        self.opt_outs = OptOuts(contacts, now=legs.now, start=start, log=log)
        self._ids = Ids()

    # -- beginning -----------------------------------------------------------------------------

    async def place(self, to: str, agent: str | None = None) -> PhoneCall:
        """Call a number. Raises RequestError, CapacityError, CarrierError."""
        to = await asyncio.to_thread(number_of, to)  # which has much to load at first
        if agent is not None and agent not in self._casting.agents:
            raise self._casting.shelf.no_such(agent)
        if not self.line.number:
            raise RequestError(NO_NUMBER)
        self._calls.admit()
        allowed = await self._may_call(to, self.line.number)
        call = self._recorded("outbound", to, self.line.number, agent)
        call.allowed = allowed
        ring_s = self._casting.agents[call.agent].phone.ring_s
        self._casting.on_the_phone(call.agent).rehearse("mulaw")
        await self.legs.place(call, self.line.order(call, ring_s), alone=True)
        return call

    def _recorded(
        self, direction: Direction, theirs: str, ours: str, agent: str | None
    ) -> PhoneCall:
        now = self.legs.now()
        return PhoneCall(
            call_id=self._ids.new(),
            direction=direction,
            their_number=theirs,
            our_number=ours,
            agent=agent or self._casting.default,
            placed_at=now,
            news_at=now,
            placed_by=self.talks.worker,
        )

    async def answer(self, call_id: str | None, sid: str, theirs: str, ours: str) -> str | None:
        """What the carrier is to do with an answered leg; None for one that is not ours to answer.

        A call that has talked, or is over, is not answered again: that would be a replay.
        """
        if call_id is None:
            return await self._take(sid, theirs, ours)
        call = await self.records.by_id(call_id)
        if call is None or call.ended_at is not None or call.worker or call.sid not in {None, sid}:
            return None
        if call.end_asked:
            return instructions.hang_up()
        self._calls.expect(call_id)
        answered = "in-progress"
        await self.records.news(call_id, answered, behind(answered), self.legs.now(), sid=sid)
        then_room = ""
        if call.for_call:
            told = await self.transfers.answer(call)
            if told is not None:
                return told
            then_room = call.for_call
        return self._talk(call_id, sid, then_room)

    async def _take(self, sid: str, theirs: str, ours: str) -> str | None:
        """Somebody calls us: let in where there is room, be it in another process.

        One that is full or stops is not `/ready`, so that the stream is led to that other one.
        """
        known = await self.records.by_sid(sid)
        if known is not None:
            # The carrier asks twice when our answer was lost.
            asked_again = not known.worker and known.ended_at is None
            return self._talk(known.call_id, sid) if asked_again else None
        try:
            self._calls.check_room()
        except CapacityError:
            if not await self._others_have_room():
                self._calls.count_refusal()
                return instructions.busy()
        call = self._recorded("inbound", theirs, ours, None)
        self._calls.expect(call.call_id)  # before the wait for the records, in which others call
        call.sid, call.status, call.answered_at = sid, "in-progress", call.placed_at
        return self._talk(call.call_id, sid) if await self.records.add(call) else None

    def _talk(self, call_id: str, sid: str, then_room: str = "") -> str:
        expires_at = int(self.legs.now() + limits.TOKEN_S)
        token = tokens.Token(call_id, sid, expires_at, os.urandom(12).hex())
        sealed = tokens.sealed(token, self.line.key)
        return instructions.talk(self.line.stream_url, sealed, then_room=then_room)

    async def join(self, token: str, sid: str) -> PhoneCall | None:
        """The call that a stream may carry, from now on in this process; None refuses it."""
        now = self.legs.now()
        said = tokens.opened(token, sid, self.line.key, now)
        if said is None or not await self.records.join(
            said.call_id, said.nonce, self.talks.worker, now
        ):
            return None
        return await self.records.by_id(said.call_id)

    def carry(self, call: PhoneCall, live: Live) -> None:
        """The call talks in this process."""
        self.talks.carry(call, live)
        if call.machine:  # the verdict was there before the stream
            self.talks.obey(Command(call.call_id, "machine", call.machine))

    def noted(self, call: PhoneCall, news: OptedOut | Greeted) -> None:
        """The talk tells something that must be on record though this process should die."""
        if isinstance(news, OptedOut):
            self.opt_outs.obey(call)
        else:
            self._start("greeted", self.legs.greeted(call.call_id, news.after_s))

    async def ended(self, call: PhoneCall, talked: Talked, *, hang_up: bool) -> None:
        """The talk is over."""
        self.talks.forget(call.call_id)
        if talked.reason == "briefed":
            await self.transfers.connect(call)
        await self.legs.ended(call, talked, hang_up=hang_up)

    # -- what is wanted of a call --------------------------------------------------------------

    async def machine(self, call: PhoneCall, verdict: str) -> None:
        """The carrier has made up its mind about who answered."""
        await self.records.change(call.call_id, machine=verdict)
        # Read again: a stream that joins now sees the verdict, one that has joined is told.
        now_known = await self.records.by_id(call.call_id) or call
        await self.talks.tell(now_known, Command(call.call_id, "machine", verdict))

    async def hang_up(self, call: PhoneCall) -> None:
        """End a call, wherever it is. Raises CarrierError."""
        if call.ended_at is not None:
            return
        if call.worker and not call.handed_over:
            await self.talks.tell(call, Command(call.call_id, "hang_up"))
            return
        await self.records.change(call.call_id, end_asked=True)
        now_known = await self.records.by_id(call.call_id) or call
        if now_known.sid is not None:  # else whoever places it does so, or it is not answered
            await self.legs.carrier.hang_up(now_known.sid)
