"""What the sweep forgets, and what it must not: a token that was used stays so while it is good."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from phone import telephone
from served import DEADLINE_S, FAST_POLL_S
from sqlalchemy import insert, select

from vantum.store.database import Database
from vantum.store.schema import USED_TOKENS

pytestmark = pytest.mark.anyio

DAY_S = 24 * 60 * 60.0


async def test_a_token_of_five_minutes_stays_used_when_the_sweep_has_passed(
    tmp_path: Path, database_url: str
) -> None:
    database = Database(database_url)
    await database.set_up()
    now = database.now()
    async with database.writing() as connection:
        for nonce, ago_s in (("of today", 200.0), ("old", 2 * DAY_S)):
            await connection.execute(insert(USED_TOKENS).values(nonce=nonce, used_at=now - ago_s))

    async def known() -> list[str]:
        async with database.reading() as connection:
            return list((await connection.execute(select(USED_TOKENS.c.nonce))).scalars())

    async with telephone(tmp_path, database_url=database_url):
        async with asyncio.timeout(DEADLINE_S):
            while "old" in await known():  # noqa: ASYNC110 - the sweep sets no event
                await asyncio.sleep(FAST_POLL_S)
        assert await known() == ["of today"]
    await database.close()
