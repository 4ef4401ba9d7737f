"""More calls than can be carried: new ones are refused and hear nothing, running ones go on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from phone import OURS, Phone, strained, telephone
from served import eventually

from benchmarks.many_phones import OVER

pytestmark = pytest.mark.anyio
ROOM = 3
LINES = ("What does it cost?",)
TALK = [
    {"act": "pause", "seconds": 0.3},
    {"act": "say", "text": "Hello?"},
    *(act for text in LINES for act in ({"act": "wait"}, {"act": "say", "text": text})),
    {"act": "wait"},
]
OVER_S = 120.0  # by then any call is, on a machine that does much else


async def rings(phone: Phone, number: str) -> str:
    """Somebody calls us and has two things to say; the carrier's name for the call."""
    asked = {
        "to": OURS,
        "from": number,
        "voice_url": f"{phone.url}/twilio/voice",
        "status_url": f"{phone.url}/twilio/status",
        "script": TALK,
    }
    async with phone.http.post(f"{phone.simulator.url}/simulator/calls", json=asked) as answer:
        return str((await answer.json())["sid"])


async def over(phone: Phone, sid: str) -> Any:
    """The call, once the carrier says that it is over."""
    async with asyncio.timeout(OVER_S):
        while (call := await phone.at_the_carrier(sid))["status"] not in OVER:  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # the carrier is asked
    return call


@pytest.mark.parametrize("why", ["all lines are taken", "the machine is too slow"])
async def test_new_calls_are_refused_and_running_ones_are_heard_out(
    tmp_path: Path, why: str
) -> None:
    most = ROOM if why == "all lines are taken" else 100
    async with telephone(tmp_path, vendors=True, max_sessions=most) as phone:
        running = [await rings(phone, f"+1555020000{n}") for n in range(ROOM)]
        await eventually(lambda: len(phone.server.calls) == ROOM)
        for number in range(5):
            if most != ROOM:
                strained(phone.server.calls)
            status, told = await phone.asks("POST", "/api/v1/calls", {"to": "+15550100100"})
            assert status == 503, told
            assert "busy" in told["detail"]
            late = await over(phone, await rings(phone, f"+1555021000{number}"))
            assert (late["measures"] or {"sound_s": 0.0})["sound_s"] == 0.0
        assert phone.server.calls.tally().total == ROOM
        async with phone.http.get(f"{phone.url}/metrics") as page:  # five asked for, five who rang
            assert 'vantum_sessions_refused_total{reason="full"} 10.0' in await page.text()
        for sid in running:
            call = await over(phone, sid)
            assert len(call["said"]) == 1 + len(LINES)
        await phone.is_quiet()


async def test_of_many_who_call_in_the_same_moment_no_more_are_let_in_than_there_is_room_for(
    tmp_path: Path,
) -> None:
    async with telephone(tmp_path, vendors=True, max_sessions=ROOM) as phone:
        sids = await asyncio.gather(*(rings(phone, f"+1555022000{n}") for n in range(3 * ROOM)))
        calls = [await over(phone, sid) for sid in sids]
        heard = [(call["measures"] or {"sound_s": 0.0})["sound_s"] > 0 for call in calls]
        assert heard.count(True) == ROOM
        assert [call["status"] for call in calls].count("busy") == 2 * ROOM
        await phone.is_quiet()
        again = await over(phone, await rings(phone, "+15550220009"))  # their places are free
        assert again["measures"]["sound_s"] > 0
        await phone.is_quiet()
