"""Whole calls in less than a second: with hardly any sound, and with none."""

from __future__ import annotations

import httpx
import pytest
from our_side import Rehearsal, eventually, rehearsing

from vantum.simulator.callees import STAYS_S, usual
from vantum.simulator.carrier import Carrier
from vantum.simulator.latency import PROFILES
from vantum.simulator.stage import Stage
from vantum.simulator.talent import Canned
from vantum.simulator.twilio_call import Order

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:twilio"),
]

BRIEF, UNHEARD, MACHINE = "+15550100112", "+15550100113", "+15550100114"
ANSWERED = ["initiated", "ringing", "in-progress", "completed"]


async def calls(rehearsal: Rehearsal, number: str) -> None:
    """A whole call, placed as our server places one."""
    call = await rehearsal.calls(
        number,
        timeout=30,
        machine_detection="DetectMessageEnd",
        async_amd="true",
        async_amd_status_callback=f"{rehearsal.us.url}/amd",
    )
    await rehearsal.ends(call.sid)


async def test_somebody_brief_is_connected_and_leaves() -> None:
    async with rehearsing() as rehearsal:
        await calls(rehearsal, BRIEF)
        stream = await rehearsal.us.stream()
        assert (stream.events()[:2], stream.events()[-1]) == (["connected", "start"], "stop")
        assert rehearsal.us.statuses() == ANSWERED


@pytest.mark.parametrize(("number", "verdict"), [(UNHEARD, "human"), (MACHINE, "machine_end_beep")])
async def test_for_somebody_unheard_the_voice_address_is_asked_and_no_stream_opened(
    number: str, verdict: str
) -> None:
    async with rehearsing() as rehearsal:
        us = rehearsal.us
        await calls(rehearsal, number)
        assert us.statuses() == ANSWERED
        assert [form["AnsweredBy"] for form in us.told("/amd")] == [verdict]
        [voice] = us.told("/voice")
        assert voice["CallStatus"] == "in-progress"
        assert us.sockets == []
        report = await rehearsal.report(rehearsal.call_sid)
        assert report["ended_at"] - report["answered_at"] > STAYS_S - 0.05
        assert (report["measures"], report["warnings"]) == (None, {})


async def test_one_who_is_unheard_leaves_at_once_when_told_to() -> None:
    async with rehearsing() as rehearsal:
        rehearsal.us.twiml["/voice"] = "<Response><Hangup/></Response>"
        await rehearsal.casts(number=UNHEARD, kind="unheard", stays_s=60.0)
        await calls(rehearsal, UNHEARD)
        assert rehearsal.us.statuses() == ANSWERED


async def test_one_who_is_unheard_may_stay_and_be_hung_up_on() -> None:
    async with rehearsing() as rehearsal:
        await rehearsal.casts(number=UNHEARD, kind="unheard", stays_s=60.0)
        call = await rehearsal.calls(UNHEARD)
        await eventually(lambda: rehearsal.us.told("/voice"))
        assert (await call.fetch_async()).status == "in-progress"
        assert (await call.update_async(status="completed")).status == "completed"


async def test_a_range_of_numbers_is_answered_by_a_mix() -> None:
    async with (
        rehearsing() as rehearsal,
        httpx.AsyncClient(base_url=rehearsal.simulator.url) as http,
    ):
        mix = {"prefix": "+1212", "shares": {"busy": 1}}
        assert (await http.post("/simulator/mixes", json=mix)).status_code == 204
        assert (await http.post("/simulator/mixes", json={})).status_code == 400
        assert (await http.get("/simulator/callees")).json()["mixes"][0]["shares"] == {"busy": 1.0}
        await calls(rehearsal, "+12125550113")
        await calls(rehearsal, UNHEARD)
        await rehearsal.casts(number="+12125550113", kind="unreachable")
        await calls(rehearsal, "+12125550113")
        counts = rehearsal.simulator.stage.counts
        ends = {name: n for name, n in counts.items() if ".ended." in name}
        assert ends == {
            "twilio.ended.busy": 1,
            "twilio.ended.completed": 1,
            "twilio.ended.failed": 1,
        }
        await http.delete("/simulator/callees")
        assert (await http.get("/simulator/callees")).json()["mixes"] == []


async def test_of_calls_that_are_over_the_newest_are_kept_and_all_are_counted() -> None:
    stage = Stage(PROFILES["fast"], Canned())
    async with stage.upkeep.open():
        carrier = Carrier(stage, kept=2)
        busy, stays = "+15550100101", usual(UNHEARD)
        talks = carrier.place(Order(to=UNHEARD, from_=busy, twiml="<Response><Pause/></Response>"))
        assert talks.casting == stays
        placed = [carrier.place(Order(to=busy, from_=busy)) for _ in range(3)]
        await eventually(lambda: stage.counts["twilio.ended.busy"] == 3)
        assert [call.sid for call in carrier.newest_first()] == [
            placed[2].sid,
            placed[1].sid,
            talks.sid,
        ]
        assert (carrier.call(placed[0].sid), carrier.active) == (None, 1)
        await eventually(lambda: carrier.active == 0)
        assert carrier.call(talks.sid) is talks
        assert carrier.call(placed[1].sid) is None
