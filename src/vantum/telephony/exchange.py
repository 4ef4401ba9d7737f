"""How phone calls are placed and answered, joined with their streams, and told what to do.

What processes must agree on is in the records; the talks that this process carries are in `_talks`.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Coroutine
from typing import Any, Final

from msgspec import Struct

from vantum import limits
from vantum.calls import Calls, Live
from vantum.casting import Casting
from vantum.conversation import events as ev
from vantum.conversation.effects import Transfer
from vantum.errors import CapacityError, CarrierError, RequestError
from vantum.store.phone_calls import Command, Direction, PhoneCall
from vantum.telemetry import Log
from vantum.telephony import instructions, tokens
from vantum.telephony.gateway import Order
from vantum.telephony.legs import Legs
from vantum.telephony.settled import Talked
from vantum.telephony.twilio import INVALID_NUMBER
from vantum.transports.ids import Ids

NUMBER: Final = re.compile(r"^\+[1-9][0-9]{6,14}$")  # E.164

BAD_NUMBER: Final = "The number must be like +15550100123: a plus, country code, number"


class Line(Struct, frozen=True):
    """The operator's account: where the carrier reaches us, from which number, with which key."""

    public_url: str
    number: str
    key: bytes

    def address(self, path: str, call_id: str = "") -> str:
        """A web address of ours, as the carrier is to ask for it and sign it."""
        return f"{self.public_url}{path}" + (f"?call={call_id}" if call_id else "")

    @property
    def stream_url(self) -> str:
        """Where media streams go."""
        return "ws" + self.public_url.removeprefix("http") + "/twilio/media"


