"""How a stretch of work is ended from outside, without a task of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class Stretch:
    """One stretch at a time; `end` and `limit` do nothing while none runs."""

    def __init__(self) -> None:
        self._bell: asyncio.Timeout | None = None

    async def run(self, work: Awaitable[T]) -> T | None:
        """Do the work; None when it was ended before its own end."""
        bell = asyncio.timeout(None)
        try:
            async with bell:
                self._bell = bell
                try:
                    return await work
                finally:
                    self._bell = None
        except TimeoutError:
            if not bell.expired():
                raise
            return None

    def limit(self, seconds: float) -> None:
        """End it after so long."""
        if self._bell is not None and not self._bell.expired():
            self._bell.reschedule(asyncio.get_running_loop().time() + seconds)

    def end(self) -> None:
        """End it now."""
        self.limit(0.0)
