"""Deepgram's door and faults, over real sockets: who may enter, how it ends, what goes wrong."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from caller import RATE_HZ, chunks, mulaw, quiet, tone
from simulated import Simulator, simulating
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

from vantum.simulator.latency import PROFILES, Delay
from vantum.simulator.talent import CALLER_LINES
from vantum.wire import deepgram as wire

pytestmark = pytest.mark.anyio

NOVA = f"/v1/listen?model=nova-3&encoding=mulaw&sample_rate={RATE_HZ}&endpointing=300"
NOVA += "&interim_results=true&punctuate=true&vad_events=true"
FLUX = f"/v2/listen?model=flux-general-en&encoding=mulaw&sample_rate={RATE_HZ}"
PATHS = pytest.mark.parametrize("path", [NOVA, FLUX], ids=["nova", "flux"])
KEY = "k-42"


def ring(
    simulator: Simulator, path: str = NOVA, *, scheme: str = "Token", key: str = KEY, **more: Any
) -> connect:
    headers = {"Authorization": f"{scheme} {key}"} if key else {}
    return connect(simulator.ws_url + path, additional_headers=headers, **more)


async def speak(line: ClientConnection, *parts: bytes) -> None:
    for part in parts:
        for chunk in chunks(part, seconds=0.1):
            await line.send(mulaw(chunk))


async def speak_on(line: ClientConnection) -> None:
    """Until the connection ends: on a slow machine not each look at the sound finds words."""
    with suppress(ConnectionClosed):
        while True:
            await speak(line, tone(0.1))
            await asyncio.sleep(0.02)


async def rest(line: ClientConnection) -> list[Any]:
    """All that comes until the connection ends."""
    found = []
    try:
        async with asyncio.timeout(20):
            while True:
                text = await line.recv()
                assert isinstance(text, str)
                found.append(text)
    except ConnectionClosed:
        return found


def finals(texts: list[str]) -> list[str]:
    read = [wire.decode(text) for text in texts]
    results = [one for one in read if isinstance(one, wire.Results) and one.is_final]
    return [one.best.transcript for one in results if one.best.transcript]


def turn_ends(texts: list[str]) -> list[str]:
    return [
        turn["transcript"]
        for turn in map(json.loads, texts)
        if turn["type"] == "TurnInfo" and turn["event"] == "EndOfTurn"
    ]


# -- the door --------------------------------------------------------------------------------------


@PATHS
@pytest.mark.parametrize("scheme", ["Token", "token", "Bearer", "bearer"])
async def test_the_right_key_opens(path: str, scheme: str) -> None:
    async with (
        simulating(api_key=KEY) as simulator,
        ring(simulator, path, scheme=scheme) as line,
    ):
        assert line.response
        assert len(line.response.headers["dg-request-id"]) == 36


async def test_a_browser_shows_its_key_as_a_subprotocol() -> None:
    async with (
        simulating(api_key=KEY) as simulator,
        ring(simulator, key="", subprotocols=["token", KEY]) as line,
    ):
        assert line.subprotocol == "token"


@pytest.mark.parametrize("key", ["wrong", ""])
async def test_a_wrong_key_or_none_is_refused(key: str) -> None:
    async with simulating(api_key=KEY) as simulator:
        with pytest.raises(InvalidStatus) as refused:
            await ring(simulator, key=key)
    response = refused.value.response
    assert response.status_code == 401
    assert response.headers["dg-error"] == "Invalid credentials."
    body = json.loads(response.body or b"")
    assert body["err_code"] == "INVALID_AUTH"
    assert body["request_id"] == response.headers["dg-request-id"]


async def test_anybody_may_enter_where_no_key_was_chosen() -> None:
    async with simulating() as simulator, ring(simulator, key=""):
        assert simulator.stage.counts["deepgram.streams"] == 1


@pytest.mark.parametrize(
    "path",
    [
        "/v1/listen",
        "/v1/listen?model=whatever",
        "/v1/listen?model=nova-3&language=12",
        "/v1/listen?model=nova-3&encoding=mulaw",
        "/v1/listen?model=nova-3&encoding=mp3&sample_rate=8000",
        "/v1/listen?model=nova-3&encoding=mulaw&sample_rate=fast",
        "/v1/listen?model=nova-3&interim_results=perhaps",
        "/v1/listen?model=nova-3&endpointing=soon",
        "/v1/listen?model=nova-3&utterance_end_ms=1000",
        "/v1/listen?model=nova-2&keyterm=Acme",
        "/v2/listen?model=nova-3&encoding=mulaw&sample_rate=8000",
        "/v2/listen?model=flux-general-en",
        FLUX + "&eot_threshold=0.4",
        FLUX + "&eager_eot_threshold=0.8",
        FLUX + "&eot_timeout_ms=100",
        FLUX + "&language_hint=de",
    ],
)
async def test_a_parameter_that_cannot_be_is_refused(path: str) -> None:
    async with simulating() as simulator:
        with pytest.raises(InvalidStatus) as refused:
            await ring(simulator, path)
    response = refused.value.response
    assert response.status_code == 400
    assert response.headers["dg-error"].startswith("Bad Request")


# -- how it ends -----------------------------------------------------------------------------------


async def test_closing_in_order_drains_and_ends_with_1000() -> None:
    async with simulating() as simulator, ring(simulator) as line:
        await speak(line, tone(1.0))
        await line.send(wire.CLOSE_STREAM)
        texts = await rest(line)
        assert finals(texts) == [CALLER_LINES[0]]
        assert isinstance(wire.decode(texts[-1]), wire.Metadata)
        assert line.close_code == 1000


async def test_an_empty_binary_frame_closes() -> None:
    async with simulating() as simulator, ring(simulator) as line:
        await line.send(b"")
        [metadata] = await rest(line)
        assert isinstance(wire.decode(metadata), wire.Metadata)


async def test_sound_that_cannot_be_decoded_ends_with_1008() -> None:
    async with simulating() as simulator, ring(simulator, "/v1/listen?model=nova-3") as line:
        await line.send(b"RIFF")
        await rest(line)
        assert (line.close_code, str(line.close_reason)[:9]) == (1008, "DATA-0000")


async def test_neither_sound_nor_keep_alive_ends_with_1011() -> None:
    hasty = msgspec.structs.replace(PROFILES["fast"], idle_s=0.2)
    async with simulating(profile=hasty) as simulator, ring(simulator) as line:
        loop = asyncio.get_running_loop()
        kept_until_s = loop.time() + 0.4
        while loop.time() < kept_until_s:
            await line.send(wire.KEEP_ALIVE)
            await asyncio.sleep(0.02)
        assert line.close_code is None
        await line.send(wire.FINALIZE)  # neither of the two
        assert await rest(line) == []
        assert (line.close_code, str(line.close_reason)[:8]) == (1011, "NET-0001")


async def test_time_starts_again_on_each_connection() -> None:
    async with simulating() as simulator:
        for _ in range(2):
            async with ring(simulator) as line:
                await speak(line, tone(0.5), quiet(0.4))
                await line.send(wire.CLOSE_STREAM)
                results = [
                    one
                    for one in map(wire.decode, await rest(line))
                    if isinstance(one, wire.Results) and one.is_final
                ]
                assert (results[0].start, results[0].best.transcript) == (0.0, CALLER_LINES[0])


async def test_sound_is_taken_at_the_pace_of_the_profile() -> None:
    slow = msgspec.structs.replace(PROFILES["fast"], ingest_pace=10.0)
    async with simulating(profile=slow) as simulator, ring(simulator) as line:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        await speak(line, tone(3.5))
        await line.send(wire.CLOSE_STREAM)
        assert finals(await rest(line)) == [CALLER_LINES[0]]
        assert loop.time() - began_s > 0.25


async def test_finals_take_the_time_of_the_profile() -> None:
    slow = msgspec.structs.replace(PROFILES["fast"], final=Delay(0.2))
    async with simulating(profile=slow) as simulator, ring(simulator) as line:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        await speak(line, tone(0.5))
        await line.send(wire.CLOSE_STREAM)
        await rest(line)
        assert loop.time() - began_s >= 0.2


async def test_many_lines_are_heard_at_once() -> None:
    async def call(simulator: Simulator) -> list[str]:
        async with ring(simulator) as line:
            await speak(line, tone(0.5), quiet(0.4), tone(0.5))
            await line.send(wire.CLOSE_STREAM)
            return finals(await rest(line))

    async with simulating() as simulator:
        heard = await asyncio.gather(*(call(simulator) for _ in range(20)))
    assert heard == [list(CALLER_LINES[:2])] * 20


# -- faults ----------------------------------------------------------------------------------------


@PATHS
@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("unauthorized", 401),
        ("payment_required", 402),
        ("forbidden", 403),
        ("throttled", 429),
        ("unavailable", 503),
    ],
)
async def test_a_refusal_says_why(path: str, fault: str, status: int) -> None:
    async with simulating() as simulator:
        simulator.breaks("deepgram", fault, seconds=3)
        with pytest.raises(InvalidStatus) as refused:
            await ring(simulator, path)
        response = refused.value.response
        assert response.status_code == status
        assert response.headers["dg-error"] == json.loads(response.body or b"")["err_msg"]
        assert response.headers.get("retry-after") == ("3" if status == 429 else None)
        async with ring(simulator, path):
            pass  # well again


@PATHS
async def test_a_refused_connection_is_cut_before_any_answer(path: str) -> None:
    async with simulating() as simulator:
        simulator.breaks("deepgram", "refused")
        with pytest.raises((InvalidMessage, OSError, EOFError)):
            await ring(simulator, path)


@PATHS
async def test_a_line_may_be_mute_from_the_first(path: str) -> None:
    async with simulating() as simulator:
        simulator.breaks("deepgram", "stall_first")
        async with ring(simulator, path) as line:
            await speak(line, tone(1.0), quiet(1.0))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(line.recv(), 0.1)


@PATHS
async def test_a_line_may_fall_mute_while_somebody_speaks(path: str) -> None:
    async with simulating() as simulator:
        simulator.breaks("deepgram", "stall_middle", skip=1)
        async with ring(simulator, path) as line:
            await speak(line, tone(0.5), quiet(0.5), tone(0.5), quiet(0.5))
            await line.send(wire.CLOSE_STREAM)
            texts: list[str] = []
            with suppress(TimeoutError):
                while True:
                    texts.append(str(await asyncio.wait_for(line.recv(), 0.1)))
            heard = finals(texts) if path is NOVA else turn_ends(texts)
            assert heard == [CALLER_LINES[0]]


@PATHS
async def test_a_line_may_break_while_somebody_speaks(path: str) -> None:
    async with simulating() as simulator:
        simulator.breaks("deepgram", "drop", skip=1)
        async with ring(simulator, path) as line:
            await speak(line, tone(0.5), quiet(0.5))
            texts, _ = await asyncio.gather(rest(line), speak_on(line))
            assert line.close_code == 1011
            heard = finals(texts) if path is NOVA else turn_ends(texts)
            assert heard == [CALLER_LINES[0]]


@PATHS
@pytest.mark.parametrize(
    ("fault", "start"), [("not_json", "<html>"), ("unknown_type", '{"type":"SomethingNew"')]
)
async def test_nonsense_may_come_and_all_goes_on(path: str, fault: str, start: str) -> None:
    async with simulating() as simulator:
        simulator.breaks("deepgram", fault)
        async with ring(simulator, path) as line:
            await speak(line, tone(0.5), quiet(0.5))
            await line.send(wire.CLOSE_STREAM)
            texts = await rest(line)
            nonsense = [text for text in texts if text.startswith(start)]
            assert len(nonsense) == 1
            texts.remove(nonsense[0])
            heard = finals(texts) if path is NOVA else turn_ends(texts)
            assert heard == [CALLER_LINES[0]]


@PATHS
async def test_an_error_may_be_told_before_the_end(path: str) -> None:
    async with simulating() as simulator:
        simulator.breaks("deepgram", "error_event")
        async with ring(simulator, path) as line:
            await speak(line, tone(0.5))
            texts = await rest(line)
            assert json.loads(texts[-1])["type"] == "Error"
            assert line.close_code == 1011


# -- who hears -------------------------------------------------------------------------------------


class Slow:
    """A talent that needs its time, as real speech models do."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    async def words(self, pcm: bytes, rate_hz: int, heard: int) -> str:
        self.asked.append(len(pcm))
        await asyncio.sleep(0.03)
        return CALLER_LINES[heard]

    async def sound(self, text: str) -> bytes:
        raise NotImplementedError


async def test_a_slow_talent_hears_a_growing_utterance_less_often_and_its_end_always() -> None:
    slow = Slow()
    async with simulating(talent=slow) as simulator, ring(simulator) as line:
        await speak(line, tone(4.0), quiet(0.4))
        await line.send(wire.CLOSE_STREAM)
        texts = await rest(line)
    assert finals(texts) == [CALLER_LINES[0]]
    assert len(slow.asked) < len(texts) / 2
    assert slow.asked[-1] == pytest.approx(2 * RATE_HZ * 4.3, rel=0.02)
