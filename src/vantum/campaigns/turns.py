"""How far apart claimed dials are made: what was held up is not all made at once behind it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from vantum.dialing.candidate import DueDial

# Of the time between two dials; with both, no second holds more than its rate and two.
_CATCH_UP: Final = 0.98  # between two that are late
_SLACK: Final = 0.1  # for a look at the records, and the loop's own delay


class _Lane:
    """Whatever is made in it is made one behind another."""

    def __init__(self, per_s: float) -> None:
        self.turn = asyncio.Lock()
        self._apart_s = 1 / per_s
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


class Turns:
    """Those of one process, at the pace of each campaign and of all."""

    def __init__(self, dials_per_s: float) -> None:
        self._all = _Lane(dials_per_s)
        self._came_at = 0.0  # whose turn it is
        self._lanes: dict[str, _Lane] = {}  # one for each campaign

    def are_behind(self, seconds: float) -> bool:
        """Somebody has waited for so long, besides for others of their campaign."""
        return self._all.turn.locked() and self._came_at < time.monotonic() - seconds

    @asynccontextmanager
    async def of(self, dial: DueDial) -> AsyncIterator[Callable[[], None]]:
        """Wait for its turn, which it has inside; it calls what it is given if it is made.

        That of the campaign is waited for first: a slow one holds up no other.
        """
        candidate = dial.candidate
        new = _Lane(candidate.plan.calls_per_s)
        own = self._lanes.setdefault(candidate.campaign_id, new)

        def used() -> None:
            self._all.used()
            own.used()

        async with own.turn:
            await own.wait()
            came_at = time.monotonic()
            async with self._all.turn:
                self._came_at = came_at
                await self._all.wait()
                yield used
