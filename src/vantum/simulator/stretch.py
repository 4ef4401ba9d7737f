"""How a stretch of work is ended from outside, without a task of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class Stretch:
    """One stretch at a time; one that is ended before it begins comes no further than one step."""

    def __init__(self) -> None:
        self._bell: asyncio.Timeout | None = None
        self._ended = False

    async def run(self, work: Awaitable[T]) -> T | None:
        """Do the work; None when it was ended before its own end."""
        bell = asyncio.timeout(0.0 if self._ended else None)
        self._ended = False
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
        """End the running stretch after so long."""
        if self._bell is not None and not self._bell.expired():
            self._bell.reschedule(asyncio.get_running_loop().time() + seconds)

    def end(self) -> None:
        """End it now, or at its beginning."""
        self._ended = self._bell is None
        self.limit(0.0)
