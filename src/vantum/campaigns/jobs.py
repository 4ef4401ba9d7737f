"""How jobs are worked off: a few at once, each with a deadline, and again where they fail."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
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


class Together(Struct, frozen=True):
    """Work that costs as much for many jobs as for one; where it fails, each is tried alone."""

    do: Callable[[Sequence[Job]], Awaitable[None]]


LEAST_S: Final = 5.0  # of a lease: with less left, a job is not begun
WRITE_S: Final = 1.0  # of a lease, kept to write down what came of a job
AT_ONCE: Final = 8  # of one kind: each waits for somebody else, mostly
TOGETHER: Final = 50
KEPT_S: Final = 7 * 86_400.0  # a job that is done
LOOK_S: Final = 0.5
TIDY_S: Final = 3_600.0


async def work_once(
    jobs: Jobs,
    kind: str,
    work: Work | Together,
    now: Callable[[], float],
    *,
    dice: Callable[[], float] = random.random,
    log: Log | None = None,
    deadline_s: float = limits.JOB_S,
) -> int:
    """Perform what is due of a kind, and what becomes due meanwhile; how many. Raises RecordsError.

    `now` is the clock that all processes share; `dice` gives numbers in [0, 1).
    """
    this = _Round(jobs, kind, work, now, dice, log or server_log(), deadline_s)
    return await this.until_none_is_due()


class _Round(Struct, frozen=True):
    jobs: Jobs
    kind: str
    work: Work | Together
    now: Callable[[], float]
    dice: Callable[[], float]
    log: Log
    deadline_s: float

    async def until_none_is_due(self) -> int:
        size, at_once = (TOGETHER, 1) if isinstance(self.work, Together) else (1, AT_ONCE)
        fresh = await self.jobs.claim(self.now(), size * at_once, self.kind)
        count, running = 0, dict[asyncio.Task[None], list[Job]]()
        async with asyncio.TaskGroup() as group:
            while fresh or running:
                count += len(fresh)
                parts = [fresh[at : at + size] for at in range(0, len(fresh), size)]
                running |= {group.create_task(self._perform(part)): part for part in parts}
                first = asyncio.FIRST_COMPLETED  # one that is slow keeps nobody else waiting
                done, _ = await asyncio.wait(running, timeout=LOOK_S, return_when=first)
                for task in done:
                    del running[task]
                busy = [job for part in running.values() for job in part]
                fresh = await self._more(size * (at_once - len(running)), busy)
        return count

    async def _more(self, most: int, running: Sequence[Job]) -> list[Job]:
        if not most:
            return []
        try:
            return await self.jobs.claim(self.now(), most, self.kind, running)
        except RecordsError as error:  # those that run go on
            self.log.warning("records_not_read", why=str(error))
            return []

    async def _perform(self, jobs: Sequence[Job]) -> None:
        if self._is_late(jobs):
            await self._put_back(jobs)
            return
        error = await self._tried(jobs)
        if error and len(jobs) > 1:
            await self._each(jobs)
            return
        now = self.now()
        done = self._failed(jobs[0], error, now) if error else self.jobs.done(jobs, now)
        await self._record(jobs, done)

    async def _each(self, jobs: Sequence[Job]) -> None:
        """Try each alone while they are ours; the rest is left to whoever claims it next."""
        for place, job in enumerate(jobs):
            if self._is_late([job]):
                await self._put_back(jobs[place:])
                return
            await self._perform([job])

    def _is_late(self, jobs: Sequence[Job]) -> bool:
        return jobs[0].lease_until - self.now() < LEAST_S

    async def _put_back(self, jobs: Sequence[Job]) -> None:
        self.log.info("jobs_put_back", kind=self.kind, of=len(jobs))
        await self._record(jobs, self.jobs.put_back(jobs))

    async def _record(self, jobs: Sequence[Job], writing: Awaitable[bool]) -> None:
        try:
            if not await writing:
                self.log.warning("job_lost", kind=self.kind, job_id=jobs[0].job_id, of=len(jobs))
        except RecordsError as away:  # its lease runs out, and then it is done once more
            self.log.warning("job_not_recorded", kind=self.kind, of=len(jobs), why=str(away))

    async def _tried(self, jobs: Sequence[Job]) -> str:
        """Why they have failed; "" where they have not."""
        if any(job.tries > TRIES for job in jobs):
            return "each of its tries ended with its process"
        within_s = min(self.deadline_s, jobs[0].lease_until - self.now() - WRITE_S)
        try:
            async with asyncio.timeout(within_s):
                if isinstance(self.work, Together):
                    await self.work.do(jobs)
                else:
                    await self.work(jobs[0])
        except TimeoutError:
            return f"took longer than {within_s:.3g} s"
        except VantumError as error:
            return str(error) or type(error).__name__
        except Exception as error:  # a task root: one bad job must not end those beside it
            self.log.exception("job_failed", kind=self.kind, job_id=jobs[0].job_id, of=len(jobs))
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
