"""Calls over REST: found, told in full, heard; with a telephone or without."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest
from msgspec.structs import replace
from served import serving

from a_call import phone_call
from vantum.store.database import Database
from vantum.store.phone_calls import PhoneCall, PhoneCalls
from vantum.telephony.settled import Said, Talked, outcome_of

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000.125
CALL = phone_call(NOW, "call-0")
SAID = (Said("agent", "Hi, é!"), Said("caller", "Bye."))
SOUND = bytes(range(256)) * 40


def settled(call: PhoneCall, *, recorded: bool = True) -> PhoneCall:
    """As it is written down when it is over."""
    recording = f"recordings/{call.call_id}.opus" if recorded else ""
    over = replace(call, ended_at=call.placed_at + 30, status="completed")
    talked = Talked("agent_ended", "person", transcript=SAID, recording=recording)
    return replace(over, outcome=msgspec.json.encode(outcome_of(over, talked)).decode())


@pytest.fixture(scope="module")
async def http(
    anyio_backend: object, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx.AsyncClient]:
    """A server without a telephone that has had one, and nine calls then."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "recordings").mkdir()
    (folder / "recordings" / "call-3.opus").write_bytes(SOUND)
    database = Database(f"sqlite:///{folder}/vantum.db")
    await database.set_up()
    records = PhoneCalls(database)
    for n in range(9):
        call = replace(CALL, call_id=f"call-{n}", placed_at=NOW + n)
        await records.add(call if n > 6 else settled(call, recorded=n in {3, 4}))
    await database.close()
    async with serving(vantum_data_dir=folder) as server:
        url = f"http://127.0.0.1:{server.port}/api/v1"
        async with httpx.AsyncClient(base_url=url) as client:
            yield client


async def test_calls_are_listed_page_by_page(http: httpx.AsyncClient) -> None:
    shown: list[str] = []
    query = {"limit": "4"}
    while True:
        page = (await http.get("/calls", params=query)).json()
        shown += [call["id"] for call in page["items"]]
        if page["next"] is None:
            break
        query["after"] = page["next"]
    assert shown == [f"call-{n}" for n in range(8, -1, -1)]


async def test_calls_are_found_by_what_is_asked_of_them(http: httpx.AsyncClient) -> None:
    async def found(**query: str | float) -> list[str]:
        page = (await http.get("/calls", params=query)).json()
        return [call["id"] for call in page["items"]]

    assert await found(state="live") == ["call-8", "call-7"]
    assert await found(state="over", since=NOW + 5) == ["call-6", "call-5"]
    assert await found(to="+15550100100", until=NOW + 1) == ["call-0"]
    assert await found(agent="nobody") == await found(campaign="none") == []


async def test_a_call_is_told_with_all_that_was_said(http: httpx.AsyncClient) -> None:
    call = (await http.get("/calls/call-3")).json()
    assert call["outcome"]["outcome"] == "agent_ended"
    assert [(line["who"], line["text"]) for line in call["outcome"]["transcript"]] == [
        ("agent", "Hi, é!"),
        ("caller", "Bye."),
    ]
    assert call["recording"] == "/api/v1/calls/call-3/recording"
    listed = (await http.get("/calls", params={"until": NOW + 4, "limit": 1})).json()["items"][0]
    assert listed["id"] == "call-3"
    assert "transcript" not in listed["outcome"]
    assert (await http.get("/calls/call-8")).json()["outcome"] is None


async def test_a_recording_is_heard_from_anywhere_in_it(http: httpx.AsyncClient) -> None:
    whole = await http.get("/calls/call-3/recording")
    assert (whole.status_code, whole.content) == (200, SOUND)
    assert whole.headers["content-type"] == "audio/ogg"
    part = await http.get("/calls/call-3/recording", headers={"range": "bytes=1000-1999"})
    assert (part.status_code, part.content) == (206, SOUND[1000:2000])
    assert part.headers["content-range"] == f"bytes 1000-1999/{len(SOUND)}"
    beyond = await http.get("/calls/call-3/recording", headers={"range": "bytes=99999-"})
    assert beyond.status_code == 416


@pytest.mark.parametrize(
    ("call_id", "why"),
    [("call-4", "still being made, or was removed"), ("call-1", "no recording"), ("x", "no call")],
)
async def test_why_there_is_no_recording_is_told(
    http: httpx.AsyncClient, call_id: str, why: str
) -> None:
    answer = await http.get(f"/calls/{call_id}/recording")
    assert (answer.status_code, why in answer.json()["detail"]) == (404, True)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/calls", {"to": "+15550100100"}),
        ("/calls/call-8/hang-up", None),
        ("/calls/call-8/transfer", {"to": "+15550100101"}),
    ],
)
async def test_without_a_telephone_only_what_needs_one_is_off(
    http: httpx.AsyncClient, path: str, body: object
) -> None:
    key = {"idempotency-key": path}
    for _ in range(2):  # it is not what is kept: once there is a telephone, it may be done
        answer = await http.post(path, json=body, headers=key)
        assert (answer.status_code, "telephone is off" in answer.json()["detail"]) == (503, True)
        assert "idempotent-replayed" not in answer.headers


async def test_records_that_cannot_be_opened_are_told_to_whom_they_concern(tmp_path: Path) -> None:
    nowhere = "postgresql://vantum@127.0.0.1:1/vantum"
    async with (
        serving(vantum_data_dir=tmp_path, database_url=nowhere) as server,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as http,
    ):
        ours = await http.get("/api/v1/calls")
        assert (ours.status_code, "DATABASE_URL" in ours.json()["detail"]) == (503, True)
        guess = {"authorization": "Bearer vt_guessed"}
        strange = await http.get("/api/v1/calls", headers=guess)
        anybody = await http.get("/api/docs")
        for answer in (strange, anybody):
            assert (answer.status_code, "DATABASE_URL" in answer.text) == (503, False)
        assert (await http.get("/health")).status_code == 200


STARTS = """
import asyncio, sys
from vantum.settings import load_settings
from vantum.web.app import build_app
given = {name: "scripted" for name in ("STT_PROVIDER", "LLM_PROVIDER", "TTS_PROVIDER")}
async def start():
    app = build_app(load_settings({**given, "VANTUM_DATA_DIR": "data"}))
    async with app.router.lifespan_context(app):
        heavy = {"sqlalchemy", "alembic", "twilio", "opentelemetry.sdk"} & sys.modules.keys()
        print("loaded:", *sorted(heavy))
asyncio.run(start())
"""


def test_a_server_without_a_telephone_starts_without_the_records(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", STARTS], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    [told] = [line for line in ended.stdout.splitlines() if line.startswith("loaded:")]
    assert told.strip() == "loaded:"
    assert not (tmp_path / "data" / "vantum.db").exists()
