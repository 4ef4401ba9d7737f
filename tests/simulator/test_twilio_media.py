"""The media stream: the callee by the clock, our sound in real time, marks and clears."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from caller import mulaw, tone
from our_side import PATIENCE_S, MediaSocket, Rehearsal, eventually, rehearsing

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:twilio"),
]

NUMBER = "+15550100107"  # answers and says nothing
PAUSE = {"act": "pause", "seconds": 0.5}  # in which the stream opens
LETTERS = [
    {"act": "say", "text": "abcdefghijklmnopqrstuvwxyz " * 3},
    {"act": "pause", "seconds": 60},
]


@asynccontextmanager
async def streaming(**casting: Any) -> AsyncIterator[tuple[Rehearsal, MediaSocket]]:
    """An answered call with its sound here."""
    async with rehearsing() as rehearsal:
        if casting:
            await rehearsal.casts(number=NUMBER, **casting)
        await rehearsal.calls(NUMBER)
        yield rehearsal, await rehearsal.us.stream()


def silence(seconds: float) -> bytes:
    return b"\xff" * round(8_000 * seconds)


def numbers(stream: MediaSocket, name: str) -> list[int]:
    return [int(one[name]) for one in stream.sound]


async def test_sound_comes_in_frames_of_20_ms_silence_included() -> None:
    async with streaming() as (_, stream):
        await eventually(lambda: len(stream.sound) >= 50)
        assert numbers(stream, "chunk") == list(range(1, len(stream.sound) + 1))
        assert numbers(stream, "timestamp") == [20 * n for n in numbers(stream, "chunk")]
        assert {b64decode(one["payload"]) for one in stream.sound} == {b"\xff" * 160}
        sequence = [int(one["sequenceNumber"]) for one in stream.messages[1:]]
        assert sequence == list(range(1, len(stream.messages)))
        assert {one["streamSid"] for one in stream.messages[1:]} == {stream.sid}


async def test_sound_plays_in_real_time_and_marks_say_how_far() -> None:
    async with streaming() as (_, stream):
        for number in range(4):
            await stream.plays(mulaw(tone(0.25)), mark=str(number))
        await eventually(lambda: len(stream.marks()) == 4)
        assert stream.marks() == ["0", "1", "2", "3"]
        # Counted in frames of the other direction, which the same clock sends.
        played = [stream.frames_before(mark) for mark in stream.marks()]
        assert played[3] - played[0] == pytest.approx(0.75 / 0.02, abs=2)


async def test_a_mark_behind_nothing_comes_back_at_once() -> None:
    async with streaming() as (_, stream):
        await stream.send({"event": "mark", "mark": {"name": "now"}})
        await eventually(lambda: stream.marks() == ["now"])


async def test_a_clear_gives_all_marks_back_and_what_follows_is_heard_next() -> None:
    async with streaming() as (rehearsal, stream):
        await stream.plays(mulaw(tone(0.3)), mark="a")
        await stream.plays(mulaw(tone(30.0)), mark="b")
        await eventually(lambda: stream.marks() == ["a"])
        await stream.clears()
        await eventually(lambda: stream.marks() == ["a", "b"])
        await stream.plays(mulaw(tone(0.2)), mark="c")
        await eventually(lambda: stream.marks() == ["a", "b", "c"])
        assert (await rehearsal.report(rehearsal.call_sid))["measures"]["sound_s"] < 10
        assert rehearsal.simulator.stage.counts["twilio.clears"] == 1


@pytest.mark.parametrize(
    "frame",
    [
        "no json",
        "{}",
        '{"event":"something","streamSid":"SID"}',
        '{"event":"mark","streamSid":"SID"}',
        '{"event":"media","streamSid":"SID","media":{"payload":"no base64!"}}',
        '{"event":"media","streamSid":"SID","media":{"payload":"AAAA","track":"x"}}',
        '{"event":"clear","streamSid":"MZ0"}',
        b"binary",
    ],
)
async def test_what_cannot_be_read_is_left_out_with_a_warning(frame: str | bytes) -> None:
    async with streaming() as (rehearsal, stream):
        if isinstance(frame, bytes):
            await stream.send_bytes(frame)
        else:
            await stream.send_text(frame.replace("SID", stream.sid))
        await stream.plays(mulaw(tone(0.1)), mark="still here")
        await eventually(lambda: stream.marks() == ["still here"])
        code = "31950" if isinstance(frame, bytes) else "31951"
        assert rehearsal.simulator.stage.counts[f"twilio.{code}"] == 1
        assert (await rehearsal.report(rehearsal.call_sid))["warnings"] == {code: 1}


async def test_more_than_ten_minutes_are_not_kept() -> None:
    async with streaming() as (rehearsal, stream):
        await stream.plays(silence(601.0))
        await eventually(lambda: rehearsal.simulator.stage.counts["twilio.31931"] == 1)


async def test_a_key_that_is_pressed_is_told() -> None:
    script = [PAUSE, {"act": "press", "digits": "1#"}, {"act": "pause", "seconds": 60}]
    async with streaming(script=script) as (_, stream):
        await eventually(lambda: stream.events().count("dtmf") == 2)
        keys = [one["dtmf"] for one in stream.messages if one["event"] == "dtmf"]
        assert keys == [{"track": "inbound_track", "digit": key} for key in "1#"]


async def test_a_hole_in_our_sound_is_found_by_the_callee() -> None:
    async with streaming() as (rehearsal, stream):
        await stream.plays(mulaw(tone(0.2)))
        await eventually(lambda: len(stream.sound) >= 40)
        await stream.plays(mulaw(tone(0.2)), mark="end")
        await eventually(lambda: stream.marks() == ["end"])
        [gap] = (await rehearsal.report(rehearsal.call_sid))["measures"]["gaps"]
        assert gap["length_s"] >= 0.1


# -- the network -----------------------------------------------------------------------------------


async def test_jitter_and_bursts_delay_frames_and_lose_none() -> None:
    weather = {"jitter_s": 0.1, "burst_share": 0.05, "burst_s": 0.2}
    async with streaming(script=LETTERS, weather=weather) as (_, stream):
        await eventually(lambda: len(stream.sound) >= 100)
        assert numbers(stream, "chunk") == list(range(1, len(stream.sound) + 1))
        assert numbers(stream, "timestamp") == [20 * n for n in numbers(stream, "chunk")]


async def test_lost_frames_leave_holes_in_the_time() -> None:
    async with streaming(script=LETTERS, weather={"loss_share": 0.2}) as (_, stream):
        await eventually(lambda: len(stream.sound) >= 60)
        steps = [20 * n for n in numbers(stream, "chunk")]
        assert numbers(stream, "timestamp") != steps
        assert numbers(stream, "timestamp") == sorted(set(numbers(stream, "timestamp")))


async def test_a_socket_that_fails_ends_the_call_when_nothing_follows() -> None:
    async with rehearsing() as rehearsal:
        rehearsal.simulator.breaks("twilio", "drop")
        call = await rehearsal.calls(NUMBER)
        stream = await rehearsal.us.stream()
        await rehearsal.ends(call.sid)
        assert stream.closed
        assert "stop" not in stream.events()


async def test_a_stalled_stream_takes_sound_and_sends_nothing() -> None:
    async with rehearsing() as rehearsal:
        rehearsal.simulator.breaks("twilio", "stall_middle")
        call = await rehearsal.calls(NUMBER)
        stream = await rehearsal.us.stream()
        await eventually(lambda: len(stream.sound) >= 49)
        await stream.plays(mulaw(tone(0.4)), mark="heard")
        async with asyncio.timeout(PATIENCE_S):
            while (await rehearsal.report(call.sid))["measures"]["sound_s"] < 0.4:  # noqa: ASYNC110 - the simulator is asked
                await asyncio.sleep(0.02)
        assert len(stream.sound) < 60
        assert stream.marks() == []


async def test_an_event_that_nobody_knows() -> None:
    async with rehearsing() as rehearsal:
        rehearsal.simulator.breaks("twilio", "unknown_type")
        await rehearsal.calls(NUMBER)
        stream = await rehearsal.us.stream()
        await eventually(lambda: "something_new" in stream.events())


# -- where the sound goes --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ws://vantum.example/media", "31922"),
        ("http://127.0.0.1/media", "31922"),
        ("ws://127.0.0.1:9/media", "31902"),
        ("{us}/nowhere", "31920"),
    ],
)
async def test_a_stream_that_cannot_be_opened_is_over(url: str, code: str) -> None:
    async with rehearsing() as rehearsal:
        us = rehearsal.us
        us.twiml["/voice"] = us.connects().replace(f"{us.ws_url}/media", url.format(us=us.ws_url))
        call = await rehearsal.calls(NUMBER)
        await rehearsal.ends(call.sid)
        assert rehearsal.simulator.stage.counts[f"twilio.{code}"] == 1


async def test_a_query_is_stripped_from_the_address() -> None:
    async with rehearsing() as rehearsal:
        us = rehearsal.us
        us.twiml["/voice"] = us.connects().replace("/media", "/media?token=lost")
        await rehearsal.calls(NUMBER)
        stream = await us.stream()
        assert stream.query == ""
