"""The one clock of all simulated telephones: 20 ms, absolute, none left out."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from vantum.limits import FRAME_S

LATE_S: Final = FRAME_S  # behind the clock by more than a frame: what callees measure is not clean


class Ticking(Protocol):
    """Something that lives by the clock."""

    def tick(self) -> None:
        """20 ms have passed."""
        ...


class Ticker:
    """Ticks for everybody who joined; runs until it is cancelled."""

    def __init__(self) -> None:
        self.late = 0  # ticks that came too late
        self._ticked_at = 0.0  # when the newest tick was due
        self._members: dict[Ticking, None] = {}  # ordered, and quick to leave

    def join(self, member: Ticking) -> None:
        """Tick from now on."""
        self._members[member] = None

    def leave(self, member: Ticking) -> None:
        """Tick no more."""
        self._members.pop(member, None)

    def owed(self) -> int:
        """Ticks that should have come by now and have not."""
        if not self._ticked_at:
            return 0
        return max(0, int((asyncio.get_running_loop().time() - self._ticked_at) / FRAME_S))

    async def run(self) -> None:
        """Tick. After a stall the missing ticks follow at once, and sockets are read in between."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += FRAME_S
            behind_s = loop.time() - due
            self.late += bool(self._members) and behind_s > LATE_S
            await asyncio.sleep(max(0.0, -behind_s))
            self._ticked_at = due
            for member in tuple(self._members):
                member.tick()
