"""Calls are found by what is asked of them, a page at a time, while more are being placed."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from sqlalchemy import Table, insert

from a_call import phone_call
from vantum.store.call_pages import Place, Sought, calls_page
from vantum.store.database import Database
from vantum.store.phone_calls import PhoneCalls
from vantum.store.schema import ATTEMPTS, CAMPAIGNS

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000.125
CALL = phone_call(NOW, "call-0")


async def found(database: Database, **sought: object) -> list[str]:
    """Their ids."""
    wanted = Sought(**sought)  # type: ignore[arg-type]
    return [call.call_id for call in await calls_page(database, wanted, 100, None)]


@pytest.mark.parametrize(
    ("sought", "expected"),
    [
        ({}, ["d", "c", "b", "a"]),
        ({"state": "live"}, ["d", "a"]),
        ({"state": "over"}, ["c", "b"]),
        ({"agent": "support"}, ["b"]),
        ({"to": "+15550100199"}, ["c"]),
        ({"direction": "inbound"}, ["d"]),
        ({"since": NOW + 1}, ["d", "c", "b"]),
        ({"until": NOW + 1}, ["a"]),
        ({"since": NOW + 1, "until": NOW + 3, "state": "over"}, ["c", "b"]),
        ({"campaign": "spring"}, ["c", "a"]),
        ({"campaign": "spring", "state": "live"}, ["a"]),
        ({"campaign": "none"}, []),
    ],
)
async def test_calls_are_found_by_what_is_asked_of_them(
    database: Database, sought: dict[str, object], expected: list[str]
) -> None:
    records = PhoneCalls(database)
    await records.add(replace(CALL, call_id="a"))
    later = {"placed_at": NOW + 1, "ended_at": NOW + 9}
    await records.add(replace(CALL, call_id="b", agent="support", **later))
    later = {"placed_at": NOW + 2, "ended_at": NOW + 9}
    await records.add(replace(CALL, call_id="c", their_number="+15550100199", **later))
    await records.add(replace(CALL, call_id="d", direction="inbound", placed_at=NOW + 3))
    async with database.writing() as connection:
        spring = row(CAMPAIGNS, campaign_id="campaign-1", name="spring")
        await connection.execute(insert(CAMPAIGNS).values(spring))
        for call_id in ("a", "c"):
            known = {"attempt_id": call_id, "campaign_id": "campaign-1", "contact_id": call_id}
            await connection.execute(insert(ATTEMPTS).values(row(ATTEMPTS, **known)))
    assert await found(database, **sought) == expected


def row(table: Table, **known: object) -> dict[str, object]:
    """A row in which nothing matters but what is known of it."""
    needed = (column for column in table.columns if not column.nullable)
    return {column.name: column.type.python_type() for column in needed} | known


async def test_pages_show_each_call_once_while_more_are_placed(database: Database) -> None:
    records = PhoneCalls(database)
    for n in range(9):  # three of them at the very same time
        await records.add(replace(CALL, call_id=f"call-{n}", placed_at=NOW + n // 3))
    shown: list[str] = []
    after = None
    while page := await calls_page(database, Sought(), 2, after):
        shown += [call.call_id for call in page]
        after = Place(page[-1].placed_at, page[-1].call_id)
        newer = f"newer-{len(shown)}"
        await records.add(replace(CALL, call_id=newer, placed_at=NOW + 100 + len(shown)))
    assert shown == [f"call-{n}" for n in range(8, -1, -1)]
