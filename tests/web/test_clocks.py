"""One time for all processes: the clock of the database, whatever those of the machines say."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from processes import SCRIPTED, vantum_serve
from sqlalchemy import Column, select, text

from benchmarks.postgres import Postgres
from vantum.store.database import Database
from vantum.store.schema import SUPPRESSIONS, WORKERS
from vantum.web.access import TOKEN_FILE

AHEAD_S = 7_200.0
TELEPHONE = {
    "TWILIO_ACCOUNT_SID": "AC" + 32 * "0",
    "TWILIO_AUTH_TOKEN": "secret",
    "TWILIO_PHONE_NUMBER": "+15550100000",
    "TWILIO_BASE_URL": "http://127.0.0.1:1",
    "PUBLIC_URL": "https://vantum.example",
}


@pytest.fixture
def address(postgres: Postgres) -> str:
    """A database whose clock is two hours ahead of the machine's."""
    address = postgres.new_database()
    asyncio.run(put_forward(address))
    return address


async def put_forward(address: str) -> None:
    name = address.partition("@/")[2].partition("?")[0]
    database = Database(address)
    async with database.writing() as connection:
        await connection.execute(
            text(
                "CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
                "'SELECT pg_catalog.clock_timestamp() + interval ''2 hours'''"
            )
        )
        await connection.execute(
            text(f"ALTER DATABASE {name} SET search_path = public, pg_catalog")
        )
    await database.close()


def seen(address: str, column: Column[float]) -> list[float]:
    """Times in the records, in seconds ahead of the machine's clock."""

    async def found() -> list[float]:
        database = Database(address)
        async with database.reading() as connection:
            times = (await connection.execute(select(column))).scalars().all()
        await database.close()
        return list(times)

    return [at - time.time() for at in asyncio.run(found())]


def test_a_command_goes_by_the_clock_of_the_database(address: str, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "vantum", "suppress", "+15550100100"],
        env={**os.environ, "DATABASE_URL": address},
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert seen(address, SUPPRESSIONS.c.since) == [pytest.approx(AHEAD_S, abs=60)]


def test_a_server_goes_by_the_clock_of_the_database(address: str, tmp_path: Path) -> None:
    settings = {**SCRIPTED, **TELEPHONE, "DATABASE_URL": address}
    with vantum_serve(tmp_path, settings) as url:
        token = (tmp_path / "data" / TOKEN_FILE).read_text("ascii").strip()
        answer = httpx.post(
            f"{url}/api/v1/suppressions",
            json={"phone": "+15550100100"},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.is_success, answer.text
        here = seen(address, WORKERS.c.seen_at)
    assert here == [pytest.approx(AHEAD_S, abs=60)]
    assert seen(address, SUPPRESSIONS.c.since) == [pytest.approx(AHEAD_S, abs=60)]
