"""How jobs are worked off: a few at once, each with a deadline, and again where they fail."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from msgspec import Struct

from vantum import limits
from vantum.dialing.backoff import TRIES, wait_s
from vantum.errors import RecordsError, VantumError
from vantum.store.jobs import Job, Jobs
from vantum.telemetry import Log, server_log

Work = Callable[[Job], Awaitable[None]]
"""What is done about jobs of one kind. It may be done more than once, so it must bear that.

An error of our tree means that the same may work later; its words are kept, and are none of a call.
"""

AT_ONCE: Final = 8  # of one kind: each waits for somebody else, mostly
KEPT_S: Final = 7 * 86_400.0  # a job that is done
LOOK_S: Final = 0.5
TIDY_S: Final = 3_600.0


async def work_once(
    jobs: Jobs,
    works: Mapping[str, Work],
    now: Callable[[], float],
    *,
    dice: Callable[[], float] = random.random,
    log: Log | None = None,
    deadline_s: float = limits.JOB_S,
) -> int:
    """Perform what is due, and what becomes due meanwhile; how many. Raises RecordsError.

    Jobs of other kinds than those of `works` stay as they are. `now` is the clock that all
    processes share; `dice` gives numbers in [0, 1).
    """
    this = _Round(jobs, works, now, dice, log or server_log(), deadline_s)
    return await this.until_none_is_due()


class _Round(Struct, frozen=True):
    jobs: Jobs
    works: Mapping[str, Work]
    now: Callable[[], float]
    dice: Callable[[], float]
    log: Log
    deadline_s: float

    async def until_none_is_due(self) -> int:
        fresh = await self.jobs.claim(self.now(), AT_ONCE, self.works)
        count, running = 0, set[asyncio.Task[None]]()
        async with asyncio.TaskGroup() as group:
            while fresh or running:
                count += len(fresh)
                running |= {group.create_task(self._perform(job)) for job in fresh}
                first = asyncio.FIRST_COMPLETED  # one that is slow keeps nobody else waiting
                _, running = await asyncio.wait(running, timeout=LOOK_S, return_when=first)
                fresh = await self._more(AT_ONCE - len(running))
        return count

    async def _more(self, most: int) -> list[Job]:
        if not most:
            return []
        try:
            return await self.jobs.claim(self.now(), most, self.works)
        except RecordsError as error:  # those that run go on
            self.log.warning("records_not_read", why=str(error))
            return []

    async def _perform(self, job: Job) -> None:
        error = await self._tried(job)
        now = self.now()
        try:
            if not error:
                kept = await self.jobs.done(job, now)
            else:
                kept = await self._failed(job, error, now)
            if not kept:
                self.log.warning("job_lost", job_id=job.job_id, kind=job.kind)
        except RecordsError as away:  # its lease runs out, and then it is done once more
            self.log.warning("job_not_recorded", job_id=job.job_id, why=str(away))

    async def _tried(self, job: Job) -> str:
        """Why it has failed; "" where it has not."""
        if job.tries > TRIES:
            return "each of its tries ended with its process"
        try:
            async with asyncio.timeout(self.deadline_s):
                await self.works[job.kind](job)
        except TimeoutError:
            return f"took longer than {self.deadline_s:g} s"
        except VantumError as error:
            return str(error) or type(error).__name__
        except Exception as error:  # a task root: one bad job must not end those beside it
            self.log.exception("job_failed", job_id=job.job_id, kind=job.kind)
            return f"unexpected: {type(error).__name__}"  # its words might be those of a call
        return ""

    async def _failed(self, job: Job, error: str, now: float) -> bool:
        wait = wait_s(job.tries, self.dice())
        again_at = None if wait is None else now + wait
        facts = {"job_id": job.job_id, "kind": job.kind, "tries": job.tries, "why": error}
        if again_at is None:
            self.log.error("job_given_up", **facts)
        else:
            self.log.info("job_put_off", wait_s=wait, **facts)
        return await self.jobs.failed(job, error, again_at, now)
