"""What the end of a call costs does not grow with its campaign: nobody reads all its attempts."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from campaign import NOW, PLAN, Staged, numbers, serves, stage
from msgspec.structs import replace
from sqlalchemy import Engine, event, text

from vantum.store.database import Database

pytestmark = pytest.mark.anyio

WHOLE: Final = re.compile(
    r"SCAN attempts(?! USING .*INDEX attempts_(due|held))|SEARCH attempts .*_1 \(campaign_id=\?\)"
)


@contextmanager
def asked() -> Iterator[list[tuple[str, Any]]]:
    """What the database is asked meanwhile."""
    seen: list[tuple[str, Any]] = []

    def note(_c: object, _k: object, statement: str, values: Any, _x: object, many: bool) -> None:
        seen.append((statement, values[0] if many else values))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def steps(database: Database, statements: list[tuple[str, Any]]) -> list[str]:
    """How SQLite goes about them."""
    found = []
    async with database.reading() as connection:
        for statement, values in statements:
            if re.match("SELECT|UPDATE|DELETE|INSERT", statement):
                plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
                found += [row.detail for row in plan]
    return found


@pytest.fixture
async def campaign(tmp_path: Path) -> AsyncIterator[Staged]:
    database = Database(f"sqlite:///{tmp_path}/vantum.db")
    await database.set_up()
    await serves(database, "server", 10_000)
    yield await stage(database, numbers(200), replace(PLAN, calls_per_s=200))
    await database.close()


async def test_the_end_of_calls_reads_no_campaign_to_the_end(campaign: Staged) -> None:
    late = {"answered_at": NOW, "answered_by": "person", "greeted_after_s": 9.0}
    for number, dial in enumerate(await campaign.takes()):
        await campaign.ends(dial, "failed" if number % 2 else "lost", **late)
    async with campaign.database.writing() as connection:
        await connection.execute(text("ANALYZE"))
    with asked() as statements:
        assert await campaign.attempts.finish(NOW) == 100
    found = await steps(campaign.database, statements)
    assert any("INDEX attempts_ended (campaign_id=? AND ended_at>?)" in step for step in found)
    assert [step for step in found if WHOLE.match(step)] == []
