"""What is known after calls, over REST: webhooks and what became of them, receipts, findings."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from served import serving
from sqlalchemy import update

from a_call import phone_call
from vantum.agents.versions import Version
from vantum.dialing.chain import Broken, Verified, verify
from vantum.store.agent_versions import AgentVersions
from vantum.store.api_tokens import ApiTokens
from vantum.store.contacts import Contacts
from vantum.store.database import Database
from vantum.store.findings import Findings, Found
from vantum.store.jobs import Jobs
from vantum.store.phone_calls import PhoneCalls
from vantum.store.receipts import Receipts
from vantum.store.schema import RECEIPTS

pytestmark = pytest.mark.anyio

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NOW = 1_800_000_000.0
DAY_MS = 86_400_000
ENDPOINT = "https://example.com/vantum"


@pytest.fixture
async def records(database_url: str) -> AsyncIterator[Database]:
    """The records that the server keeps, too."""
    database = Database(database_url)
    await database.set_up()
    yield database
    await database.close()


@pytest.fixture
async def http(
    anyio_backend: object, records: Database, tmp_path: Path, database_url: str
) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(vantum_data_dir=tmp_path, database_url=database_url) as server:
        url = f"http://127.0.0.1:{server.port}/api/v1"
        async with httpx.AsyncClient(base_url=url) as client:
            yield client


# -- webhooks -------------------------------------------------------------------------------------


async def test_an_endpoint_from_its_first_to_its_last_day(
    http: httpx.AsyncClient, records: Database
) -> None:
    made = await http.post("/webhooks", json={"url": ENDPOINT, "events": ["number.suppressed"]})
    assert (made.status_code, made.json()["secret"].startswith("whsec_")) == (201, True), made.text
    hook = made.json()["webhook"]
    other = await http.post("/webhooks", json={"url": f"{ENDPOINT}/2"})
    assert len(other.json()["webhook"]["events"]) == 4
    listed = await http.get("/webhooks")
    assert [one["url"] for one in listed.json()["items"]] == [ENDPOINT, f"{ENDPOINT}/2"]
    assert made.json()["secret"] not in listed.text
    one = f"/webhooks/{hook['hook_id']}"
    assert (await http.get(one)).json() == hook
    for _ in range(2):
        assert (await http.delete(one)).json()["off_at"] is not None
    await Contacts(records).suppress("+15550100100", NOW, "asked")
    told = (await http.get("/deliveries")).json()["items"]
    assert [delivery["hook_id"] for delivery in told] == [other.json()["webhook"]["hook_id"]]
    assert (await http.delete("/webhooks/none")).status_code == 404


async def test_what_an_endpoint_would_not_take_is_seen_and_tried_anew(
    http: httpx.AsyncClient, records: Database
) -> None:
    hook = (await http.post("/webhooks", json={"url": ENDPOINT})).json()["webhook"]["hook_id"]
    for n in range(3):
        await Contacts(records).suppress(f"+1555010010{n}", NOW + n, "asked")
    jobs = Jobs(records, "one")
    [job] = await jobs.claim(NOW, 1)
    first = (await http.get("/deliveries", params={"limit": 2})).json()
    await jobs.failed(job, "it answered 500", None, NOW + 9)

    async def found(**query: str | int) -> list[str]:
        page = (await http.get("/deliveries", params=query)).json()
        return [one["delivery_id"] for one in page["items"]]

    every = await found()
    assert [one["delivery_id"] for one in first["items"]] == every[:2]
    assert await found(limit=2, after=first["next"]) == every[2:] == [job.job_id]
    assert await found(state="dead") == await found(state="dead", webhook=hook) == [job.job_id]
    assert await found(webhook="%") == []
    [dead] = (await http.get("/deliveries", params={"state": "dead"})).json()["items"]
    told = (dead["type"], dead["error"], dead["tries"])
    assert told == ("number.suppressed", "it answered 500", 1)
    again = await http.post(f"/deliveries/{job.job_id}/again")
    assert (again.json()["state"], again.json()["tries"]) == ("due", 0)
    assert (await http.post(f"/deliveries/{job.job_id}/again")).status_code == 409
    assert (await http.post("/deliveries/none/again")).status_code == 404


# -- receipts, findings, agents -------------------------------------------------------------------


async def filled(records: Database) -> None:
    """Three receipts of three days."""
    for n in range(3):
        await Receipts(records).append({f"call-{n}": f'{{"placed_at_ms":{n * DAY_MS}}}'})


async def test_receipts_are_read_exported_and_verified(
    http: httpx.AsyncClient, records: Database
) -> None:
    nothing = (await http.get("/receipts/verification")).json()
    assert (nothing["verified"]["last"], nothing["broken"]) == (0, None)
    await filled(records)
    page = (await http.get("/receipts", params={"limit": 2})).json()
    rest = (await http.get("/receipts", params={"after": page["next"]})).json()
    links = page["items"] + rest["items"]
    assert ([one["number"] for one in links], rest["next"]) == ([1, 2, 3], None)
    for one in links:
        hashed = hashlib.sha256(bytes.fromhex(one["before"]) + one["facts"].encode())
        assert hashed.hexdigest() == one["hash"]
    assert (await http.get("/calls/call-1/receipt")).json() == links[1]
    assert (await http.get("/calls/call-9/receipt")).status_code == 404
    exported = await http.get("/receipts/export", params={"since": "1970-01-02"})
    assert exported.headers["content-type"] == "application/x-ndjson"
    found = verify(exported.content.splitlines())
    assert found == Verified(2, 3, links[2]["hash"])
    verdict = (await http.get("/receipts/verification")).json()
    assert verdict == {
        "verified": {"first": 1, "last": 3, "hash": links[2]["hash"]},
        "broken": None,
    }


@ON_SQLITE
async def test_a_receipt_that_was_changed_is_found(
    http: httpx.AsyncClient, records: Database
) -> None:
    await filled(records)
    forged = update(RECEIPTS).where(RECEIPTS.c.number == 2).values(facts='{"placed_at_ms":7}')
    async with records.writing() as connection:
        await connection.execute(forged)
    verdict = (await http.get("/receipts/verification")).json()
    assert (verdict["verified"], verdict["broken"]["line"]) == (None, 2)
    exported = await http.get("/receipts/export")
    assert verify(exported.content.splitlines()) == Broken(**verdict["broken"])


@ON_SQLITE
async def test_it_is_told_what_came_of_a_call_and_with_which_words_it_was_held(
    http: httpx.AsyncClient, records: Database
) -> None:
    await PhoneCalls(records).add(phone_call(NOW))
    unknown = await http.get("/calls/call-1/finding")
    assert (unknown.status_code, "not yet" in unknown.text) == (404, True)
    finding = Found(
        call_id="call-1",
        disposition="interested",
        summary="Wants a demo.",
        fields={"size": "12"},
        callback_at=None,
        found_by="playbook",
        found_at=NOW,
    )
    await Findings(records).keep([finding])
    found = (await http.get("/calls/call-1/finding")).json()
    assert (found["summary"], found["fields"]) == ("Wants a demo.", {"size": "12"})
    [agent] = (await http.get("/agents")).json()["items"]
    assert (agent["name"], agent["is_default"]) == ("sales", True)
    file = (await http.get("/agents/sales")).json()
    assert file["digest"] == agent["version"] == hashlib.sha256(file["text"].encode()).hexdigest()
    await AgentVersions(records).keep([Version("d1", "sales", "name: Max")], NOW)
    assert (await http.get("/agent-versions/d1")).json()["text"] == "name: Max"
    for nothing in ("/agents/..%2Fsales", "/agents/none", "/agent-versions/d2"):
        assert (await http.get(nothing)).status_code == 404


@ON_SQLITE
async def test_who_reads_sees_no_more_of_people_than_calls_show(
    http: httpx.AsyncClient, records: Database
) -> None:
    _, secret = await ApiTokens(records).make("reader", "viewer", NOW)
    reader = {"authorization": f"Bearer {secret}"}
    people = ("/contacts", "/contacts/x", "/suppressions", "/suppressions/x")
    called = ("/campaigns/x/report", "/campaigns/x/attempts")
    for path in (*people, *called, "/webhooks", "/deliveries"):
        assert (await http.get(path, headers=reader)).status_code == 403
    for path in ("/calls", "/campaigns", "/lists", "/receipts", "/agents"):
        assert (await http.get(path, headers=reader)).status_code == 200
