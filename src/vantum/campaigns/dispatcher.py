"""How claimed dials are made, and what is asked of the carrier about those of a dead process.

Several processes may do this at once: what they must agree on is in the records. A dial that was
made without its answer being known is never made again; the carrier is asked about it instead.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final

from vantum.dialing.candidate import Decide, DueDial, Wait
from vantum.dialing.pacing import Shares
from vantum.errors import CarrierError, RecordsError
from vantum.store.attempts import Attempts
from vantum.store.claims import LEASE_S, Claims, call_of
from vantum.telemetry import Log
from vantum.telephony.legs import Legs
from vantum.telephony.line import Line

THROTTLED_S: Final = 5.0  # until a dial is tried again that the carrier had no time for
QUIET_S: Final = 20.0  # without a callback; while it rings none is due, and asking costs little
_FRESH_S: Final = 0.2  # a dial that was claimed may be made so soon behind a pause, at worst
_CATCH_UP: Final = 0.99  # of the time between two dials, behind one that was late
_SLACK: Final = 0.1  # of that time: a look at the records, and the loop's own delay
_AGAIN_S: Final = 1.0  # until records that were away are asked again
_LATE_S: Final = LEASE_S / 3  # a process that was stopped for longer may have been given up


class _Planned:
    """The dials of one process that are claimed and not answered by the carrier yet."""

    def __init__(self, claims: Claims) -> None:
        self._claims = claims
        self._dials: dict[str, DueDial] = {}
        self._ats: dict[str, float] = {}  # moments of this machine's clock
        self._called_off: dict[str, str] = {}  # and why
        self._looked_at = 0.0

    def add(self, dial: DueDial, at: float) -> None:
        self._dials[dial.candidate.attempt_id] = dial
        self._ats[dial.candidate.attempt_id] = at

    def remove(self, dial: DueDial) -> None:
        self._dials.pop(dial.candidate.attempt_id, None)
        self._ats.pop(dial.candidate.attempt_id, None)

    def is_behind(self, now: float) -> bool:
        """One should have been made a while ago."""
        return min(self._ats.values(), default=now) < now - _FRESH_S

    async def called_off(self, dial: DueDial) -> str:
        """Why it is not to be made, though it was claimed; "" where it is. Raises RecordsError."""
        now = time.monotonic()
        if now > self._looked_at + _FRESH_S:
            self._called_off = await self._claims.called_off(self._dials.values())
            self._looked_at = now
        return self._called_off.get(dial.candidate.attempt_id, "")


class _Lane:
    """Whatever is made in it is made one behind another, also behind a busy moment."""

    def __init__(self, apart_s: float) -> None:
        self.turn = asyncio.Lock()
        self._apart_s = apart_s
        self._free_at = 0.0
        self._at = 0.0

    async def wait(self) -> None:
        """Until the next may be made."""
        self._at = max(self._free_at, time.monotonic())
        await asyncio.sleep(self._at - time.monotonic())

    def used(self) -> None:
        """It is made: a little late does not put off the next, or all would be ever later."""
        made_at = max(self._at, time.monotonic() - _SLACK * self._apart_s)
        self._free_at = made_at + _CATCH_UP * self._apart_s


class Dispatcher:
    """Makes the dials that one process has claimed."""

    def __init__(
        self,
        claims: Claims,
        attempts: Attempts,
        legs: Legs,
        line: Line,
        *,
        boot_id: str,
        ring_s: Callable[[str], int],
        start: Callable[[str, Coroutine[Any, Any, None]], object],
        log: Log,
    ) -> None:
        """`ring_s` says how long an agent lets it ring, where no rule asks for more.

        `start` runs work beside.
        """
        self._claims = claims
        self._attempts = attempts
        self._legs = legs
        self._line = line
        self._boot_id = boot_id
        self._ring_s = ring_s
        self._start = start
        self._log = log
        self._planned = _Planned(claims)
        self._lanes: dict[str, _Lane] = {}  # one for each campaign, and one for all

    async def dial(self, decide: Decide, dials_per_s: float, shares: Shares) -> int:
        """Claim what may be dialled now, and begin to; how many. Raises RecordsError."""
        began, now = time.monotonic(), self._legs.now()
        if self._planned.is_behind(began):
            return 0  # what was claimed before has to be made first
        dials = await self._claims.take(decide, dials_per_s, shares, now)
        for dial in dials:
            at = began + dial.at - now
            self._planned.add(dial, at)
            made = self._make(dial, decide, at, began + _LATE_S, dials_per_s)
            self._start("dial", made)
        return len(dials)

    async def _make(
        self, dial: DueDial, decide: Decide, at: float, late_at: float, dials_per_s: float
    ) -> None:
        """Have it rung at that moment of this machine's clock, or put it back."""
        call, asked = call_of(dial, self._boot_id), False
        try:
            await asyncio.sleep(at - time.monotonic())
            why = await self._turn(dial, dials_per_s) or self._too_late(dial, decide, late_at)
            if why:
                await self._put_back(dial, why, 0.0)
                return
            ring_s = max(self._ring_s(call.agent), math.ceil(dial.ring_at_least_s))
            order = self._line.order(call, ring_s)
            asked = True
            try:
                await self._legs.ring(call, order)
            except CarrierError as error:
                if error.trouble == "throttled":
                    asked = False
                    await self._put_back(dial, str(error), THROTTLED_S)
        except asyncio.CancelledError:
            if not asked:  # else the next process asks what became of it
                await self._put_back(dial, "The worker was stopped.", 0.0)
            raise
        except RecordsError as error:
            self._log.warning("records_not_read", call_id=call.call_id, why=str(error))
            if not asked:  # else its lease runs out, and then the carrier is asked
                await self._put_back_at_last(dial, late_at + _LATE_S)
        finally:
            self._planned.remove(dial)

    async def _turn(self, dial: DueDial, dials_per_s: float) -> str:
        """Wait for one's turn; why the dial is called off, "" where it is not.

        That of the campaign is waited for first: a slow one holds up no other.
        """
        own = self._lane(dial.candidate.campaign_id, dial.candidate.plan.calls_per_s)
        all_of_us = self._lane("", dials_per_s)
        async with own.turn:
            await own.wait()
            async with all_of_us.turn:
                why = await self._planned.called_off(dial)
                await all_of_us.wait()
                all_of_us.used()
                own.used()
                return why

    def _lane(self, of: str, dials_per_s: float) -> _Lane:
        return self._lanes.setdefault(of, _Lane(1 / dials_per_s))

    def _too_late(self, dial: DueDial, decide: Decide, late_at: float) -> str:
        """Why it is not to be made, being late: "" where it may be, or is in time."""
        if time.monotonic() > late_at:
            return "The worker was stopped for a while."
        now = self._legs.now()
        if now > dial.at + _FRESH_S and isinstance(wait := decide(dial.candidate, now), Wait):
            return wait.reason  # its hour has passed
        return ""

    async def _put_back_at_last(self, dial: DueDial, until: float) -> None:
        """Within its lease, once the records are there again: it was certainly not made."""
        while time.monotonic() < until:
            await asyncio.sleep(_AGAIN_S)
            try:
                await self._put_back(dial, "The records were away.", 0.0)
            except RecordsError as error:
                self._log.warning(
                    "records_not_read", call_id=dial.candidate.attempt_id, why=str(error)
                )
            else:
                return

    async def _put_back(self, dial: DueDial, why: str, wait_s: float) -> None:
        await self._claims.give_back(dial, self._legs.now() + wait_s, why)
        self._log.info("dial_put_back", call_id=dial.candidate.attempt_id, why=why)

    async def take_over(self) -> int:
        """Find out about dials whose process is gone; how many. Raises RecordsError."""
        late = await self._attempts.expired(self._legs.now())
        for call_id in late:
            try:
                await self._clear_up(call_id)
            except CarrierError as error:  # the lease runs out again
                self._log.warning("dial_in_doubt", call_id=call_id, why=str(error))
        return len(late)

    async def inquire(self) -> None:
        """Ask about calls whose callbacks do not come. Raises RecordsError."""
        for call_id in await self._attempts.quiet(self._legs.now() - QUIET_S):
            try:
                await self._legs.inquire(call_id)
            except CarrierError as error:
                self._log.warning("leg_in_doubt", call_id=call_id, why=str(error))

    async def _clear_up(self, call_id: str) -> None:
        call = await self._legs.records.by_id(call_id)
        if call is not None and call.sid is None and call.ended_at is None:
            await self._legs.find_again(call)
