"""The chain of receipts: one for each call, numbered without a gap, whoever appends."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from typing import Any, Final

from sqlalchemy import Row, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from vantum.dialing import chain
from vantum.dialing.chain import FIRST, Link
from vantum.store.database import Database, or_nothing
from vantum.store.gates import locked
from vantum.store.schema import RECEIPTS, SALTS

_AT_A_TIME: Final = 500
_SALT_BYTES: Final = 32


class Receipts:
    """The records of receipts. All methods raise RecordsError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def salt_of(self, phone: str) -> str:
        """The salt of a number, made with its first receipt: hexadecimal digits."""
        query = select(SALTS.c.salt).where(SALTS.c.phone == phone)
        async with self._database.reading() as connection:
            if found := (await connection.execute(query)).scalar():
                return str(found)
        async with self._database.writing() as connection:
            salt = secrets.token_hex(_SALT_BYTES)
            fresh = or_nothing(connection, SALTS).values(phone=phone, salt=salt)
            await connection.execute(fresh)
            return str((await connection.execute(query)).scalar_one())

    async def append(self, call_id: str, facts: str) -> Link:
        """Add the receipt of a call, canonical JSON; where it has one, that one stays."""
        mine = select(RECEIPTS).where(RECEIPTS.c.call_id == call_id)
        latest = select(RECEIPTS).order_by(RECEIPTS.c.number.desc()).limit(1)
        async with self._database.writing() as connection:
            await locked(connection, "receipts")
            if row := (await connection.execute(mine)).first():
                return await _linked(connection, row)
            last = (await connection.execute(latest)).first()
            number, before = (last.number + 1, last.hash) if last else (1, FIRST)
            new = chain.link(number, before, facts)
            values = {"number": number, "call_id": call_id, "facts": facts, "hash": new.hash}
            await connection.execute(RECEIPTS.insert().values(values))
            return new

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


async def _linked(connection: AsyncConnection, row: Row[Any]) -> Link:
    query = select(RECEIPTS.c.hash).where(RECEIPTS.c.number == row.number - 1)
    before = (await connection.execute(query)).scalar() or FIRST
    return Link(number=row.number, before=before, facts=row.facts, hash=row.hash)


async def forget(connection: AsyncConnection, phone: str) -> int:
    """Make every hash with this number nobody's; how many salts are gone."""
    gone = await connection.execute(delete(SALTS).where(SALTS.c.phone == phone))
    return int(gone.rowcount)
