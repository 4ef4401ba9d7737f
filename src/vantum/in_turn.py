"""Where and in which order the events of a call are decided: where they occur, one by one.

A task of the call's own, woken for each, took a tenth of the CPU of a call: a sound of the voice
woke four tasks on its way, and wakes one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from vantum.nobody import nobody

Event = TypeVar("Event")


class InTurn(Generic[Event]):
    """Gives each event to `take`, which waits for nothing and says whether there are to be more."""

    def __init__(self, take: Callable[[Event], bool]) -> None:
        self._take: Callable[[Event], object] = take
        # What the event that is being decided has brought about, so it needs no number.
        self._next: deque[Event] = deque()
        self._busy = True  # not before `run`
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._defect: Exception | None = None

    def put(self, event: Event) -> None:
        """Have it decided now, or as soon as those before it are; past the end, never."""
        if self._over.done():
            return
        self._next.append(event)
        if not self._busy:
            self._decide()

    async def run(self, first: Event) -> None:
        """From the first to the last. Raises what `take` raises, and what puts an event does not.

        That one may be the clock of all calls.
        """
        try:
            self._next.appendleft(first)
            self._decide()
            await self._over
            if self._defect is not None:
                raise self._defect
        finally:
            self._over.cancel()
            self._defect = None  # it holds this frame from now on
            self._take = nobody

    def _decide(self) -> None:
        self._busy = True
        try:
            while self._next:
                if not self._take(self._next.popleft()):
                    self._over.set_result(None)
                    return
        except Exception as error:
            self._defect = error
            self._over.set_result(None)
        finally:
            self._busy = False
