"""In which order waiting speech work is done, and what is dropped when there is too much of it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

WAITING: Final = 128  # at 0.15 s a decode the last one waits 19 s: beyond every deadline already


class Job(Struct, eq=False):
    """One request of one client. `interim` work is for display and worth little."""

    client: int
    id: int
    stream: int = 0
    interim: bool = False
    pcm: bytes = b""
    text: str = ""
    cancelled: bool = False
    sound: Iterator[bytes] | None = None  # speech under way: one chunk is made at each turn


class Jobs:
    """Work for one kind of thread: finals before interims, otherwise first come, first served."""

    def __init__(self, bound: int = WAITING) -> None:
        self._bound = bound
        self._urgent: deque[Job] = deque()
        self._interims: deque[Job] = deque()
        self._running: set[Job] = set()
        self._closed = False
        self._changed = threading.Condition()

    def put(self, job: Job) -> list[Job]:
        """Queue the job; give back those that will not be done: overtaken ones, or itself."""
        with self._changed:
            dropped = [old for old in self._interims if _overtakes(job, old)]
            for old in dropped:
                self._interims.remove(old)
            if len(self._urgent) + len(self._interims) >= self._bound:
                if job.interim or not self._interims:
                    return [*dropped, job]
                dropped.append(self._interims.popleft())
            (self._interims if job.interim else self._urgent).append(job)
            self._changed.notify()
            return dropped

    def take(self) -> Job | None:
        """The next job, waiting for one; None after `close`. To be given back with `done`."""
        with self._changed:
            while not (self._urgent or self._interims or self._closed):
                self._changed.wait()
            if self._closed:
                return None
            job = (self._urgent or self._interims).popleft()
            self._running.add(job)
            return job

    def done(self, job: Job, *, more: bool = False) -> None:
        """A thread is through with the job, or with this part of it: then the others come first."""
        with self._changed:
            self._running.discard(job)
            if more and not job.cancelled:
                self._urgent.append(job)
                self._changed.notify()

    def cancel(self, client: int, request: int | None = None) -> None:
        """Forget a client's request, or all of them."""
        with self._changed:
            for job in [*self._urgent, *self._interims, *self._running]:
                if job.client == client and request in (None, job.id):
                    job.cancelled = True
            self._urgent = deque(job for job in self._urgent if not job.cancelled)
            self._interims = deque(job for job in self._interims if not job.cancelled)

    def close(self) -> None:
        """Wake every thread that waits, for good."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def _overtakes(new: Job, old: Job) -> bool:
    return (new.client, new.stream) == (old.client, old.stream)
