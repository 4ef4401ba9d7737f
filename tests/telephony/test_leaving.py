"""What a process that stops leaves to the others: who rings, who calls us, and whose turn it is."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from carrier import SID, begins, leaves, posts
from phone import OURS, PERSON, telephone, two_processes
from served import DEADLINE_S, FAST_POLL_S, eventually

from vantum.store.database import Database
from vantum.store.processes import ALIVE_S, Processes

pytestmark = pytest.mark.anyio


async def others_take_calls(url: str) -> bool:
    database = Database(url)
    try:
        someone = Processes(database, "someone", "serve")
        return await someone.others_take_calls(database.now() - ALIVE_S)
    finally:
        await database.close()


async def test_who_calls_us_at_a_process_that_stops_talks_with_another(
    tmp_path: Path, database_url: str
) -> None:
    async with two_processes(tmp_path, database_url) as (staying, stopping):
        stopping.server.calls.stopping.set()
        form = {"CallSid": SID, "From": PERSON, "To": OURS}
        status, twiml = await posts(stopping, "/twilio/voice", form, host=staying.url)
        assert status == 200
        token = twiml.split('value="')[1].split('"')[0]
        socket = await begins(staying, token)
        await eventually(lambda: len(staying.server.calls) == 1)
        await leaves(staying, socket)


async def test_who_calls_us_where_no_process_has_room_is_not_kept_waiting(
    tmp_path: Path, database_url: str
) -> None:
    async with telephone(tmp_path, database_url=database_url) as phone:
        phone.server.calls.stopping.set()
        async with asyncio.timeout(DEADLINE_S):
            while await others_take_calls(database_url):  # noqa: ASYNC110 - the records are asked
                await asyncio.sleep(FAST_POLL_S)
        form = {"CallSid": SID, "From": PERSON, "To": OURS}
        assert "<Reject" in (await posts(phone, "/twilio/voice", form))[1]


async def test_who_rings_is_left_to_another_process_where_there_is_one(
    tmp_path: Path, database_url: str
) -> None:
    async with telephone(tmp_path, database_url=database_url) as staying:
        leaving = telephone(
            tmp_path,
            public_url=staying.url,
            carrier=staying.simulator,
            database_url=database_url,
        )
        async with leaving as asked:
            call_id = await asked.calls("+15550100102")
        assert (await staying.leg("+15550100102"))["status"] in {"queued", "ringing"}
        assert (await staying.asks("POST", f"/api/v1/calls/{call_id}/hang-up"))[0] == 202
        assert (await staying.outcome(call_id)).outcome == "canceled"
        await staying.is_quiet()


async def test_a_process_that_stops_keeps_no_connection_for_the_next_request(
    tmp_path: Path,
) -> None:
    async with telephone(tmp_path) as phone:
        async with phone.http.get(f"{phone.url}/health") as answer:
            assert "connection" not in answer.headers
        phone.server.calls.stopping.set()
        async with phone.http.get(f"{phone.url}/health") as answer:
            assert answer.headers["connection"] == "close"
