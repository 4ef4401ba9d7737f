"""What is done with due jobs: beside each other, again where they fail, and not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import pytest
import structlog

from vantum.campaigns.jobs import AT_ONCE, LEAST_S, TOGETHER, Together, Work, work_once
from vantum.dialing.backoff import FIRST_S, TRIES
from vantum.errors import CarrierError
from vantum.store.database import Database
from vantum.store.jobs import LEASE_S, Job, Jobs, add

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000.0


@dataclass
class Bench:
    """One process, its clock, and what it has worked on."""

    database: Database
    now: float = NOW
    seen: list[Job] = field(default_factory=list)

    @property
    def jobs(self) -> Jobs:
        return Jobs(self.database, "one")

    async def plan(self, count: int = 1, kind: str = "finding") -> None:
        async with self.database.writing() as connection:
            for number in range(count):
                await add(connection, kind, f"call-{number}", "", NOW)

    async def works(self, work: Work, deadline_s: float = 5.0) -> int:
        async def noted(job: Job) -> None:
            self.seen.append(job)
            await work(job)

        return await self.round(noted, deadline_s)

    async def work_together(self, work: Callable[[Sequence[Job]], Awaitable[None]]) -> int:
        return await self.round(Together(work), 5.0)

    async def round(self, work: Work | Together, deadline_s: float) -> int:
        return await work_once(
            self.jobs,
            "finding",
            work,
            lambda: self.now,
            dice=lambda: 0.5,
            deadline_s=deadline_s,
        )


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database)


async def well(_: Job) -> None:
    """Nothing goes wrong."""


async def badly(_: Job) -> None:
    raise CarrierError("the vendor is away")


async def unforeseen(_: Job) -> None:
    raise LookupError("secret words")


async def test_each_job_is_done_once(bench: Bench) -> None:
    await bench.plan(30)
    assert await bench.works(well) == 30
    bench.now += 10 * LEASE_S
    assert await bench.works(well) == 0
    assert len({job.subject for job in bench.seen}) == len(bench.seen) == 30


async def test_jobs_that_nobody_has_work_for_stay_due(bench: Bench) -> None:
    await bench.plan(kind="retention")
    await bench.plan()
    assert await bench.works(well) == 1
    bench.now += 30 * 86_400
    assert await bench.works(well) == 0
    [job] = await bench.jobs.claim(bench.now, 10)
    assert (job.kind, job.tries) == ("retention", 1)


async def test_few_are_done_at_once_and_a_slow_one_keeps_nobody_waiting(bench: Bench) -> None:
    await bench.plan(50)
    running, most = 0, 0
    others = asyncio.Event()

    async def work(job: Job) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if job.subject == "call-0":
            await others.wait()
        if len({one.subject for one in bench.seen}) == 50:
            others.set()
        running -= 1

    assert await bench.works(work) == 50
    assert 1 < most <= AT_ONCE


async def test_work_that_is_done_together_is_done_in_as_many_parts_as_it_takes(
    bench: Bench,
) -> None:
    await bench.plan(TOGETHER + 1)
    parts: list[int] = []

    async def work(jobs: Sequence[Job]) -> None:
        parts.append(len(jobs))

    assert await bench.work_together(work) == TOGETHER + 1
    assert parts == [TOGETHER, 1]
    bench.now += 10 * LEASE_S
    assert await bench.work_together(work) == 0


async def test_one_that_fails_takes_none_with_it_that_was_done_together(bench: Bench) -> None:
    await bench.plan(5)
    done: list[str] = []

    async def work(jobs: Sequence[Job]) -> None:
        if any(job.subject == "call-3" for job in jobs):
            raise CarrierError("that one")
        done.extend(job.subject for job in jobs)

    await bench.work_together(work)
    assert sorted(done) == ["call-0", "call-1", "call-2", "call-4"]
    bench.now += 86_400
    [late] = await bench.jobs.claim(bench.now, 10)
    assert (late.subject, late.tries) == ("call-3", 2)


async def test_jobs_are_not_begun_alone_behind_their_lease(bench: Bench) -> None:
    await bench.plan(5)
    alone: list[str] = []

    async def is_slow(jobs: Sequence[Job]) -> None:
        if len(jobs) > 1:
            bench.now += 0.6 * LEASE_S
            raise CarrierError("one of them")
        alone.append(jobs[0].subject)
        assert bench.now < jobs[0].lease_until
        bench.now += 0.2 * LEASE_S

    assert await bench.work_together(is_slow) == 5 + 3 + 1  # two of each claim in time
    assert sorted(alone) == [f"call-{number}" for number in range(5)]
    bench.now += 86_400
    assert not await bench.jobs.claim(bench.now, 10)


async def test_what_is_not_begun_within_its_lease_is_put_back(bench: Bench) -> None:
    await bench.plan()
    # The process stood still between claim and work: once for most of the lease, once beyond it.
    times = iter([NOW, NOW + LEASE_S - LEAST_S + 0.1, NOW, NOW + LEASE_S + 2])
    tries: list[int] = []

    async def work(job: Job) -> None:
        tries.append(job.tries)

    with structlog.testing.capture_logs() as lines:
        await work_once(bench.jobs, "finding", work, lambda: next(times, NOW + 2 * LEASE_S))
    assert [line["event"] for line in lines] == ["jobs_put_back", "jobs_put_back"]
    assert tries == [1]


async def test_who_waited_for_others_that_failed_has_lost_no_try(bench: Bench) -> None:
    await bench.plan(2)

    [first, second] = await bench.jobs.claim(bench.now, 2)
    assert await bench.jobs.put_back([first, second])
    [again] = await bench.jobs.claim(bench.now, 1)
    assert (again.tries, again.epoch) == (first.tries, first.epoch + 1)


@pytest.mark.parametrize(
    ("work", "why"),
    [(badly, "the vendor is away"), (unforeseen, "unexpected: LookupError")],
)
async def test_what_fails_is_tried_again_later_and_given_up_at_last(
    bench: Bench, work: Work, why: str
) -> None:
    await bench.plan()
    assert await bench.works(work) == 1
    bench.now += FIRST_S - 0.1
    assert await bench.works(work) == 0
    bench.now += 0.1
    assert await bench.works(work) == 1
    for _ in range(TRIES):
        bench.now += 3_600
        await bench.works(work)
    assert [job.tries for job in bench.seen] == list(range(1, TRIES + 1))
    [dead] = await bench.jobs.dead("finding")
    assert (dead.tries, dead.error) == (TRIES, why)


async def test_what_nobody_foresaw_is_logged_with_its_traceback_and_stops_nobody_else(
    bench: Bench,
) -> None:
    await bench.plan(3)

    async def work(job: Job) -> None:
        if job.subject == "call-1":
            await unforeseen(job)

    with structlog.testing.capture_logs() as lines:
        assert await bench.works(work) == 3
    [failed] = [line for line in lines if line["event"] == "job_failed"]
    assert failed["exc_info"] is True
    bench.now += LEASE_S
    assert await bench.works(well) == 1
    assert bench.seen[-1].subject == "call-1"


async def test_what_takes_too_long_is_tried_again(bench: Bench) -> None:
    await bench.plan()

    async def hangs(_: Job) -> None:
        await asyncio.Event().wait()

    with structlog.testing.capture_logs() as lines:
        assert await bench.works(hangs, deadline_s=0.05) == 1
    [put_off] = [line for line in lines if line["event"] == "job_put_off"]
    assert put_off["why"] == "took longer than 0.05 s"
    bench.now += FIRST_S
    assert await bench.works(well) == 1


async def test_a_job_that_ends_every_process_is_given_up(bench: Bench) -> None:
    await bench.plan()
    for _ in range(TRIES):
        assert len(await bench.jobs.claim(bench.now, 1)) == 1
        bench.now += LEASE_S + 1
    assert await bench.works(well) == 1
    assert not bench.seen
    [dead] = await bench.jobs.dead("finding")
    assert dead.error == "each of its tries ended with its process"


async def test_who_comes_late_changes_nothing(bench: Bench) -> None:
    await bench.plan()

    async def is_overtaken(_: Job) -> None:
        [job] = await Jobs(bench.database, "another").claim(NOW + LEASE_S + 1, 1)
        assert job.tries == 2

    with structlog.testing.capture_logs() as lines:
        await bench.works(is_overtaken)
    assert "job_lost" in [line["event"] for line in lines]
    bench.now += 2 * LEASE_S + 2
    assert await bench.works(well) == 1  # the other has not said that it is done
