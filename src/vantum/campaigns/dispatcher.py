"""How claimed dials are made, and what is asked of the carrier about those in doubt.

Several processes may do this at once: what they must agree on is in the records. A dial that was
made without an answer that says what came of it, or whose process is gone, is never made again: the
carrier is asked about it instead.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final

from vantum.campaigns.turns import Turns
from vantum.dialing.candidate import Decide, DueDial, Wait
from vantum.dialing.pacing import Shares
from vantum.errors import CarrierError, RecordsError
from vantum.store.attempts import Attempts
from vantum.store.claims import HORIZON_S, LEASE_S, Claims, call_of
from vantum.telemetry import Log
from vantum.telephony.legs import Legs
from vantum.telephony.line import Line

BUSY_S: Final = 5.0  # until a dial is tried again that the carrier had no time for
QUIET_S: Final = 20.0  # without a callback; while it rings none is due, and asking costs little
_FRESH_S: Final = 0.2  # a dial that was claimed may be made so soon behind a pause, at worst
_LOOKS: Final = 2  # the second where the first took long: what it has found is old
_AGAIN_S: Final = 1.0  # until records that were away are asked again
_LATE_S: Final = LEASE_S / 3  # a process that was stopped for longer may have been given up


class _Planned:
    """The dials of one process that are claimed and not answered by the carrier yet."""

    def __init__(self, claims: Claims) -> None:
        self._claims = claims
        self._dials: dict[str, DueDial] = {}
        self._called_off: dict[str, str] = {}  # and why
        self._looked_at = 0.0

    def add(self, dial: DueDial) -> None:
        self._dials[dial.candidate.attempt_id] = dial

    def remove(self, dial: DueDial) -> None:
        self._dials.pop(dial.candidate.attempt_id, None)

    async def called_off(self, dial: DueDial) -> str:
        """Why it is not to be made, though it was claimed; "" where it is. Raises RecordsError."""
        for _ in range(_LOOKS):
            now = time.monotonic()
            if now > self._looked_at + _FRESH_S:
                self._called_off = await self._claims.called_off(self._dials.values())
                self._looked_at = now
        return self._called_off.get(dial.candidate.attempt_id, "")


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
        dials_per_s: float,
        ring_s: Callable[[str], int],
        start: Callable[[str, Coroutine[Any, Any, None]], object],
        log: Log,
    ) -> None:
        """`dials_per_s` is the most of all processes together; `start` runs work beside.

        `ring_s` says how long an agent lets it ring, where no rule asks for more.
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
        self._dials_per_s = dials_per_s
        self._turns = Turns(dials_per_s)

    async def dial(self, decide: Decide, shares: Shares) -> int:
        """Claim what may be dialled now, and begin to; how many. Raises RecordsError."""
        began, now = time.monotonic(), self._legs.now()
        if self._turns.are_behind(HORIZON_S):
            return 0  # what was claimed before has to be made first
        dials = await self._claims.take(decide, self._dials_per_s, shares, now)
        for dial in dials:
            self._planned.add(dial)
            made = self._make(dial, decide, began + dial.at - now, began + _LATE_S)
            self._start("dial", made)
        return len(dials)

    async def _make(self, dial: DueDial, decide: Decide, at: float, late_at: float) -> None:
        """Have it rung at that moment of this machine's clock, or put it back."""
        call, asked = call_of(dial, self._boot_id), False
        try:
            await asyncio.sleep(at - time.monotonic())
            if why := await self._turn(dial, decide, late_at):
                await self._put_back(dial, why, 0.0)
                return
            ring_s = max(self._ring_s(call.agent), math.ceil(dial.ring_at_least_s))
            order = self._line.order(call, ring_s)
            asked = True
            try:
                await self._legs.ring(call, order)
            except CarrierError as error:
                if error.is_busy:
                    asked = False
                    await self._put_back(dial, str(error), BUSY_S)
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

    async def _turn(self, dial: DueDial, decide: Decide, late_at: float) -> str:
        """Wait for its turn; why the dial is not to be made, "" where it is."""
        async with self._turns.of(dial) as used:
            why = await self._planned.called_off(dial) or self._too_late(dial, decide, late_at)
            if not why:
                used()
            return why

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
        """Find out about dials that are in doubt; how many. Raises RecordsError."""
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
