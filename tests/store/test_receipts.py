"""One receipt for each outbound call, numbered without a gap, and what is in it."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import insert, select

from a_call import OURS, PERSON, allowed, phone_call
from a_job import about
from vantum.agents.schema import FILES
from vantum.agents.versions import version
from vantum.campaigns.erasing import erase
from vantum.campaigns.exporting import export_receipts
from vantum.campaigns.receipts import receipt_work
from vantum.dialing.chain import Verified, verify
from vantum.errors import RequestError
from vantum.store.agent_versions import AgentVersions
from vantum.store.contacts import Contacts
from vantum.store.database import Database
from vantum.store.phone_calls import PhoneCall, PhoneCalls
from vantum.store.receipts import Receipts
from vantum.store.schema import ATTEMPTS, CONTACTS, SALTS
from vantum.telephony.settled import FILE, Said, Talked, append, outcome_of

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000.125
SALES = version("sales", FILES / "sales.yaml")
NOTICE = "This call is recorded."
CALL = phone_call(NOW, answered_at=NOW + 3, ended_at=NOW + 30, status="completed")
TALKED = Talked(
    "disconnected",
    answered_by="person",
    transcript=(
        Said("caller", "Hello?"),
        Said("agent", NOTICE, at_s=1.0, until_s=3.5),
        Said("caller", "Stop calling me."),
        Said("agent", "Of course. Goodbye.", at_s=6.0, until_s=9.0),
    ),
    recording="recordings/call-1.opus",
    opted_out_s=5.5,
    agent_version=SALES.digest,
)
ALLOWED = allowed(NOW, "Pat's form")


@pytest.fixture
async def database(database: Database) -> Database:
    await AgentVersions(database).keep([SALES], NOW)
    return database


async def settles(database: Database, call: PhoneCall, talked: Talked | None = TALKED) -> None:
    outcome = msgspec.json.encode(outcome_of(call, talked)).decode()
    await PhoneCalls(database).add(replace(call, outcome=outcome))


async def exported(database: Database, folder: Path) -> list[bytes]:
    file = folder / "receipts.jsonl"
    await export_receipts(database, file, None)
    return file.read_bytes().splitlines()


async def test_a_receipt_says_what_allowed_the_call_and_what_was_heard(
    database: Database, tmp_path: Path
) -> None:
    await settles(database, CALL)
    person = {
        "contact_id": "c-1",
        "list_id": "l",
        "line": 2,
        "phone": PERSON,
        "name": "Pat",
        "company": "",
        "address": "",
        "timezone": "",
        "variables": "{}",
    }
    attempt = {
        "attempt_id": "call-1",
        "campaign_id": "may",
        "contact_id": "c-1",
        "number": 2,
        "phone": PERSON,
        "state": "done",
        "due_at": NOW,
        "owner": "",
        "epoch": 1,
        "caller_id": OURS,
        "outcome": "opt_out",
        "detail": msgspec.json.encode(ALLOWED).decode(),
    }
    async with database.writing() as connection:
        await connection.execute(insert(CONTACTS).values(person))
        await connection.execute(insert(ATTEMPTS).values(attempt))
    await receipt_work(database).do([about("call-1")])
    [line, _] = await exported(database, tmp_path)
    facts = json.loads(line)["facts"]
    async with database.reading() as connection:
        rows = (await connection.execute(select(SALTS))).all()
    salts = {row.phone: bytes.fromhex(row.salt) for row in rows}
    assert facts["their_number"] == hashlib.sha256(salts[PERSON] + PERSON.encode()).hexdigest()
    assert facts["our_number"] == hashlib.sha256(salts[OURS] + OURS.encode()).hexdigest()
    assert facts["name"] == hashlib.sha256(salts[PERSON] + b"Pat").hexdigest()
    assert facts["company"] is None
    for personal in (PERSON, OURS, "Pat"):
        assert personal.encode() not in line
    heard = {one["role"]: one["heard_ms"] for one in facts["lines"]}
    assert heard == {"recording": 3500, "greeting": None}
    assert (facts["outcome"], facts["opted_out_ms"], facts["recorded"]) == ("opt_out", 5500, True)
    assert (facts["campaign_id"], facts["attempt"]) == ("may", 2)
    assert facts["agent_version"] == SALES.digest
    assert facts["gate"]["duties"]["abandoned"] == [{"at_most": 0.03, "per_days": 30}]
    assert facts["gate"]["consent"]["kind"] == "written"


async def test_a_receipt_of_a_single_call_says_what_allowed_it(
    database: Database, tmp_path: Path
) -> None:
    evidence = msgspec.json.encode(ALLOWED).decode()
    await settles(database, replace(CALL, allowed=evidence))
    await receipt_work(database).do([about("call-1")])
    facts = json.loads((await exported(database, tmp_path))[0])["facts"]
    assert facts["gate"]["consent"]["kind"] == "written"
    assert facts["gate"]["rehearsal"] is False
    assert facts["campaign_id"] is None


async def test_many_receipts_are_one_chain(database: Database, tmp_path: Path) -> None:
    calls = [f"call-{n}" for n in range(5)]
    for call_id in calls:
        await settles(database, replace(CALL, call_id=call_id))
    await receipt_work(database).do([about("call-2")])
    await receipt_work(database).do([about(call_id) for call_id in calls])
    lines = await exported(database, tmp_path)
    found = verify(lines)
    assert isinstance(found, Verified)
    assert (found.first, found.last) == (1, 5)
    assert json.loads(lines[0])["facts"]["call_id"] == "call-2"


async def test_what_is_not_known_is_not_made_up(database: Database, tmp_path: Path) -> None:
    await settles(database, replace(CALL, answered_at=None, status="busy"), None)
    await receipt_work(database).do([about("call-1")])
    facts = json.loads((await exported(database, tmp_path))[0])["facts"]
    unknown = {name for name, value in facts.items() if value is None}
    assert unknown >= {"gate", "answered_at_ms", "agent_version", "opted_out_ms", "answered_by"}
    assert (facts["lines"], facts["recorded"], facts["outcome"]) == ([], False, "busy")


async def test_calls_that_are_not_settled_or_not_ours_have_none(database: Database) -> None:
    await PhoneCalls(database).add(CALL)
    await settles(database, replace(CALL, call_id="call-2", direction="inbound"))
    for call_id in ("call-1", "call-2", "call-3"):
        await receipt_work(database).do([about(call_id)])
    assert [one async for one in Receipts(database).links()] == []


async def test_workers_that_append_at_once_leave_no_gap_and_no_call_twice(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    calls = [f"call-{n}" for n in range(12)]
    for call_id in calls:
        await settles(database, replace(CALL, call_id=call_id))
    workers = [Database(database_url) for _ in range(3)]

    async def works(worker: Database) -> None:
        for call_id in calls:
            await receipt_work(worker).do([about(call_id)])

    await asyncio.gather(*map(works, workers))
    for worker in workers:
        await worker.close()
    lines = await exported(database, tmp_path)
    found = verify(lines)
    assert isinstance(found, Verified)
    assert (found.first, found.last) == (1, 12)
    assert {json.loads(line)["facts"]["call_id"] for line in lines[:-1]} == set(calls)


async def test_who_is_erased_leaves_a_chain_that_still_verifies(
    database: Database, tmp_path: Path
) -> None:
    other = replace(CALL, call_id="call-2", their_number="+15550100101")
    for call in (CALL, other):
        await settles(database, call)
        await receipt_work(database).do([about(call.call_id)])
        append(tmp_path, msgspec.json.encode(outcome_of(call, TALKED)))
    kept = append_bytes(tmp_path)
    sound = tmp_path / "recordings" / "call-1.opus"
    sound.parent.mkdir()
    sound.write_bytes(b"sound")
    await Contacts(database).suppress(PERSON, NOW, "said so", "call-1")
    before = await exported(database, tmp_path)
    gone = await erase(database, tmp_path, PERSON, now=NOW + 99, new_id="consent-1")
    assert (gone.calls, gone.recordings, gone.lines, gone.salts) == (1, 1, 1, 1)
    assert not sound.exists()
    assert isinstance(verify(await exported(database, tmp_path)), Verified)
    assert await exported(database, tmp_path) == before
    found = await PhoneCalls(database).by_id("call-1")
    assert found is not None
    for personal in (PERSON, "Stop calling me"):
        assert personal not in found.outcome + found.their_number
        assert personal.encode() not in append_bytes(tmp_path).splitlines()[0]
    assert append_bytes(tmp_path).splitlines()[1] == kept.splitlines()[1]
    assert len(append_bytes(tmp_path)) == len(kept)
    wish = await Contacts(database).suppression_of(PERSON)
    assert wish is not None
    assert wish.reason == "said so"
    again = await erase(database, tmp_path, PERSON, now=NOW + 100, new_id="consent-2")
    assert (again.calls, again.salts) == (0, 0)


async def test_nobody_is_erased_in_the_middle_of_a_call(database: Database, tmp_path: Path) -> None:
    await PhoneCalls(database).add(CALL)
    with pytest.raises(RequestError, match="not over yet"):
        await erase(database, tmp_path, PERSON, now=NOW, new_id="consent-1")


def append_bytes(folder: Path) -> bytes:
    return (folder / FILE).read_bytes()
