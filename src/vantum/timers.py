"""When the timers of one call fire."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import ceil

from vantum.conversation.events import Timer
from vantum.nobody import nobody


class Timers:
    """Timers by name on the running loop's clock; `fire` is called with the name of each."""

    def __init__(self, fire: Callable[[Timer], None]) -> None:
        self._fire = fire
        self._loop = asyncio.get_running_loop()  # to ask which one costs a system call
        self.now = self._loop.time
        self._running: dict[Timer, asyncio.TimerHandle] = {}

    def set(self, name: Timer, at: float) -> None:
        """Fire at clock time `at`, in place of the timer that has this name."""
        self.cancel(name)
        # uvloop counts whole milliseconds: woken before its time, a timer is only set again, some
        # twenty times until the next one (measured).
        at = ceil(at * 1_000) / 1_000
        self._running[name] = self._loop.call_at(at, self._due, name)

    def cancel(self, name: Timer) -> None:
        """Forget the timer, if it runs."""
        timer = self._running.pop(name, None)
        if timer is not None:
            timer.cancel()

    def close(self) -> None:
        """Forget all timers, and whom to tell."""
        for name in tuple(self._running):
            self.cancel(name)
        self._fire = nobody

    def _due(self, name: Timer) -> None:
        self._running.pop(name, None)
        self._fire(name)
