"""What runs beside the calls for as long as the process does, and how it ends with it."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

from vantum.errors import RecordsError
from vantum.telemetry import Log

_NEW_OBJECTS: Final = 10_000  # between two looks at them, each of a millisecond; 700 by default
_AWAY_S: Final = 1.0  # a database that is away is asked again


def keep_what_is_there() -> None:
    """Have the collector never look again at what a process has loaded: before it serves, mostly.

    To look through 130,000 objects takes 70 ms (measured), in which nobody is heard or dialled. And
    it looks for new rubbish less often: there is little, and that took a twentieth of 40 calls.
    """
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, *gc.get_threshold()[1:])


async def every(period_s: float, work: Callable[[], Awaitable[object]], log: Log) -> None:
    """Do this again and again; a database that is away is waited for."""
    while True:
        began = time.monotonic()
        try:
            await work()
        except RecordsError as error:
            log.warning("records_not_read", why=str(error))
            await asyncio.sleep(_AWAY_S)
        except Exception:  # a task root: one bad row must not end all that this loop is for
            log.exception("round_failed")
            await asyncio.sleep(_AWAY_S)
        await asyncio.sleep(max(0.0, began + period_s - time.monotonic()))


class HouseUpkeep:
    """Owns the tasks and closings that providers register while it is open."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._group: asyncio.TaskGroup | None = None
        self._closing = AsyncExitStack()
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Between start and end of the process."""
        async with self._closing, asyncio.TaskGroup() as self._group:
            yield
            for task in tuple(self._tasks):
                task.cancel()

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` beside the calls; a failure is logged and ends it alone."""
        if self._group is None:
            raise RuntimeError(f"{name} was started before the process was up")
        task = self._group.create_task(self._guard(name, work), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # A task cancelled before its first step has not touched it.
        task.add_done_callback(lambda _: work.close())
        return task

    def at_end(self, close: Callable[[], Awaitable[None]]) -> None:
        """Have `close` awaited when the process ends."""
        self._closing.push_async_callback(close)

    async def _guard(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - a task root: its failure must not end the calls
            self._log.error("task_failed", task=name, exc_info=error)
