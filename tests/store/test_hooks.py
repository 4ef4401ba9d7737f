"""What endpoints are told is planned with its cause, and holds no words of the call."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from a_call import phone_call
from vantum.campaigns.erasing import erase
from vantum.store.contacts import Contacts
from vantum.store.database import Database
from vantum.store.erasing import CallTraces
from vantum.store.findings import Findings, Found
from vantum.store.hooks import Hook, Hooks, tell
from vantum.store.jobs import Jobs
from vantum.store.phone_calls import Direction, PhoneCalls
from vantum.store.schema import JOBS
from vantum.telephony.settled import Said, Talked, outcome_of
from vantum.wire.hooks import EVENTS, CallSettled, CampaignChanged, Kind

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000.0


class Told(msgspec.Struct):
    id: str
    type: Kind
    at: float
    data: msgspec.Raw


async def listens(database: Database, name: str, *events: Kind) -> None:
    hook = Hook(
        hook_id=name,
        url="https://example.com",
        secret="secret",
        events=events or tuple(EVENTS),
        created_at=NOW,
    )
    await Hooks(database).add(hook)


async def planned(database: Database) -> dict[str, Told]:
    """What each endpoint is to be told."""
    async with database.reading() as connection:
        query = select(JOBS).where(JOBS.c.kind == "webhook")
        rows = (await connection.execute(query)).all()
    told = {row.subject: msgspec.json.decode(row.details, type=Told) for row in rows}
    assert all(subject.partition(":")[2] == one.id for subject, one in told.items())
    assert len(told) == len({subject.partition(":")[0] for subject in told})
    return {subject.partition(":")[0]: one for subject, one in told.items()}


async def test_who_is_erased_is_told_of_as_a_number_not_to_be_called(
    database: Database, tmp_path: Path
) -> None:
    await listens(database, "all")
    await settled(database)
    await erase(database, tmp_path, "+15550100100", now=NOW + 99, new_id="consent-1")
    told = (await planned(database))["all"]
    assert (told.type, told.at) == ("number.suppressed", NOW + 99)


async def settled(database: Database, direction: Direction = "outbound") -> str:
    call = phone_call(NOW, direction=direction, ended_at=NOW + 60, status="completed")
    await PhoneCalls(database).add(call)
    talked = Talked("agent_ended", transcript=(Said("caller", "my secret words"),))
    outcome = msgspec.json.encode(outcome_of(call, talked)).decode()
    assert await PhoneCalls(database).settle("call-1", outcome)
    assert not await PhoneCalls(database).settle("call-1", outcome)
    return outcome


async def test_who_listens_is_told_of_a_settled_call_without_what_was_said(
    database: Database,
) -> None:
    await listens(database, "all")
    await listens(database, "calls", "call.settled", "call.found")
    await listens(database, "numbers", "number.suppressed")
    await listens(database, "off")
    assert await Hooks(database).switch_off("off", NOW)
    assert not await Hooks(database).switch_off("off", NOW)
    assert "secret words" in await settled(database)
    told = await planned(database)
    assert set(told) == {"all", "calls"}
    assert told["all"] == told["calls"]
    assert (told["all"].type, told["all"].at) == ("call.settled", NOW + 60)
    assert b"secret words" not in bytes(told["all"].data)
    call = msgspec.json.decode(told["all"].data, type=CallSettled)
    assert (call.call_id, call.outcome) == ("call-1", "agent_ended")


@pytest.mark.parametrize(
    ("direction", "kinds"), [("outbound", {"finding", "receipt"}), ("inbound", set())]
)
async def test_what_is_done_about_a_call_that_we_placed_is_planned_as_it_is_settled(
    database: Database, direction: Direction, kinds: set[str]
) -> None:
    await settled(database, direction)
    jobs = await Jobs(database, "one").claim(NOW + 60, 10)
    assert {job.kind for job in jobs} == kinds
    assert all(job.subject == "call-1" for job in jobs)


async def test_what_was_found_is_told_once(database: Database) -> None:
    await listens(database, "found", "call.found")
    await settled(database)
    found = Found(
        call_id="call-1",
        disposition="callback",
        summary="Wants to be called.",
        fields={"team": "12"},
        callback_at=NOW + 99,
        found_by="playbook",
        found_at=NOW,
    )
    assert await Findings(database).keep([found]) == [found]
    other = msgspec.structs.replace(found, summary="Another look.", found_at=NOW + 5)
    assert await Findings(database).keep([other]) == [found]
    told = (await planned(database))["found"]
    assert (told.type, told.at) == ("call.found", NOW)
    assert msgspec.json.decode(told.data) == {
        "call_id": "call-1",
        "disposition": "callback",
        "summary": "Wants to be called.",
        "fields": {"team": "12"},
        "callback_at": NOW + 99,
        "found_by": "playbook",
    }


async def test_of_who_is_erased_nobody_is_told_any_more(database: Database) -> None:
    await listens(database, "all")
    await settled(database)
    await CallTraces(database).erase("+15550100199", lambda outcome: outcome)
    assert await planned(database)
    await CallTraces(database).erase("+15550100100", lambda outcome: outcome)
    assert not await planned(database)


async def test_nothing_is_told_of_what_was_undone(database: Database) -> None:
    await listens(database, "all")
    data = CampaignChanged(campaign_id="1", name="", state="done", reason="", version=1)
    with suppress(ZeroDivisionError):
        async with database.writing() as connection:
            await tell(connection, "campaign.changed", "1", NOW, lambda: data)
            _ = 1 / 0
    assert not await planned(database)


async def test_a_number_is_told_of_once(database: Database) -> None:
    await listens(database, "all")
    contacts = Contacts(database)
    assert await contacts.suppress("+15550100100", NOW, "asked not to be called", "call-1")
    assert not await contacts.suppress("+15550100100", NOW + 5, "again")
    told = await planned(database)
    assert told["all"].type == "number.suppressed"
    assert msgspec.json.decode(told["all"].data) == {
        "phone": "+15550100100",
        "since": NOW,
        "reason": "asked not to be called",
        "call_id": "call-1",
    }


async def test_an_endpoint_is_found_as_it_was_added(database: Database) -> None:
    await listens(database, "calls", "call.settled", "call.found")
    [hook] = await Hooks(database).all()
    assert hook == await Hooks(database).by_id("calls")
    assert hook.events == ("call.settled", "call.found")
    assert await Hooks(database).by_id("nobody") is None
