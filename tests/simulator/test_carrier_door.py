"""The control door: who answers is cast, people call us, and what was heard is told."""

from __future__ import annotations

import io
import wave
from base64 import b64encode

import httpx
import pytest
from msgspec.structs import replace
from our_side import US, Rehearsal, eventually, rehearsing
from starlette.responses import Response

from vantum.audio.pcm import encode_mulaw
from vantum.simulator.latency import PROFILES
from vantum.simulator.tones import heard_in, spoken
from vantum.wire.twilio import RATE_HZ

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:twilio"),
]

CALLER = "+15550100100"


async def test_a_number_is_answered_as_it_was_cast_until_that_is_taken_back() -> None:
    async with (
        rehearsing() as rehearsal,
        httpx.AsyncClient(base_url=rehearsal.simulator.url) as http,
    ):
        await rehearsal.casts(number=CALLER, kind="busy")
        shown = (await http.get("/simulator/callees")).json()
        assert [one["kind"] for one in shown["cast"]] == ["busy"]
        assert shown["by_last_two_digits"]["03"] == "voicemail"
        call = await rehearsal.calls(CALLER)
        await rehearsal.ends(call.sid)
        assert rehearsal.us.statuses()[-1] == "busy"
        assert (await http.delete("/simulator/callees")).status_code == 204
        await rehearsal.calls(CALLER)
        await rehearsal.us.stream()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"number": CALLER, "kind": "nobody"},
        {"number": CALLER, "script": [{"act": "dance"}]},
        {"number": CALLER, "mood": "good"},
    ],
)
async def test_a_casting_that_cannot_be_is_refused(body: dict[str, object]) -> None:
    async with (
        rehearsing() as rehearsal,
        httpx.AsyncClient(base_url=rehearsal.simulator.url) as http,
    ):
        answer = await http.post("/simulator/callees", json=body)
        assert answer.status_code == 400
        assert answer.json()["error"]
        assert (await http.post("/simulator/calls", json=body)).status_code == 400


async def rings_us(rehearsal: Rehearsal, **who: object) -> str:
    us = rehearsal.us
    asked = {"from": CALLER, "to": US, "voice_url": f"{us.url}/voice"}
    async with httpx.AsyncClient(base_url=rehearsal.simulator.url) as http:
        answer = await http.post(
            "/simulator/calls", json={**asked, "status_url": f"{us.url}/status", **who}
        )
        sid: str = answer.json()["sid"]
        return sid


async def test_somebody_calls_us() -> None:
    async with rehearsing() as rehearsal:
        us = rehearsal.us
        sid = await rings_us(rehearsal)
        stream = await us.stream()
        [asked] = us.told("/voice")
        assert (asked["CallSid"], asked["Direction"]) == (sid, "inbound")
        assert (asked["From"], asked["To"], asked["CallStatus"]) == (CALLER, US, "ringing")
        assert stream.messages[1]["start"]["callSid"] == sid
        await rehearsal.client.calls(sid).update_async(status="completed")
        await rehearsal.ends(sid)
        assert us.statuses() == ["completed"]
        assert (await rehearsal.report(sid))["kind"] == "person"


@pytest.mark.parametrize(("reason", "status"), [("busy", "busy"), ("rejected", "no-answer")])
async def test_a_call_to_us_is_refused(reason: str, status: str) -> None:
    async with rehearsing() as rehearsal:
        rehearsal.us.twiml["/voice"] = f'<Response><Reject reason="{reason}"/></Response>'
        sid = await rings_us(rehearsal)
        await rehearsal.ends(sid)
        assert rehearsal.us.statuses() == [status]


async def test_a_call_to_us_that_cannot_be_taken_fails() -> None:
    async with rehearsing() as rehearsal:
        sid = await rings_us(rehearsal, voice_url="http://127.0.0.1:9/voice")
        await rehearsal.ends(sid)
        assert rehearsal.us.statuses() == ["failed"]