class Exchange:
    """The phone calls of this installation, as one of its processes sees them."""

    def __init__(
        self,
        line: Line,
        legs: Legs,
        calls: Calls,
        casting: Casting,
        *,
        start: Callable[[str, Coroutine[Any, Any, None]], object],
        log: Log,
    ) -> None:
        """`start` runs work beside the calls."""
        self.line = line
        self.legs = legs
        self.records = legs.records
        self.worker = os.urandom(8).hex()
        self._calls = calls
        self._casting = casting
        self._start = start
        self._log = log
        self._ids = Ids()
        self._talks: dict[str, Live] = {}  # by call id, those of this process

    # -- beginning -----------------------------------------------------------------------------

    async def place(self, to: str, agent: str | None = None) -> PhoneCall:
        """Call a number. Raises RequestError, CapacityError, CarrierError."""
        if not NUMBER.match(to):
            raise RequestError(BAD_NUMBER)
        if agent is not None and agent not in self._casting.agents:
            raise RequestError(f'There is no agent "{agent}"')
        if not self.line.number:
            raise RequestError("TWILIO_PHONE_NUMBER is not set: there is no number to call from")
        self._calls.check_room()
        call = self._recorded("outbound", to, self.line.number, agent)
        await self.records.add(call)
        try:
            leg = await self.legs.carrier.place(self._order(call))
        except CarrierError as error:
            self._log.warning("call_not_placed", call_id=call.call_id, why=str(error))
            if error.trouble != "network":  # else it may ring all the same
                status = "invalid" if error.code in INVALID_NUMBER else "failed"
                await self.legs.over(call, status)
            raise
        await self.records.change(call.call_id, sid=leg.sid, news_at=self.legs.now())
        call.sid = leg.sid
        self._log.info("call_placed", call_id=call.call_id, agent=call.agent)
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
            placed_by=self.worker,
        )

    def _order(self, call: PhoneCall) -> Order:
        return Order(
            to=call.their_number,
            caller_id=call.our_number,
            voice_url=self.line.address("/twilio/voice", call.call_id),
            status_url=self.line.address("/twilio/status", call.call_id),
            ring_s=self._casting.agents[call.agent].phone.ring_s,
            machine_url=self.line.address("/twilio/amd", call.call_id),
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
        now = self.legs.now()
        await self.records.change(
            call_id, sid=sid, status="in-progress", answered_at=call.answered_at or now, news_at=now
        )
        return self._talk(call_id, sid)

    async def _take(self, sid: str, theirs: str, ours: str) -> str | None:
        """Somebody calls us."""
        known = await self.records.by_sid(sid)
        if known is not None:
            # The carrier asks twice when our answer was lost.
            asked_again = not known.worker and known.ended_at is None
            return self._talk(known.call_id, sid) if asked_again else None
        try:
            self._calls.check_room()
        except CapacityError:
            return instructions.hang_up()
        call = self._recorded("inbound", theirs, ours, None)
        call.sid, call.status, call.answered_at = sid, "in-progress", call.placed_at
        return self._talk(call.call_id, sid) if await self.records.add(call) else None

    def _talk(self, call_id: str, sid: str) -> str:
        expires_at = int(self.legs.now() + limits.TOKEN_S)
        token = tokens.Token(call_id, sid, expires_at, os.urandom(12).hex())
        return instructions.talk(self.line.stream_url, tokens.sealed(token, self.line.key))

    async def join(self, token: str, sid: str) -> PhoneCall | None:
        """The call that a stream may carry, from now on in this process; None refuses it."""
        now = self.legs.now()
        said = tokens.opened(token, sid, self.line.key, now)
        if said is None or not await self.records.join(said.call_id, said.nonce, self.worker, now):
            return None
        return await self.records.by_id(said.call_id)

    def carry(self, call: PhoneCall, live: Live) -> None:
        """The call talks in this process."""
        self._talks[call.call_id] = live
        if call.machine:  # the verdict was there before the stream
            self._obey(Command(call.call_id, "machine", call.machine))

    async def ended(self, call: PhoneCall, talked: Talked, *, hang_up: bool) -> None:
        """The talk is over."""
        self._talks.pop(call.call_id, None)
        await self.legs.ended(call, talked, hang_up=hang_up)

    # -- what is wanted of a call --------------------------------------------------------------

    async def machine(self, call: PhoneCall, verdict: str) -> None:
        """The carrier has made up its mind about who answered."""
        await self.records.change(call.call_id, machine=verdict)
        await self._command(call, Command(call.call_id, "machine", verdict))

    async def hang_up(self, call: PhoneCall) -> None:
        """End a call, wherever it is. Raises CarrierError."""
        if call.ended_at is not None:
            return
        if call.worker:
            await self._command(call, Command(call.call_id, "hang_up"))
        elif call.sid is not None:
            await self.legs.carrier.hang_up(call.sid)

    async def transfer(self, call: PhoneCall, number: str) -> None:
        """Have the call put through to somebody. Raises RequestError, CarrierError."""
        if not NUMBER.match(number):
            raise RequestError(BAD_NUMBER)
        if call.sid is None or call.ended_at is not None or not call.worker:
            raise RequestError("The call is not being talked on", code="INVALID_STATE")
        await self.legs.carrier.redirect(
            call.sid, instructions.put_through(number, call.our_number)
        )

    def put_through(self, call: PhoneCall, order: Transfer) -> None:
        """The agent wants its caller put through to somebody."""
        self._start("transfer", self._put_through(call, order))

    async def _put_through(self, call: PhoneCall, order: Transfer) -> None:
        live = self._talks.get(call.call_id)
        if live is None:
            return
        live.session.end_reason = "transferred"
        try:
            await self.transfer(call, order.to)
        except (RequestError, CarrierError) as error:
            live.session.end_reason = "disconnected"
            live.call.post_now(ev.TransferFailed(str(error)))

    async def _command(self, call: PhoneCall, command: Command) -> None:
        if call.call_id in self._talks:
            self._obey(command)
        elif call.worker:
            await self.records.command(command, call.worker)

    def _obey(self, command: Command) -> None:
        live = self._talks.get(command.call_id)
        if live is None:
            return
        if command.verb == "hang_up":
            live.call.post_now(ev.EndAsked("agent_ended"))
        elif command.verb == "machine":
            live.call.post_now(ev.AnsweredBy(ev.verdict(command.argument)))

    async def obey(self) -> None:
        """Do what other processes want of the calls carried here, for ever."""
        quiet_s = 0.0
        while True:
            await asyncio.sleep(limits.COMMANDS_EVERY_S)
            if not self._talks:
                continue
            for command in await self.records.commands(self.worker):
                self._obey(command)
            quiet_s += limits.COMMANDS_EVERY_S
            if quiet_s >= limits.STALE_CALL_S / 4:
                quiet_s = 0.0
                await self.records.alive(self.worker, self.legs.now())
