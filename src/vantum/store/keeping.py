"""How what was kept long enough leaves the records, a few hundred rows at a time."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import delete, select, update

from vantum.dialing.receipts import placed_at_ms
from vantum.store.database import Database
from vantum.store.erasing import Blank
from vantum.store.findings import blank as blank_findings
from vantum.store.schema import ATTEMPTS, CALLS, FINDINGS, JOBS, RECEIPTS

_AT_A_TIME = 500


class Kept(Struct, frozen=True):
    """What was kept so far of what is from before a moment. Raises RecordsError."""

    database: Database

    async def blank_transcripts(self, before: float, blank: Blank) -> int:
        """Take the words out of outcomes and findings; of how many calls."""
        old = (CALLS.c.placed_at < before) & CALLS.c.outcome.contains('"transcript":')
        query = select(CALLS.c.call_id, CALLS.c.outcome).where(old).limit(_AT_A_TIME)
        count = 0
        while True:
            async with self.database.writing_a_part() as connection:
                rows = (await connection.execute(query)).all()
                for row in rows:
                    this = update(CALLS).where(CALLS.c.call_id == row.call_id)
                    await connection.execute(this.values(outcome=blank(row.outcome)))
                await blank_findings(connection, [row.call_id for row in rows])
            count += len(rows)
            if len(rows) < _AT_A_TIME:
                return count

    async def forget_calls(self, before: float) -> int:
        """Delete settled calls and their findings, and the numbers of their attempts; how many."""
        old = (CALLS.c.placed_at < before) & (CALLS.c.outcome != "") & CALLS.c.ended_at.is_not(None)
        query = select(CALLS.c.call_id).where(old).limit(_AT_A_TIME)
        count = 0
        while True:
            async with self.database.writing_a_part() as connection:
                ids = list((await connection.execute(query)).scalars())
                theirs = update(ATTEMPTS).where(ATTEMPTS.c.attempt_id.in_(ids))
                await connection.execute(theirs.values(phone="", detail=""))
                await connection.execute(delete(FINDINGS).where(FINDINGS.c.call_id.in_(ids)))
                await connection.execute(delete(CALLS).where(CALLS.c.call_id.in_(ids)))
            count += len(ids)
            if len(ids) < _AT_A_TIME:
                return count

    async def forget_receipts(self, before: float) -> int:
        """Cut the old end off the chain; the hash of the last one that goes stays, for the next."""
        gone, number = 0, 0
        while True:
            query = select(RECEIPTS.c.number, RECEIPTS.c.facts).where(RECEIPTS.c.number > number)
            query = query.order_by(RECEIPTS.c.number).limit(_AT_A_TIME)
            async with self.database.reading() as connection:
                rows = (await connection.execute(query)).all()
            old = 0
            for row in rows:
                if row.facts and placed_at_ms(row.facts) >= before * 1000:
                    break
                old, number, gone = old + 1, row.number, gone + bool(row.facts)
            if old < _AT_A_TIME:
                break
        async with self.database.writing() as connection:
            await connection.execute(delete(RECEIPTS).where(RECEIPTS.c.number < number))
            last = update(RECEIPTS).where(RECEIPTS.c.number == number)
            await connection.execute(last.values(facts=""))
        return gone

    async def forget_failed_jobs(self, before: float) -> int:
        """Delete what is tried no more since then; how many."""
        old = (JOBS.c.state == "dead") & (JOBS.c.due_at < before)
        query = select(JOBS.c.job_id).where(old).limit(_AT_A_TIME)
        count = 0
        while True:
            async with self.database.writing_a_part() as connection:
                ids = list((await connection.execute(query)).scalars())
                # Whoever wants one tried anew may be faster.
                await connection.execute(delete(JOBS).where(JOBS.c.job_id.in_(ids), old))
            count += len(ids)
            if len(ids) < _AT_A_TIME:
                return count
