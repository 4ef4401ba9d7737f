"""Jobs are taken by one process at a time, outlive it, and end once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from vantum.store.database import Database
from vantum.store.jobs import ERROR_CHARS, LEASE_S, Job, Jobs, add

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000.0
LATER = NOW + LEASE_S + 1


@pytest.fixture
async def another(database: Database, database_url: str) -> AsyncIterator[Jobs]:
    """As another process has them."""
    opened = Database(database_url)
    yield Jobs(opened, "another")
    await opened.close()


async def plan(database: Database, *subjects: str, kind: str = "finding", at: float = NOW) -> None:
    async with database.writing() as connection:
        for subject in subjects:
            await add(connection, kind, subject, "details", at)


async def taken(jobs: Jobs, now: float = NOW) -> Job:
    [job] = await jobs.claim(now, 10)
    return job


async def test_a_job_is_there_if_its_cause_is(database: Database) -> None:
    with suppress(ZeroDivisionError):
        async with database.writing() as connection:
            await add(connection, "finding", "call-1", "", NOW)
            _ = 1 / 0
    assert not await Jobs(database, "one").claim(NOW, 10)


async def test_a_job_of_a_kind_and_subject_is_planned_once(database: Database) -> None:
    await plan(database, "call-1", "call-1")
    await plan(database, "call-1", kind="receipt")
    jobs = await Jobs(database, "one").claim(NOW, 10)
    assert sorted((job.kind, job.subject, job.details) for job in jobs) == [
        ("finding", "call-1", "details"),
        ("receipt", "call-1", "details"),
    ]
    assert len({job.job_id for job in jobs}) == 2


async def test_what_is_longest_due_is_taken_first_and_what_is_not_due_is_not(
    database: Database,
) -> None:
    for number, at in enumerate((NOW + 1, NOW - 1, NOW, NOW - 2)):
        await plan(database, f"call-{number}", at=at)
    jobs = Jobs(database, "one")
    assert {job.subject for job in await jobs.claim(NOW, 2)} == {"call-3", "call-1"}
    assert [job.subject for job in await jobs.claim(NOW, 10)] == ["call-2"]
    assert not await jobs.claim(NOW, 10)


async def test_jobs_of_other_kinds_stay_as_they_are(database: Database) -> None:
    await plan(database, "call-1", kind="unheard of")
    jobs = Jobs(database, "one")
    assert not await jobs.claim(NOW, 10, "finding")
    assert (await taken(jobs)).tries == 1


async def test_two_processes_that_race_take_different_jobs(
    database: Database, another: Jobs
) -> None:
    subjects = [f"call-{number}" for number in range(40)]
    await plan(database, *subjects)
    one = Jobs(database, "one")
    found: list[Job] = []
    while len(found) < 40:
        both = await asyncio.gather(*(jobs.claim(NOW, 3) for jobs in (one, another) * 3))
        found += [job for jobs in both for job in jobs]
        assert any(both)
    assert sorted(job.subject for job in found) == sorted(subjects)


async def test_a_job_whose_process_is_gone_is_taken_over_when_its_lease_is(
    database: Database, another: Jobs
) -> None:
    await plan(database, "call-1")
    first = await taken(Jobs(database, "one"))
    assert not await another.claim(NOW + LEASE_S, 10)
    second = await taken(another, LATER)
    assert (second.subject, second.tries, second.epoch) == ("call-1", 2, first.epoch + 1)


async def test_a_process_that_comes_late_writes_nothing(database: Database, another: Jobs) -> None:
    await plan(database, "call-1")
    one = Jobs(database, "one")
    late = await taken(one)
    job = await taken(another, LATER)
    assert not await one.done([late], LATER)
    assert not await one.failed(late, "too late", None, LATER)
    assert not await one.dead("finding")
    assert await another.done([job], LATER)
    assert not await another.failed(job, "done already", None, LATER)
    assert not await one.claim(LATER + 1_000, 10)


async def test_a_process_that_took_its_own_job_over_writes_as_the_later_of_the_two(
    database: Database,
) -> None:
    await plan(database, "call-1")
    jobs = Jobs(database, "one")
    late, job = await taken(jobs), await taken(jobs, LATER)
    assert not await jobs.done([late], LATER)
    assert await jobs.done([job], LATER)


async def test_what_has_failed_is_due_again_when_it_was_said_to_be(database: Database) -> None:
    await plan(database, "call-1")
    jobs = Jobs(database, "one")
    assert await jobs.failed(await taken(jobs), "away", NOW + 5, NOW)
    assert not await jobs.claim(NOW + 4, 10)
    assert (await taken(jobs, NOW + 5)).tries == 2


async def test_what_is_given_up_is_kept_with_its_error_until_somebody_wants_it_anew(
    database: Database,
) -> None:
    await plan(database, "call-1")
    jobs = Jobs(database, "one")
    job = await taken(jobs)
    assert await jobs.failed(job, "x" * 1_000, None, NOW)
    assert not await jobs.claim(NOW + 1e6, 10)
    await jobs.tidy(NOW + 1e6)
    [dead] = await jobs.dead("finding")
    assert (dead.job_id, dead.tries, dead.error) == (job.job_id, 1, "x" * ERROR_CHARS)
    assert not await jobs.dead("webhook")
    assert await jobs.again(job.job_id, NOW + 9)
    assert not await jobs.again(job.job_id, NOW + 9)
    again = await taken(jobs, NOW + 9)
    assert (again.tries, again.epoch) == (1, job.epoch + 1)


async def test_only_jobs_that_were_done_before_are_forgotten(database: Database) -> None:
    await plan(database, "call-1", "call-2", "call-3")
    jobs = Jobs(database, "one")
    first, second, _ = await jobs.claim(NOW, 3)
    await jobs.done([first], NOW + 1)
    await jobs.done([second], NOW + 3)
    assert await jobs.tidy(NOW + 2) == 1
    assert await jobs.tidy(NOW + 4) == 1
    assert (await taken(jobs, LATER)).tries == 2


async def test_of_a_lane_few_are_taken_at_once_and_others_in_their_place(
    database: Database,
) -> None:
    async with database.writing() as connection:
        for number in range(6):
            lane = "slow" if number < 4 else "quick"
            await add(connection, "webhook", f"{number}", "", NOW + number, lane=lane)
    await plan(database, "call-1", "call-2", "call-3", at=NOW + 9)
    jobs = Jobs(database, "one")
    taken = await jobs.claim(LATER, 4)
    assert [job.subject for job in taken] == ["0", "1", "4", "5"]
    more = await jobs.claim(LATER, 10, None, taken)
    assert [(job.subject, job.lane) for job in more] == [(f"call-{n}", "") for n in (1, 2, 3)]
    assert not await jobs.claim(LATER, 10, None, [*taken, *more])
    assert [job.subject for job in await jobs.claim(LATER, 10, None, taken[1:])] == ["2"]
