"""What the account may do at a time is chosen at the control door, and kept by the carrier."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import httpx
import pytest
from msgspec.structs import replace
from our_side import Rehearsal, eventually, rehearsing
from twilio.base.exceptions import TwilioRestException

from vantum.simulator.latency import PROFILES, Delay

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:twilio"),
]

PERSON, BUSY, UNHEARD = "+15550100100", "+15550100101", "+15550100113"
SLOW = replace(PROFILES["fast"], ring=Delay(30.0))


async def limits(rehearsal: Rehearsal, body: object = None) -> httpx.Response:
    """What is allowed; with a body, choose that first."""
    async with httpx.AsyncClient(base_url=rehearsal.simulator.url) as http:
        if body is not None:
            answer = await http.post("/simulator/limits", json=body)
            if answer.status_code != 204:
                return answer
        return await http.get("/simulator/limits")


async def test_nothing_is_limited_until_it_is_chosen() -> None:
    async with rehearsing() as rehearsal:
        usual = (await limits(rehearsal)).json()
        assert usual == {"calls_per_s": 1_000.0, "calls_at_once": 10_000, "requests_at_once": None}
        chosen = (await limits(rehearsal, {"calls_per_s": 1, "requests_at_once": 3})).json()
        assert chosen == {"calls_per_s": 1.0, "calls_at_once": 10_000, "requests_at_once": 3}
        async with httpx.AsyncClient(base_url=rehearsal.simulator.url) as http:
            assert (await http.delete("/simulator/limits")).status_code == 204
        assert (await limits(rehearsal)).json() == usual


@pytest.mark.parametrize("body", [{"calls_per_s": 0}, {"calls_at_once": "many"}, {"calls": 1}])
async def test_a_limit_that_cannot_be_is_refused(body: dict[str, object]) -> None:
    async with rehearsing() as rehearsal:
        answer = await limits(rehearsal, body)
        assert answer.status_code == 400
        assert answer.json()["error"]


async def test_calls_beyond_the_rate_are_taken_and_begin_one_by_one() -> None:
    async with rehearsing() as rehearsal:
        await limits(rehearsal, {"calls_per_s": 10})
        calls = [await rehearsal.calls(BUSY) for _ in range(4)]
        assert {call.status for call in calls} == {"queued"}
        last = await calls[-1].fetch_async()
        assert (last.status, last.start_time) == ("queued", None)
        for call in calls:
            await rehearsal.ends(call.sid)
        waited = [int((await call.fetch_async()).queue_time) for call in calls]
        assert waited[0] == 0
        assert all(later - sooner >= 50 for sooner, later in pairwise(waited))
        assert rehearsal.us.statuses() == ["initiated", "busy"] * 4


async def test_a_call_that_is_cancelled_in_the_queue_never_rings() -> None:
    async with rehearsing() as rehearsal:
        await limits(rehearsal, {"calls_per_s": 0.001})
        first, second = await rehearsal.calls(BUSY), await rehearsal.calls(PERSON)
        await second.update_async(status="canceled")
        await rehearsal.ends(second.sid)
        await rehearsal.ends(first.sid)
        assert sorted(rehearsal.us.statuses()) == ["busy", "canceled", "initiated"]


async def test_calls_at_once_are_counted_from_the_order_to_the_end() -> None:
    async with rehearsing(SLOW) as rehearsal:
        await limits(rehearsal, {"calls_at_once": 1})
        call = await rehearsal.calls(PERSON)
        with pytest.raises(TwilioRestException) as refused:
            await rehearsal.calls(BUSY)
        assert (refused.value.status, refused.value.code) == (429, 10004)
        await call.update_async(status="canceled")
        await rehearsal.ends((await rehearsal.calls(BUSY)).sid)


async def test_too_many_requests_at_once_are_refused() -> None:
    async with rehearsing() as rehearsal:
        await limits(rehearsal, {"requests_at_once": 1})
        rehearsal.simulator.breaks("twilio", "stall_first", seconds=60.0)
        async with asyncio.TaskGroup() as group:
            stalled = group.create_task(rehearsal.calls(UNHEARD))
            await eventually(lambda: rehearsal.simulator.stage.faults.struck)
            with pytest.raises(TwilioRestException) as refused:
                await rehearsal.calls(BUSY)
            assert (refused.value.status, refused.value.code) == (429, 20429)
            await limits(rehearsal, {"requests_at_once": 2})
            await rehearsal.ends((await rehearsal.calls(BUSY)).sid)
            stalled.cancel()
