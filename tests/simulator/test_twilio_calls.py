"""The life of a simulated call, driven by the vendor's own client and checked by its validator."""

from __future__ import annotations

import pytest
from caller import mulaw, tone
from our_side import eventually, rehearsing

pytestmark = pytest.mark.anyio

PERSON = "+15550100100"


async def test_a_call_rings_is_answered_and_carries_sound_both_ways() -> None:
    async with rehearsing() as rehearsal:
        us = rehearsal.us
        us.twiml["/voice"] = us.connects(token="one-time")
        call = await rehearsal.calls(PERSON)
        assert call.status == "queued"
        stream = await us.stream()
        await eventually(lambda: len(stream.messages) > 60)
        connected, start, *media = stream.messages
        assert (connected["event"], start["event"]) == ("connected", "start")
        assert start["start"]["callSid"] == call.sid
        assert start["start"]["customParameters"] == {"token": "one-time"}
        assert [one["media"]["chunk"] for one in media[:3]] == ["1", "2", "3"]
        await stream.plays(mulaw(tone(0.5)), mark="end")
        await eventually(lambda: stream.marks() == ["end"])
        await (await call.fetch_async()).update_async(status="completed")
        await rehearsal.ends(call.sid)
        assert stream.events()[-1] == "stop"
        assert us.statuses() == ["initiated", "ringing", "in-progress", "completed"]
        assert (await call.fetch_async()).status == "completed"
