"""Calls are found by what is asked of them, a page at a time, while more are being placed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace
from sqlalchemy import insert

from vantum.store.call_pages import Place, Sought, calls_page
from vantum.store.database import Database
from vantum.store.phone_calls import PhoneCall, PhoneCalls
from vantum.store.schema import ATTEMPTS, CAMPAIGNS

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000.125
CALL = PhoneCall(
    call_id="call-0",
    direction="outbound",
    their_number="+15550100100",
    our_number="+15550199999",
    agent="sales",
    placed_at=NOW,
    news_at=NOW,
)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    await opened.set_up()
    yield opened
    await opened.close()


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
        await connection.execute(insert(CAMPAIGNS).values(**CAMPAIGN))
        for call_id in ("a", "c"):
            await connection.execute(
                insert(ATTEMPTS).values(attempt_id=call_id, **attempt(call_id))
            )
    assert await found(database, **sought) == expected


CAMPAIGN: dict[str, object] = {
    "campaign_id": "campaign-1",
    "name": "spring",
    "agent": "sales",
    "list_id": "list-1",
    "plans": "{}",
    "state": "running",
    "reason": "",
    "created_at": NOW,
    "changed_at": NOW,
    "version": 1,
    "next_at": 0.0,
}


def attempt(contact_id: str) -> dict[str, object]:
    return {
        "campaign_id": "campaign-1",
        "contact_id": contact_id,
        "number": 1,
        "phone": "+15550100100",
        "state": "done",
        "due_at": NOW,
        "owner": "",
        "epoch": 0,
        "caller_id": "",
        "outcome": "",
        "detail": "",
    }


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