async def test_a_call_is_told_with_its_callbacks() -> None:
    async with rehearsing() as rehearsal:
        rehearsal.us.answers["/status"] = Response(status_code=500)
        call = await rehearsal.calls(CALLER)
        await (await rehearsal.us.stream()).close()
        await rehearsal.ends(call.sid)
        await eventually(lambda: rehearsal.simulator.stage.counts["twilio.11200"] == 4)
        report = await rehearsal.report(call.sid)
        assert [(one["event"], one["answer"]) for one in report["events"]] == [
            ("initiated", 500),
            ("ringing", 500),
            ("answered", 500),
            ("completed", 500),
        ]
        assert report["created_at"] <= report["answered_at"] <= report["ended_at"]
        assert report["warnings"] == {"11200": 4}
        async with httpx.AsyncClient(base_url=rehearsal.simulator.url) as http:
            listed = (await http.get("/simulator/calls")).json()
        assert [one["sid"] for one in listed["calls"]] == [call.sid]


async def test_the_callee_may_be_made_to_hang_up() -> None:
    async with (
        rehearsing() as rehearsal,
        httpx.AsyncClient(base_url=rehearsal.simulator.url) as http,
    ):
        call = await rehearsal.calls(CALLER)
        await rehearsal.us.stream()
        assert (await http.delete(f"/simulator/calls/{call.sid}")).status_code == 204
        await rehearsal.ends(call.sid)
        assert rehearsal.us.statuses()[-1] == "completed"


async def test_both_directions_are_recorded_by_one_clock() -> None:
    async with (
        rehearsing() as rehearsal,
        httpx.AsyncClient(base_url=rehearsal.simulator.url) as http,
    ):
        rehearsal.us.twiml["/voice"] = "<Response><Pause/><Say>Good morning.</Say></Response>"
        call = await rehearsal.calls(CALLER)
        await rehearsal.ends(call.sid)
        answer = await http.get(f"/simulator/calls/{call.sid}/recording.wav")
        with wave.open(io.BytesIO(answer.content)) as file:
            assert (file.getnchannels(), file.getframerate()) == (2, RATE_HZ)
            sound = file.readframes(file.getnframes())
        left, right = (one.tobytes() for one in split(sound))
        assert (heard_in(left, RATE_HZ) or "").startswith("Hello?")
        assert heard_in(right, RATE_HZ) == "Good morning."


def split(sound: bytes) -> list[memoryview]:
    samples = memoryview(sound).cast("h")
    return [samples[0::2], samples[1::2]]


async def test_a_text_sounds_as_it_was_said_to_sound() -> None:
    async with (
        rehearsing() as rehearsal,
        httpx.AsyncClient(base_url=rehearsal.simulator.url) as http,
    ):
        rehearsal.us.twiml["/voice"] = '<Response><Pause length="2"/></Response>'
        mulaw = encode_mulaw(spoken("Somebody else.", RATE_HZ))
        voice = {"text": "Hello?", "mulaw": b64encode(mulaw).decode()}
        assert (await http.post("/simulator/voices", json=voice)).status_code == 204
        call = await rehearsal.calls(CALLER)
        await rehearsal.ends(call.sid)
        answer = await http.get(f"/simulator/calls/{call.sid}/recording.wav")
        with wave.open(io.BytesIO(answer.content)) as file:
            left = split(file.readframes(file.getnframes()))[0].tobytes()
        assert (heard_in(left, RATE_HZ) or "").startswith("Somebody")
        refused = await http.post("/simulator/voices", json={"text": "Hello?"})
        assert refused.status_code == 400


async def test_where_nothing_is_recorded_nothing_is_read() -> None:
    async with rehearsing(replace(PROFILES["fast"], recorded_s=0.0)) as rehearsal:
        rehearsal.us.twiml["/voice"] = "<Response><Say>Hi.</Say></Response>"
        call = await rehearsal.calls(CALLER)
        await rehearsal.ends(call.sid)
        report = await rehearsal.report(call.sid)
        assert report["heard"] == []
        assert report["measures"]["sound_s"] > 0


@pytest.mark.parametrize("path", ["", "/recording.wav"])
async def test_an_unknown_call(path: str) -> None:
    async with (
        rehearsing() as rehearsal,
        httpx.AsyncClient(base_url=rehearsal.simulator.url) as http,
    ):
        assert (await http.get(f"/simulator/calls/CA1{path}")).status_code == 404
        assert (await http.delete("/simulator/calls/CA1")).status_code == 404
