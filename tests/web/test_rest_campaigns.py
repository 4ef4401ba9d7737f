"""Campaigns over REST: from a file of contacts to who was called, in either kind of database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest
from served import serving
from sqlalchemy import update

from a_call import allowed
from vantum.store.database import Database
from vantum.store.schema import ATTEMPTS, CAMPAIGNS

pytestmark = pytest.mark.anyio

CSV = {"content-type": "text/csv"}
OURS = "+15550199999"
PEOPLE = "phone,name,city\n+15550100100,Ann,Rome\n+15550100101,Bo,Oslo\n12,Cy,Bonn\n"
NOW = 1_800_000_000.0
ALLOWED = allowed(NOW, "a form")


@pytest.fixture
async def http(
    anyio_backend: object, tmp_path: Path, database_url: str
) -> AsyncIterator[httpx.AsyncClient]:
    """A server without a telephone, whose numbers are known all the same."""
    settings = {"twilio_phone_number": OURS, "database_url": database_url}
    async with serving(vantum_data_dir=tmp_path, **settings) as server:
        url = f"http://127.0.0.1:{server.port}/api/v1"
        async with httpx.AsyncClient(base_url=url) as client:
            yield client


async def spring(http: httpx.AsyncClient, **more: object) -> httpx.Response:
    """A campaign of two contacts."""
    listed = await http.post("/lists?name=people", content=PEOPLE, headers=CSV)
    assert listed.status_code == 201, listed.text
    return await http.post("/campaigns", json={"name": "spring", "list": "people", **more})


async def test_a_campaign_goes_from_a_list_to_its_end(http: httpx.AsyncClient) -> None:
    made = await spring(http, hours="mon-fri 09:00-17:00", calls_per_s=2.5, attempts=2)
    assert (made.status_code, made.json()["state"]) == (201, "draft"), made.text
    plan = made.json()["plan"]
    assert (plan["caller_ids"], plan["calls_per_s"], plan["attempts"]) == ([OURS], 2.5, 2)
    assert (plan["hours"]["fri"], plan["hours"]["sat"]) == ("09:00-17:00", None)

    async def put(verb: str, tag: str | None) -> tuple[int, str]:
        headers = {"if-match": tag} if tag else {}
        answer = await http.post(f"/campaigns/spring/{verb}", headers=headers)
        return answer.status_code, answer.json().get("state", answer.json().get("detail"))

    first = made.headers["etag"]
    assert (await put("start", None))[0] == 428
    assert await put("start", first) == (200, "running")
    assert (await put("pause", first))[0] == 412
    by_id = await http.get(f"/campaigns/{made.json()['campaign_id']}")
    assert by_id.json()["campaign"]["state"] == "running"
    assert await put("pause", by_id.headers["etag"]) == (200, "paused")
    assert await put("start", "*") == (200, "running")
    assert await put("stop", "*") == (200, "stopped")
    assert await put("start", "*") == (409, '"spring" is stopped: it cannot be started')
    progress = (await http.get("/campaigns/spring")).json()["progress"]
    assert (progress["contacts"], progress["stopped"], progress["refused"]) == (2, 2, 0)


async def test_it_is_told_who_was_called_and_what_came_of_it(
    http: httpx.AsyncClient, database_url: str
) -> None:
    campaign = (await spring(http)).json()["campaign_id"]
    await http.post("/campaigns/spring/start", headers={"if-match": "*"})
    first, second = f"{campaign}-2-1", f"{campaign}-3-1"
    await called(database_url, first)
    standing = (await http.get("/campaigns/spring")).json()
    progress = standing["progress"]
    counts = (progress["done"], progress["waiting"], progress["dials"], standing["outcomes"])
    assert counts == (1, 1, 1, {"no_answer": 1})
    assert standing["missing"] == ["worker", "serve"]
    assert 0 < standing["left_s"] < 700  # one contact took no longer than the ten minutes of late

    async def ids(path: str, **query: object) -> tuple[list[str], str | None]:
        page = (await http.get(f"/campaigns/spring/{path}", params=query)).json()  # type: ignore[arg-type]
        return [one.get("attempt_id", one.get("phone")) for one in page["items"]], page["next"]

    told, following = await ids("report", limit=1)
    assert told == ["+15550100100"]
    assert await ids("report", limit=1, after=following) == (["+15550100101"], None)
    [ann, bo] = (await http.get("/campaigns/spring/report")).json()["items"]
    assert (ann["dials"], ann["outcomes"], bo["dials"], bo["outcomes"]) == (1, ["no_answer"], 0, [])
    found, following = await ids("attempts", limit=1)
    assert found == [first]
    assert await ids("attempts", limit=1, after=following) == ([second], None)
    assert await ids("attempts", state="due") == ([second], None)
    assert await ids("attempts", outcome="no_answer") == ([first], None)
    assert await ids("attempts", outcome="busy") == ([], None)
    made, waits = (await http.get("/campaigns/spring/attempts")).json()["items"]
    assert made["allowed"]["consent"]["source"] == "a form"
    assert (made["reason"], waits["reason"], waits["allowed"]) == ("", "", None)


async def called(database_url: str, attempt_id: str) -> None:
    """As a worker has it: dialled and over, a minute after the campaign has begun."""
    database = Database(database_url)
    evidence = msgspec.json.encode(ALLOWED).decode()
    over = {"state": "done", "outcome": "no_answer", "detail": evidence, "caller_id": OURS}
    begun = update(CAMPAIGNS).values(changed_at=CAMPAIGNS.c.changed_at - 60)
    this = update(ATTEMPTS).where(ATTEMPTS.c.attempt_id == attempt_id)
    async with database.writing() as connection:
        await connection.execute(begun)
        at = ATTEMPTS.c.due_at
        await connection.execute(this.values(dialed_at=at, ended_at=at + 1, **over))
    await database.close()


async def test_campaigns_are_listed_the_newest_first(http: httpx.AsyncClient) -> None:
    await spring(http)
    for name in ("summer", "autumn"):
        again = await http.post("/campaigns", json={"name": name, "list": "people"})
        assert again.status_code == 201, again.text
    await http.post("/campaigns/summer/start", headers={"if-match": "*"})

    async def names(**query: str | int) -> tuple[list[str], str | None]:
        page = (await http.get("/campaigns", params=query)).json()
        return [one["name"] for one in page["items"]], page["next"]

    shown, following = await names(limit=2)
    assert (shown, following is None) == (["autumn", "summer"], False)
    assert await names(limit=2, after=following or "") == (["spring"], None)
    assert await names(state="running") == (["summer"], None)


@pytest.fixture(scope="module")
async def small(
    anyio_backend: object, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx.AsyncClient]:
    """A server with one campaign, which refusals leave as it is."""
    folder = tmp_path_factory.mktemp("data")
    async with serving(vantum_data_dir=folder, twilio_phone_number=OURS) as server:
        url = f"http://127.0.0.1:{server.port}/api/v1"
        async with httpx.AsyncClient(base_url=url) as client:
            await spring(client)
            yield client


@pytest.mark.parametrize(
    ("given", "status", "why"),
    [
        ({"name": "spring"}, 409, 'There is a campaign "spring" already'),
        ({"list": "nobody"}, 422, 'There is no list "nobody"'),
        ({"agent": "stranger"}, 422, 'There is no agent "stranger"; known: sales'),
        ({"agent": "/etc/passwd.yaml"}, 422, "There is no agent"),
        ({"caller_ids": ["+15550100777"]}, 422, "is not among our numbers"),
        ({"hours": "weekends"}, 422, "hours are written like mon-fri 09:00-17:00"),
        ({"attempts": 0}, 422, "attempts"),
        ({"name": ""}, 422, "name"),
    ],
)
async def test_a_campaign_that_cannot_be_is_refused_with_the_reason(
    small: httpx.AsyncClient, given: dict[str, object], status: int, why: str
) -> None:
    body = {"name": "summer", "list": "people", **given}
    answer = await small.post("/campaigns", json=body)
    assert (answer.status_code, why in answer.json()["detail"]) == (status, True), answer.text
    assert [one["name"] for one in (await small.get("/campaigns")).json()["items"]] == ["spring"]


@pytest.mark.parametrize("path", ["", "/report", "/attempts"])
async def test_of_a_campaign_that_is_none_nothing_is_told(
    small: httpx.AsyncClient, path: str
) -> None:
    assert (await small.get(f"/campaigns/winter{path}")).status_code == 404
