"""How the records are reached: whoever is cut off while writing keeps nobody else from it."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, insert, select

from vantum.store.database import Database
from vantum.store.schema import IMPORTS

pytestmark = pytest.mark.anyio


async def test_who_is_cancelled_while_writing_keeps_nobody_from_it(database_url: str) -> None:
    database = Database(database_url)
    await database.set_up()

    async def write(number: int, rows: int) -> None:
        values = [{"list_id": f"{number}-{row}", "seen_at": 1.0} for row in range(rows)]
        async with database.writing() as connection:
            await connection.execute(insert(IMPORTS), values)

    cancelled: list[asyncio.CancelledError] = []  # kept, and with them all that they hold
    for number in range(60):
        writing = asyncio.ensure_future(write(number, 500))
        await asyncio.sleep(number * 0.0004)
        writing.cancel()
        try:
            await writing
        except asyncio.CancelledError as error:
            cancelled.append(error)
        await asyncio.wait_for(write(1_000 + number, 1), 2.0)  # SQLite would wait for 5 s
    assert len(cancelled) > 5
    # All or nothing, as ever.
    async with database.reading() as connection:
        found = (await connection.execute(select(func.count()).select_from(IMPORTS))).scalar_one()
    assert found % 500 == 60
    await database.close()
