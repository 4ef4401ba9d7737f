"""Whoever answers a simulated call behaves so, and a simulated recogniser hears what they say."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from caller import mulaw, tone
from our_side import MediaSocket, Rehearsal, eventually, rehearsing
from websockets.asyncio.client import connect

from vantum.audio.pcm import decode_mulaw
from vantum.simulator.tones import heard_in
from vantum.wire import deepgram as wire

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:twilio"),
]


class Agent:
    """Our end of a call: hears words as they are said, and says something back."""

    def __init__(self, stream: MediaSocket) -> None:
        self.stream = stream
        self._marks = 0

    @property
    def pcm(self) -> bytes:
        return decode_mulaw(b"".join(b64decode(one["payload"]) for one in self.stream.sound))

    @property
    def heard(self) -> str:
        return heard_in(self.pcm, 8_000) or ""

    async def hears(self, words: str) -> None:
        """Wait until these words were said to the end."""
        await eventually(lambda: words in self.heard, 30.0)

    async def speaks(self, seconds: float = 0.5) -> None:
        """Say something, until it was heard."""
        self._marks += 1
        await self.stream.plays(mulaw(tone(seconds)), mark=str(self._marks))
        await eventually(lambda: str(self._marks) in self.stream.marks())


VOICEMAIL = "+15550100103"
STAYS = {"act": "pause", "seconds": 60}
Script = list[dict[str, Any]]


# The first word of one who waits is heard however long the stream took to open.
WAITS = {"act": "wait", "silence_s": 0.3, "patience_s": 60}


def says(*texts: str) -> Script:
    """One who answers each time the agent has spoken."""
    return [*(act for text in texts for act in (WAITS, {"act": "say", "text": text})), STAYS]


GREETING: Script = [
    {"act": "pause", "seconds": 0.3},
    {"act": "say", "text": "Leave word."},
    {"act": "tone"},
    STAYS,
]  # of a voicemail in a hurry


@asynccontextmanager
async def calling(
    number: str, script: Script | None = None
) -> AsyncIterator[tuple[Rehearsal, Agent]]:
    """Somebody has answered."""
    async with rehearsing() as rehearsal:
        if script is not None:
            await rehearsal.casts(number=number, script=script)
        await rehearsal.calls(number)
        yield rehearsal, Agent(await rehearsal.us.stream())


async def test_a_person_says_hello_and_answers_when_the_agent_is_silent() -> None:
    async with calling("+15550100100", says("Hello?", "Who is it?")) as (rehearsal, agent):
        await agent.speaks()
        await agent.hears("Hello?")
        await agent.speaks()
        await agent.hears("Who is it?")
        report = await rehearsal.report(rehearsal.call_sid)
        assert report["kind"] == "person"
        assert [one["text"] for one in report["said"]] == ["Hello?", "Who is it?"]
        assert len(report["measures"]["waits_s"]) == 1
        assert report["measures"]["overlap_s"] < 0.1  # the last letter is read before its end


async def test_a_recogniser_hears_what_a_callee_says() -> None:
    async with calling("+15550100100", says("This is Sam, who is calling?")) as (rehearsal, agent):
        path = "/v1/listen?model=nova-3&encoding=mulaw&sample_rate=8000&punctuate=true"
        await agent.speaks()
        await agent.hears("calling?")
        async with connect(rehearsal.simulator.ws_url + path) as line:
            for one in [*agent.stream.sound]:
                await line.send(b64decode(one["payload"]))
            await line.send(json.dumps({"type": "CloseStream"}))
            heard = [wire.decode(text) async for text in line]
        finals = [one for one in heard if isinstance(one, wire.Results) and one.is_final]
        words = " ".join(one.best.transcript for one in finals)
        assert words.strip() == "This is Sam, who is calling?"


async def test_a_menu_is_left_by_a_key_from_a_redirect() -> None:
    choice = [{"act": "say", "text": "Sales."}, STAYS]
    menu = [WAITS, {"act": "menu", "text": "Press 0.", "choices": {"0": choice}}]
    async with calling("+15550100105", menu) as (rehearsal, agent):
        await agent.speaks()
        await agent.hears("Press 0.")
        connect_again = rehearsal.us.connects().removeprefix("<Response>")
        await rehearsal.client.calls(rehearsal.call_sid).update_async(
            twiml=f'<Response><Play digits="w0"/><Pause/>{connect_again}'
        )
        await rehearsal.us.stream(1)
        report = await rehearsal.report(rehearsal.call_sid)
        assert report["heard_keys"] == "0"
        assert report["said"][-1]["text"] == "Sales."


async def test_one_who_hangs_up_does_so_in_the_middle_of_a_sentence() -> None:
    async with calling("+15550100108") as (rehearsal, agent):
        await agent.stream.plays(mulaw(tone(30.0)), mark="end")
        await rehearsal.ends(rehearsal.call_sid)
        assert agent.stream.events()[-1] == "stop"
        assert "end" not in agent.stream.marks()


async def test_one_who_interrupts_hears_how_long_the_agent_goes_on() -> None:
    script = [{"act": "interrupt", "after_s": 0.5}, {"act": "say", "text": "Wait a bit."}, STAYS]
    async with calling("+15550100110", script) as (rehearsal, agent):
        await agent.stream.plays(mulaw(tone(30.0)))
        await agent.hears("Wait")
        await agent.stream.clears()
        await agent.hears("bit.")
        measures = (await rehearsal.report(rehearsal.call_sid))["measures"]
        [heard_on_s] = measures["heard_on_s"]
        assert 0.2 <= heard_on_s < 20
        assert measures["overlap_s"] == pytest.approx(heard_on_s, abs=0.5)


# -- what the carrier makes of who answered --------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "look", "verdict"),
    [
        ("+15550100100", "Enable", "human"),
        ("+15550100100", "DetectMessageEnd", "human"),
        (VOICEMAIL, "Enable", "machine_start"),
        (VOICEMAIL, "DetectMessageEnd", "machine_end_beep"),
        ("+15550100107", "DetectMessageEnd", "unknown"),
    ],
)
async def test_the_verdict_comes_beside_the_call(number: str, look: str, verdict: str) -> None:
    async with rehearsing() as rehearsal:
        us = rehearsal.us
        if number == VOICEMAIL:
            await rehearsal.casts(number=number, kind="voicemail", script=GREETING)
        call = await rehearsal.calls(
            number,
            machine_detection=look,
            async_amd="true",
            async_amd_status_callback=f"{us.url}/amd",
        )
        agent = Agent(await us.stream())
        await eventually(lambda: us.told("/amd"), 30.0)
        [told] = us.told("/amd")
        assert (told["CallSid"], told["AnsweredBy"]) == (call.sid, verdict)
        assert int(told["MachineDetectionDuration"]) > 0
        if verdict == "machine_end_beep":
            assert agent.heard.endswith("word.")
        assert (await call.fetch_async()).answered_by == verdict


async def test_a_call_that_waits_for_its_verdict_is_fetched_with_it() -> None:
    async with rehearsing() as rehearsal:
        await rehearsal.calls(VOICEMAIL, machine_detection="Enable")
        await rehearsal.us.stream()
        assert rehearsal.us.told("/voice")[0]["AnsweredBy"] == "machine_start"


async def test_keys_leave_no_time_to_detect() -> None:
    async with rehearsing() as rehearsal:
        await rehearsal.calls(VOICEMAIL, machine_detection="Enable", send_digits="1")
        await rehearsal.us.stream()
        assert "AnsweredBy" not in rehearsal.us.told("/voice")[0]


async def test_a_verdict_without_an_address_is_a_warning() -> None:
    async with rehearsing() as rehearsal:
        await rehearsal.calls("+15550100100", machine_detection="Enable", async_amd="true")
        await eventually(lambda: rehearsal.simulator.stage.counts["twilio.21262"] == 1)
