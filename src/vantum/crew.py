"""Who works on a call: its tasks by name, and what becomes of one that fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from vantum.nobody import nobody
from vantum.telemetry import Log

Work = Coroutine[Any, Any, None]


class Crew:
    """The tasks of one call, by name."""

    def __init__(self, log: Log, failed: Callable[[str], None]) -> None:
        self.group = asyncio.TaskGroup()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._log = log
        self._failed = failed

    def start(self, name: str, work: Work) -> asyncio.Task[None]:
        """Begin a task, in place of the one that has its name."""
        self.cancel(name)
        task = self.group.create_task(self._guard(name, work), name=name)
        self._tasks[name] = task
        task.add_done_callback(lambda done: self._forget(name, done, work))
        return task

    def cancel(self, name: str) -> None:
        """Stop one task, if it runs."""
        task = self._tasks.pop(name, None)
        if task is not None:
            task.cancel()

    def dismiss(self) -> None:
        """Stop all tasks; nobody is told of any more."""
        for name in tuple(self._tasks):
            self.cancel(name)
        self._failed = nobody

    def _forget(self, name: str, task: asyncio.Task[None], work: Work) -> None:
        work.close()  # a task cancelled before its first step has not touched it
        if self._tasks.get(name) is task:
            del self._tasks[name]

    async def _guard(self, name: str, work: Work) -> None:
        """A defect in one task must not silence the call without a word in the log."""
        try:
            await work
        except Exception as error:
            self._log.error("task_failed", task=name, exc_info=error)
            if self._tasks.get(name) is asyncio.current_task():  # else it was told to stop
                self._failed(name)
