"""Campaigns over REST: from a file of contacts to who was called, in either kind of database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from served import serving

pytestmark = pytest.mark.anyio

CSV = {"content-type": "text/csv"}
OURS = "+15550199999"
PEOPLE = "phone,name,city\n+15550100100,Ann,Rome\n+15550100101,Bo,Oslo\n12,Cy,Bonn\n"


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


async def test_a_campaign_is_made_of_a_list_and_started(http: httpx.AsyncClient) -> None:
    made = await spring(http, hours="mon-fri 09:00-17:00", calls_per_s=2.5)
    assert (made.status_code, made.json()["state"]) == (201, "draft"), made.text
    plan = made.json()["plan"]
    assert (plan["caller_ids"], plan["hours"]["fri"], plan["hours"]["sat"]) == (
        [OURS],
        "09:00-17:00",
        None,
    )
    tag = {"if-match": made.headers["etag"]}
    assert (await http.post("/campaigns/spring/start")).status_code == 428
    started = await http.post("/campaigns/spring/start", headers=tag)
    assert (started.status_code, started.json()["state"]) == (200, "running")
    late = await http.post("/campaigns/spring/pause", headers=tag)
    assert late.status_code == 412
    standing = (await http.get(f"/campaigns/{made.json()['campaign_id']}")).json()
    assert standing["progress"]["contacts"] == standing["progress"]["waiting"] == 2
    assert standing["campaign"]["state"] == "running"
