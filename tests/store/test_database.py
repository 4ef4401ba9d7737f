"""How the records are reached: whoever is cut off while writing keeps nobody else from it."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, insert, select

from vantum.store.database import Database, ahead_s
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


@pytest.mark.parametrize(
    ("known", "took_s", "ahead"),
    [
        (None, 0.1, 7.0),
        (None, 8.0, 7.0),  # any look is better than none
        (6.9, 0.1, 7.0),
        (6.9, 8.0, 6.9),  # the answer may be of any of these seconds
        (6.9, -5.0, 6.9),  # our clock was put back meanwhile
    ],
)
def test_a_slow_look_at_a_clock_shifts_nobodys_time(
    known: float | None, took_s: float, ahead: float
) -> None:
    before = 1_000.0
    theirs = before + took_s / 2 + 7.0
    assert ahead_s(known, before, theirs, before + took_s) == pytest.approx(ahead)
