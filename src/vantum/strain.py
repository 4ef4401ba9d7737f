"""Whether this process keeps up with its calls, by how late its event loop wakes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

EVERY_S: Final = 0.1  # between two looks
LOOKS: Final = 20
# Sound is sent 0.2 s ahead, so that a wake-up this late is not heard yet. One long moment is no
# strain: what comes late at most looks of two seconds is.
LATE_S: Final = 0.05
TOO_MANY: Final = 18  # looks that were late: from then on no call is added
FEW: Final = 5  # from then on they are again


class Strain:
    """How late the loop was of late."""

    def __init__(self, observe: Callable[[float], object]) -> None:
        """`observe` is told each lag, in seconds."""
        self._observe = observe
        self._late: deque[bool] = deque(maxlen=LOOKS)
        self.is_too_much = False

    def note(self, lag_s: float) -> None:
        """The loop woke so late."""
        self._observe(lag_s)
        self._late.append(lag_s > LATE_S)
        late = sum(self._late)
        self.is_too_much = late >= TOO_MANY or (self.is_too_much and late > FEW)

    async def watch(self) -> None:
        """Look for ever; the composition root owns the task."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + EVERY_S
            await asyncio.sleep(EVERY_S)
            self.note(max(0.0, loop.time() - due))
