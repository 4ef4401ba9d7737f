"""The chain of receipts: one for each call, numbered without a gap, whoever appends."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any, Final

from sqlalchemy import Row, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from vantum.dialing import chain
from vantum.dialing.chain import FIRST, Link
from vantum.store.database import Database, or_nothing
from vantum.store.gates import locked
from vantum.store.schema import RECEIPTS, SALTS
from vantum.store.settled import numbers_of

_AT_A_TIME: Final = 500
_SALT_BYTES: Final = 32


class Receipts:
    """The records of receipts. All methods raise RecordsError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def salts_of(self, calls: Collection[str]) -> dict[str, str]:
        """The salts of these calls' numbers, each made with its first receipt: hexadecimal digits.

        Numbers of who was erased have none, and get none.
        """
        async with self._database.reading() as connection:
            found, missing = await _salts(connection, calls, locked=False)
        if not missing:
            return found
        async with self._database.writing() as connection:
            found, missing = await _salts(connection, calls, locked=True)
            if missing:
                fresh = [{"phone": one, "salt": secrets.token_hex(_SALT_BYTES)} for one in missing]
                await connection.execute(or_nothing(connection, SALTS), fresh)
                found, _ = await _salts(connection, calls, locked=True)
        return found

    async def append(self, receipts: Mapping[str, str]) -> None:
        """Add receipts, canonical JSON by their calls; where a call has its own, that one stays."""
        known = select(RECEIPTS.c.call_id).where(RECEIPTS.c.call_id.in_(receipts))
        latest = select(RECEIPTS).order_by(RECEIPTS.c.number.desc()).limit(1)
        async with self._database.writing() as connection:
            await locked(connection, "receipts")
            written = set((await connection.execute(known)).scalars())
            last = (await connection.execute(latest)).first()
            number, before = (last.number, last.hash) if last else (0, FIRST)
            rows = []
            for call_id, facts in receipts.items():
                if call_id in written:
                    continue
                number += 1
                before = chain.link(number, before, facts).hash
                row = {"number": number, "call_id": call_id, "facts": facts, "hash": before}
                rows.append(row)
            if rows:
                await connection.execute(RECEIPTS.insert(), rows)

    async def of(self, call_id: str) -> Link | None:
        """The receipt of a call; None where it has none, or none any more."""
        query = select(RECEIPTS).where(RECEIPTS.c.call_id == call_id, RECEIPTS.c.facts != "")
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).first()
            return None if row is None else await _linked(connection, row)

    async def links(self, first: int = 1) -> AsyncIterator[Link]:
        """The chain from this number on; what was kept long enough is not in it any more."""
        before, number = FIRST, first - 1
        while True:
            query = select(RECEIPTS).where(RECEIPTS.c.number >= number)
            query = query.order_by(RECEIPTS.c.number).limit(_AT_A_TIME)
            async with self._database.reading() as connection:
                rows = (await connection.execute(query)).all()
            for row in rows:
                if row.number >= first and row.facts:
                    yield Link(number=row.number, before=before, facts=row.facts, hash=row.hash)
                before, number = row.hash, row.number + 1
            if len(rows) < _AT_A_TIME:
                return


async def _salts(
    connection: AsyncConnection, calls: Collection[str], *, locked: bool
) -> tuple[dict[str, str], list[str]]:
    """The salts there are, by number, and the numbers without one."""
    numbers = (await numbers_of(connection, calls, locked=locked)).values()
    phones = {phone for both in numbers for phone in (both.theirs, both.ours)} - {""}
    query = select(SALTS.c.phone, SALTS.c.salt).where(SALTS.c.phone.in_(phones))
    found = {row.phone: row.salt for row in await connection.execute(query)}
    return found, sorted(phones - found.keys())  # or two might wait in a ring


async def _linked(connection: AsyncConnection, row: Row[Any]) -> Link:
    query = select(RECEIPTS.c.hash).where(RECEIPTS.c.number == row.number - 1)
    before = (await connection.execute(query)).scalar() or FIRST
    return Link(number=row.number, before=before, facts=row.facts, hash=row.hash)


async def forget(connection: AsyncConnection, phone: str) -> int:
    """Make every hash with this number nobody's; how many salts are gone."""
    gone = await connection.execute(delete(SALTS).where(SALTS.c.phone == phone))
    return int(gone.rowcount)
