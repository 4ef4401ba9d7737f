"""How a caller is put through to a colleague: rung, told what it is about, left to each other.

The caller stays on our line until there is somebody. The colleague is called on a leg of their own,
a call like any other, which says for whose call it is. When they have answered, and a warm one was
told who waits, both legs are sent into one room at the carrier, and we are out of it: from then on
they are `handed_over`. Whatever else comes of the colleague's leg is told to the caller's talk,
which goes on. When either leaves, the other is let go.

Not `<Dial><Number>` on the caller's leg: that ends our stream at once, and a caller for whom nobody
answers could only be told so by a strange voice and hung up on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
from msgspec.structs import replace

from vantum import limits
from vantum.calls import Calls
from vantum.casting import Casting, briefing_of
from vantum.conversation import events as ev
from vantum.conversation.effects import Transfer
from vantum.dialing.numbers import number_of
from vantum.errors import CapacityError, CarrierError, RequestError
from vantum.store.phone_calls import Command, PhoneCall
from vantum.telemetry import Log
from vantum.telephony import instructions
from vantum.telephony.legs import Legs
from vantum.telephony.line import Line
from vantum.telephony.talks import Talks
from vantum.transports.ids import Ids


class Transfers:
    """The transfers of this installation, as one of its processes sees them."""

    def __init__(
        self,
        line: Line,
        legs: Legs,
        talks: Talks,
        calls: Calls,
        casting: Casting,
        *,
        start: Callable[[str, Coroutine[Any, Any, None]], object],
        log: Log,
    ) -> None:
        """`start` runs work beside the calls."""
        self._line = line
        self._legs = legs
        self._records = legs.records
        self._talks = talks
        self._calls = calls
        self._casting = casting
        self._start = start
        self._log = log
        self._ids = Ids()
        legs.on_over = self._left

    async def ask(self, caller: PhoneCall, asked: ev.TransferAsked) -> None:
        """Have a caller put through. Raises RequestError."""
        asked = replace(asked, to=await asyncio.to_thread(number_of, asked.to))
        if caller.handed_over:
            raise RequestError("The call has been put through already", code="INVALID_STATE")
        if not caller.worker or caller.ended_at is not None or caller.for_call:
            raise RequestError("The agent is not talking on this call", code="INVALID_STATE")
        if self._talks.meets_machine(caller):
            raise RequestError("No person is on the line", code="INVALID_STATE")
        if await self._records.colleague_of(caller.call_id) is not None:
            raise RequestError("The call is being put through already", code="INVALID_STATE")
        argument = msgspec.json.encode(asked).decode()
        await self._talks.tell(caller, Command(caller.call_id, "transfer", argument))

    def begin(self, caller: PhoneCall, order: Transfer) -> None:
        """The talk wants its caller put through; it is told if that fails."""
        self._start("transfer", self._begin(caller, order))

    async def _begin(self, caller: PhoneCall, order: Transfer) -> None:
        if self._talks.meets_machine(caller):  # which another process could not know
            await self._fail(caller, "no person is on the line")
            return
        agent = self._casting.agents[caller.agent]
        now = self._legs.now()
        colleague = PhoneCall(
            call_id=self._ids.new(),
            direction="outbound",
            their_number=order.to,
            our_number=caller.our_number,
            agent=caller.agent,
            placed_at=now,
            news_at=now,
            placed_by=self._talks.worker,
            for_call=caller.call_id,
            briefing=briefing_of(agent, order.summary) if order.warm else "",
        )
        try:
            if order.warm:
                self._calls.check_room()
            await self._legs.place(colleague, self._line.order(colleague, limits.COLLEAGUE_RING_S))
        except CapacityError as error:
            await self._fail(caller, str(error))
            return
        except CarrierError:
            return  # the leg is over, which was told as any other end of it
        caller_now = await self._records.by_id(caller.call_id)
        if caller_now is not None and caller_now.ended_at is None:
            await asyncio.sleep(limits.TRANSFER_S)
        colleague_now = await self._records.by_id(colleague.call_id)
        if colleague_now is not None and not colleague_now.handed_over:
            await self._legs.let_go(colleague_now)

    async def answer(self, colleague: PhoneCall) -> str | None:
        """What the carrier is to do with a colleague who answered; None: let them be told first."""
        caller = await self._records.by_id(colleague.for_call)
        if colleague.handed_over:  # the carrier asks twice when our answer was lost
            return instructions.join(colleague.for_call)
        if caller is None or caller.ended_at is not None or caller.handed_over:
            return instructions.hang_up()
        if colleague.briefing:
            return None
        joined = await self.connect(colleague)
        return instructions.join(colleague.for_call) if joined else instructions.hang_up()

    async def connect(self, colleague: PhoneCall) -> bool:
        """Send the caller to where the colleague is, or will be; False where that fails."""
        caller = await self._records.by_id(colleague.for_call)
        now = self._legs.now()
        if (
            caller is None
            or caller.sid is None
            or not await self._records.hand_over(colleague, now)
        ):
            return False
        try:
            await self._legs.carrier.redirect(caller.sid, instructions.join(caller.call_id))
        except CarrierError as error:
            self._log.warning("call_not_handed_over", call_id=caller.call_id, why=str(error))
            await self._records.take_back(colleague)
            return False
        self._log.info("call_handed_over", call_id=caller.call_id, to=colleague.call_id)
        return True

    async def _left(self, call: PhoneCall) -> None:
        """A leg is gone: whoever it had to do with learns of it."""
        if not call.for_call:
            colleague = await self._records.colleague_of(call.call_id)
            if colleague is not None:
                await self._legs.let_go(colleague)
            return
        caller = await self._records.by_id(call.for_call)
        if caller is None or caller.ended_at is not None:
            return
        if caller.handed_over:
            await self._legs.let_go(caller)
        else:
            await self._fail(caller, call.status)

    async def _fail(self, caller: PhoneCall, why: str) -> None:
        await self._talks.tell(caller, Command(caller.call_id, "transfer_failed", why))
