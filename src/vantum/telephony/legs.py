"""How the legs of calls are followed to their end: news, hanging up, confirmation.

A leg belongs to its call: when the talk is over the leg is hung up and the carrier's word for it
awaited. One that was handed over lives on until one of those who talk on it leaves. Whatever that
misses is asked about later (`sweeping.py`). Each call's outcome is written down once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from vantum import limits
from vantum.errors import CarrierError, RecordsError, RequestError
from vantum.store.phone_calls import PhoneCall, PhoneCalls
from vantum.telemetry import Log
from vantum.telephony.gateway import OVER, Carrier, Leg, Order, behind
from vantum.telephony.opt_outs import wish
from vantum.telephony.settled import Talked, append, outcome_of
from vantum.telephony.unsettled import Left, Unsettled

T = TypeVar("T")

_LOOK_EVERY_S: Final = 0.1
AGAIN_S: Final = (1.0, 4.0, 15.0)  # a database is started anew in less; else the sweep has it


class Legs:
    """All legs of this installation, as one of its processes follows them."""

    def __init__(
        self,
        carrier: Carrier,
        records: PhoneCalls,
        folder: Path,
        *,
        log: Log,
        now: Callable[[], float],
        again_s: tuple[float, ...] = AGAIN_S,
    ) -> None:
        """`again_s`: the waits before an outcome that the database did not take is tried again."""
        self.carrier = carrier
        self.records = records
        self.now = now
        self.on_over: Callable[[PhoneCall], Awaitable[None]] | None = None  # once for each leg
        self._folder = folder
        self.unsettled = Unsettled(folder)
        self._log = log
        self._again_s = again_s

    async def place(self, call: PhoneCall, order: Order, *, alone: bool = False) -> None:
        """Record a call and have it rung. Raises CarrierError.

        `alone`: not while its number is on the phone with us. Raises RequestError.
        """
        if not alone:
            await self.records.add(call)
        elif not await self.records.add_alone(call):
            why = "Not called. The number is on the phone with us."
            raise RequestError(why, code="INVALID_STATE")
        try:
            await self.ring(call, order)
        except CarrierError as error:
            if error.is_busy:
                await self.over(call, "failed", why=str(error))
            if error.leaves_doubt:
                told = f"{error}. It may ring all the same"
                raise CarrierError(told, trouble=error.trouble, code=error.code) from error
            raise

    async def ring(self, call: PhoneCall, order: Order) -> None:
        """Have a call rung that is recorded already. Raises CarrierError.

        Left as it is where the carrier had no time for it, as it may be tried again, and where it
        may ring all the same: the carrier is asked about it later.
        """
        try:
            leg = await self.carrier.place(order)
        except CarrierError as error:
            self._log.warning("call_not_placed", call_id=call.call_id, why=str(error))
            if error.trouble == "fatal" or call.for_call:  # no caller waits for a dial in doubt
                status = "invalid" if error.wrong_number else "failed"
                await self.over(call, status, why=str(error))
            raise
        call.sid = leg.sid
        end_asked = await self.records.placed(call.call_id, leg.sid, self.now())
        self._log.info("call_placed", call_id=call.call_id, agent=call.agent)
        if end_asked:  # while nobody knew what it is called
            await self.let_go(call)

    async def inquire(self, call_id: str) -> None:
        """Ask the carrier how a call stands of which its callbacks say nothing.

        Raises CarrierError.
        """
        call = await self.records.by_id(call_id)
        if call is None or call.sid is None or call.worker:
            return
        leg = None if call.ended_at else await self.carrier.look(call.sid)
        if leg is None or leg.status in OVER:
            await self.over(call, leg.status if leg else call.status)
        else:
            await self.records.news(call_id, leg.status, behind(leg.status), self.now())

    async def find_again(self, call: PhoneCall) -> Leg | None:
        """Ask the carrier about a dial that is in doubt, and take its name for it down.

        Where the carrier knows of none the call is over, and whether it rang nobody can say: it is
        never made again. Raises CarrierError.
        """
        legs = await self.carrier.find(call.their_number, call.our_number, call.placed_at)
        new = await self.records.strangers(leg.sid for leg in legs)
        leg = next((leg for leg in legs if leg.sid in new), None)
        if leg is None:
            self._log.warning("dial_unknown", call_id=call.call_id)
            await self.over(call, "unknown", unnamed=True)
            return None
        self._log.info("dial_found", call_id=call.call_id, status=leg.status)
        call.sid = leg.sid
        await self.records.change(call.call_id, sid=leg.sid, news_at=self.now())
        if leg.status in OVER:
            await self.over(call, leg.status)
        return leg

    async def let_go(self, call: PhoneCall) -> None:
        """Hang up a leg that is not over; where that fails, the sweep asks about it."""
        if call.ended_at is not None or call.sid is None:
            return
        try:
            await self.carrier.hang_up(call.sid)
        except CarrierError as error:
            self._log.warning("leg_in_doubt", call_id=call.call_id, why=str(error))

    async def told(self, call: PhoneCall, status: str, sequence: int, why: str = "") -> None:
        """The carrier reports on a leg; `why` it has failed."""
        if status in OVER:
            await self.over(call, status, sequence=sequence, why=why)
        else:
            await self.records.news(call.call_id, status, behind(status), self.now(), sequence)

    async def greeted(self, call_id: str, after_s: float | None) -> None:
        """Keep how long they waited for our voice, should this process not settle the call."""
        try:
            await self.records.change(call_id, greeted_after_s=after_s)
        except RecordsError as error:  # then the call may count as abandoned, which is safe
            self._log.warning("records_not_written", call_id=call_id, why=str(error))

    async def over(
        self,
        call: PhoneCall,
        status: str,
        *,
        sequence: int = 0,
        why: str = "",
        unnamed: bool = False,
    ) -> None:
        """The leg is gone; the call's process settles it, or, where there is none, this one.

        `unnamed`: nothing happens once the carrier has told its name for it.
        """
        now = self.now()
        ended = {"status": status, "sequence": sequence, "ended_at": now, "news_at": now}
        first = await self.records.end(call.call_id, unnamed=unnamed, **ended)
        if unnamed and not first:
            return
        left = await self.records.by_id(call.call_id)  # a stream may just have joined it
        if left is None:
            return
        if not left.worker:
            await self.settle(left, None, why)
        if first and self.on_over is not None:
            await self.on_over(left)

    async def ended(self, call: PhoneCall, talked: Talked, *, hang_up: bool) -> None:
        """The talk is over: end the leg, await the word for it, write down the outcome."""
        kept = False
        for wait_s in (0.0, *self._again_s):
            await asyncio.sleep(wait_s)
            try:
                await self.end(call, talked, hang_up=hang_up)
            except RecordsError as error:
                self._log.warning("records_not_read", call_id=call.call_id, why=str(error))
                # What was said is known here alone.
                kept = kept or await self._on_disk(call, self.unsettled.keep, Left(call, talked))
            else:
                if kept:
                    await self._on_disk(call, self.unsettled.forget, call.call_id)
                return

    async def _on_disk(self, call: PhoneCall, do: Callable[[T], None], what: T) -> bool:
        """Whether it is done; a disk may be slow, and this process carries other calls."""
        try:
            await asyncio.to_thread(do, what)
        except OSError as error:
            self._log.error("outcome_not_written", call_id=call.call_id, why=error.strerror)
            return False
        return True

    async def end(self, call: PhoneCall, talked: Talked, *, hang_up: bool) -> None:
        """The same where the records are there. Raises RecordsError."""
        left = await self.records.by_id(call.call_id)
        if left is not None and left.handed_over:
            await self.settle(left, talked)
            return
        sid = call.sid or ""
        try:
            if hang_up:
                await self.carrier.hang_up(sid)
            if not await self._is_gone(call.call_id):
                leg = await self.carrier.look(sid)
                if leg is not None and leg.status not in OVER:
                    await self.carrier.hang_up(sid)
                else:
                    await self.over(call, leg.status if leg else "completed")
        except CarrierError as error:  # the sweep asks again
            self._log.warning("leg_in_doubt", call_id=call.call_id, why=str(error))
        now_known = await self.records.by_id(call.call_id)
        if now_known is not None:
            now_known.ended_at = now_known.ended_at or self.now()
            await self.settle(now_known, talked)

    async def _is_gone(self, call_id: str) -> bool:
        """Whether its end is on record in time, and as long as one look takes.

        A look is never broken off: SQLAlchemy gives up a connection whose query is, and opens
        another, just when there is much to do.
        """
        clock = asyncio.get_running_loop().time
        until = clock() + limits.CONFIRM_HANG_UP_S
        while True:
            call = await self.records.by_id(call_id)
            if call is None or call.ended_at is not None:
                return True
            if clock() > until:
                return False
            await asyncio.sleep(_LOOK_EVERY_S)

    async def settle(self, call: PhoneCall, talked: Talked | None, why: str = "") -> None:
        """Write down what came of a call, once. Raises RecordsError."""
        outcome = outcome_of(call, talked, why)
        line = msgspec.json.encode(outcome)
        wanted = wish(call, self.now()) if talked and talked.opted_out_s is not None else None
        if not await self.records.settle(call.call_id, line.decode(), wanted):
            return
        self._log.info("call_settled", call_id=call.call_id, outcome=outcome.outcome)
        try:
            append(self._folder, line)
        except OSError as error:
            self._log.error("outcome_not_written", call_id=call.call_id, why=error.strerror)

    async def withdraw(self, worker: str) -> None:
        """No process is left to answer: no call that this one has placed may be left ringing."""
        try:
            live = await self.records.live()
        except RecordsError as error:
            self._log.warning("records_not_read", why=str(error))
            return
        ringing = [one for one in live if one.placed_by == worker and not one.worker]
        left = (self.let_go(call) for call in ringing if not call.handed_over)
        await asyncio.gather(*left)  # at once: who stops the process waits for some seconds only
