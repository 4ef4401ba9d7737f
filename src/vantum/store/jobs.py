"""What is still to be done after a call, by whom, and what has failed: one row a job.

A job is performed at least once: whoever takes one has it for a lease, and its epoch guards each
later write of theirs. What a job is for decides whether there is one: kind and subject.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import Row, bindparam, delete, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from vantum import limits
from vantum.store.database import Database, or_nothing
from vantum.store.schema import JOBS

LEASE_S: Final = 60.0  # longer than any job may take: `limits.JOB_S`
ERROR_CHARS: Final = 500
_NAMES: Final = uuid.UUID("6f1b8f0e-9d0a-4c57-8e0c-5b6f3c8f6a10")  # ours alone, chosen once
_OPEN: Final = text("state IN ('due', 'running')")  # as the index has it: SQLite compares words
_DUE: Final = (  # asked often: to put a statement together costs more than the answer
    select(JOBS)
    .where(_OPEN, JOBS.c.due_at <= bindparam("now"))
    .where((JOBS.c.state == "due") | (JOBS.c.lease_until < bindparam("now")))
    .where(JOBS.c.lane.not_in(bindparam("full", expanding=True)))
    .order_by(JOBS.c.due_at)
    .limit(bindparam("most"))
)
_DUE_OF: Final = _DUE.where(JOBS.c.kind == bindparam("kind"))


class Job(Struct, frozen=True):
    """One job, as it was taken."""

    job_id: str
    kind: str
    subject: str
    details: str
    tries: int  # with this one
    epoch: int
    lease_until: float
    lane: str = ""


class Failed(Struct, frozen=True):
    """A job that is not tried any more."""

    job_id: str
    kind: str
    subject: str
    due_at: float  # the latest try
    tries: int
    error: str


async def add(
    connection: AsyncConnection,
    kind: str,
    subject: str,
    details: str,
    due_at: float,
    *,
    lane: str = "",
) -> None:
    """Plan a job within the caller's transaction; one of this kind and subject stays as it is."""
    row = {
        "job_id": named(kind, subject),
        "kind": kind,
        "subject": subject,
        "lane": lane,
        "details": details,
        "created_at": due_at,
        "state": "due",
        "due_at": due_at,
        "owner": "",
        "lease_until": None,
        "epoch": 0,
        "tries": 0,
        "error": "",
    }
    await connection.execute(or_nothing(connection, JOBS).values(row))


def named(*words: str) -> str:
    """An id that follows from what it is for: the same words, the same id."""
    return str(uuid.uuid5(_NAMES, "\n".join(words)))


class Jobs:
    """All jobs, as one process works on them. Every method raises RecordsError."""

    def __init__(self, database: Database, boot_id: str) -> None:
        self._database = database
        self._boot_id = boot_id

    async def claim(
        self, now: float, most: int, kind: str | None = None, running: Iterable[Job] = ()
    ) -> list[Job]:
        """Take so many of what is due, of this kind or of all, the longest due first.

        Also what another process took and has had for longer than its lease. Of one lane, with
        what is `running` here, no more than `limits.LANE_AT_ONCE`.
        """
        due, busy = (_DUE if kind is None else _DUE_OF), Counter(job.lane for job in running)
        asked: dict[str, object] = {"now": now, "kind": kind}
        async with self._database.reading() as connection:  # which is free, and often all
            one = asked | {"most": 1, "full": _full(busy)}
            if not (await connection.execute(due, one)).first():
                return []
        jobs: list[Job] = []
        async with self._database.writing() as connection:
            free = due.with_for_update(skip_locked=True)
            while len(jobs) < most:
                some = asked | {"most": most - len(jobs), "full": _full(busy)}
                rows = (await connection.execute(free, some)).all()
                taken = [_taken(row, now + LEASE_S) for row in rows if _has_room(row.lane, busy)]
                await self._take(connection, taken, now)
                jobs += taken
                if len(taken) == len(rows):
                    break
        return jobs

    async def _take(self, connection: AsyncConnection, jobs: Iterable[Job], now: float) -> None:
        values = {"state": "running", "owner": self._boot_id, "lease_until": now + LEASE_S}
        counts = [{"of": job.job_id, "tries": job.tries, "epoch": job.epoch} for job in jobs]
        if counts:
            ours = update(JOBS).where(JOBS.c.job_id == bindparam("of"))
            await connection.execute(ours, [values | count for count in counts])

    async def done(self, jobs: Sequence[Job], now: float) -> bool:
        """They are done; False where one was another's meanwhile."""
        return await self._write(jobs, state="done", due_at=now, error="")

    async def failed(self, job: Job, error: str, again_at: float | None, now: float) -> bool:
        """It has failed and is tried again at that moment, or never; False as above.

        `error` is kept for the operator: no words of a call.
        """
        state = "dead" if again_at is None else "due"
        at = now if again_at is None else again_at
        return await self._write([job], state=state, due_at=at, error=error[:ERROR_CHARS])

    async def put_back(self, jobs: Sequence[Job]) -> bool:
        """They were not tried, or not one by one: this try does not count; False as above."""
        return await self._write(jobs, state="due", tries=JOBS.c.tries - 1)

    async def _write(self, jobs: Sequence[Job], **values: object) -> bool:
        taken = [(job.job_id, job.epoch) for job in jobs]
        ours = (JOBS.c.owner == self._boot_id) & (JOBS.c.state == "running")
        ours &= tuple_(JOBS.c.job_id, JOBS.c.epoch).in_(taken)
        async with self._database.writing() as connection:
            written = await connection.execute(
                update(JOBS).where(ours).values(lease_until=None, **values)
            )
            return bool(written.rowcount == len(taken))

    async def dead(self, kind: str, most: int = 1_000) -> list[Failed]:
        """Jobs of this kind that are not tried any more, the latest first."""
        query = select(*(JOBS.c[name] for name in Failed.__struct_fields__))
        query = query.where(JOBS.c.state == "dead", JOBS.c.kind == kind)
        query = query.order_by(JOBS.c.due_at.desc()).limit(most)
        async with self._database.reading() as connection:
            return [Failed(*row) for row in (await connection.execute(query)).all()]

    async def again(self, job_id: str, now: float) -> bool:
        """Try one of these anew; False where it is none of them."""
        this = (JOBS.c.job_id == job_id) & (JOBS.c.state == "dead")
        async with self._database.writing() as connection:
            anew = update(JOBS).where(this).values(state="due", due_at=now, tries=0)
            return bool((await connection.execute(anew)).rowcount)

    async def tidy(self, before: float) -> int:
        """Forget jobs that were done before; how many."""
        old = (JOBS.c.state == "done") & (JOBS.c.due_at < before)
        async with self._database.writing() as connection:
            return int((await connection.execute(delete(JOBS).where(old))).rowcount)


def _full(busy: Counter[str]) -> list[str]:
    return [lane for lane, count in busy.items() if lane and count >= limits.LANE_AT_ONCE]


def _has_room(lane: str, busy: Counter[str]) -> bool:
    """Whether one more of it may be done; then it is counted."""
    if lane and busy[lane] >= limits.LANE_AT_ONCE:
        return False
    busy[lane] += 1
    return True


def _taken(row: Row[Any], until: float) -> Job:
    tries, epoch = row.tries + 1, row.epoch + 1
    return Job(row.job_id, row.kind, row.subject, row.details, tries, epoch, until, row.lane)
