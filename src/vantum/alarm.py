"""Deadlines that move with each of many sounds or words, at the price of one timer for all.

asyncio.timeout makes and drops a timer for each wait and asks three times which loop runs, which is
a system call before Python 3.12: with what wakes them, a tenth of the samples of 40 calls. And to
wait for each frame so costs as much again as to wait: 3.6 µs of 7.0, fifty times a second a call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from vantum.nobody import nobody

CLOCK_S: Final = 0.001  # uvloop's goes by whole milliseconds: what is due within one, is due

Found = TypeVar("Found")


class Alarm:
    """Rings when it was not put off in time. Its timer runs on and looks when it is through."""

    def __init__(self, ring: Callable[[], object]) -> None:
        self._ring = ring
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._due_at: float | None = None

    def set(self, delay_s: float) -> None:
        """Ring in so long, in place of the time before.

        Not at once: what is due within half a millisecond is no timer of uvloop's.
        """
        self._due_at = due_at = self._loop.time() + max(delay_s, CLOCK_S)
        if self._timer is None:
            self._timer = self._loop.call_at(due_at, self._look)
        elif due_at < self._timer.when():
            self._timer.cancel()
            self._timer = self._loop.call_at(due_at, self._look)

    def rest(self) -> None:
        """Do not ring."""
        self._due_at = None

    def close(self) -> None:
        """It is not needed any more, and holds nobody: who owns it would wait for the collector."""
        self._due_at, self._ring = None, nobody
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._due_at is None:
            return
        if self._due_at - self._loop.time() >= CLOCK_S:
            self._timer = self._loop.call_at(self._due_at, self._look)
        else:  # behind whoever was woken already, and may put it off
            self._loop.call_soon(self._end, self._due_at)

    def _end(self, due_at: float) -> None:
        if self._due_at == due_at:
            self._due_at = None
            self._ring()


class Patience:
    """One wait after another, each of which may take only so long."""

    def __init__(self) -> None:
        self._alarm: Alarm | None = None  # while there is anything to wait for
        self._task: asyncio.Task[object] | None = None  # that waits
        self._ended = False
        self._loop = asyncio.get_running_loop()

    async def within(self, delay_s: float, what: Awaitable[Found]) -> Found:
        """What comes of it. Raises TimeoutError, and is cancelled, as asyncio.timeout is."""
        self._task = task = asyncio.current_task(self._loop)
        assert task is not None, "coroutines wait in tasks"
        before = task.cancelling()
        if self._alarm is None:
            self._alarm = Alarm(self.hurry)
        alarm = self._alarm
        alarm.set(delay_s)
        try:
            return await what
        except asyncio.CancelledError:
            ended, self._ended = self._ended, False
            if ended and task.uncancel() <= before:
                raise TimeoutError from None
            raise
        finally:
            alarm.rest()
            self._task = None
            if self._ended:  # too late: it came in the same moment
                self._ended = False
                task.uncancel()
            del task  # a task that was cancelled holds this frame

    async def until(self, due_s: float, what: Awaitable[Found]) -> Found:
        """The same, up to a time of the loop's clock."""
        return await self.within(due_s - self._loop.time(), what)

    def hurry(self) -> None:
        """The wait that is under way, if one is, is over."""
        if self._task is not None and not self._ended:
            self._ended = True
            self._task.cancel()

    def close(self) -> None:
        """There is no more to wait for."""
        if self._alarm is not None:
            self._alarm.close()
            self._alarm = None
