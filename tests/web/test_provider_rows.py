"""Rows ST, LL and TT that show only in a whole call: the server, over sockets, on the simulator."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import msgspec
import pytest
from rehearsal import Caller, ask, looked_at, stage
from served import Client, eventually, serving
from simulated import Simulator
from structlog.testing import capture_logs

from vantum.simulator.latency import Delay
from vantum.simulator.talent import Canned

pytestmark = pytest.mark.anyio

SLOW_DOOR = Delay(0.5)


def counts(simulator: Simulator, what: str) -> int:
    return simulator.stage.counts[what]


def slow_to_open(simulator: Simulator) -> None:
    simulator.stage.profile = msgspec.structs.replace(simulator.stage.profile, handshake=SLOW_DOOR)


def streams_open(simulator: Simulator) -> int:
    return counts(simulator, "deepgram.streams") - counts(simulator, "deepgram.ends")


async def metric(port: int, name: str) -> float:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        page = (await http.get("/metrics")).text
    found = [line for line in page.splitlines() if line.startswith(f"{name} ")]
    return float(found[0].split()[-1]) if found else 0.0


async def test_st_01_a_stream_a_recording_and_the_ack_waits_for_none(tmp_path: Path) -> None:
    async with stage(tmp_path, 2.0) as (simulator, settings), serving(**settings) as server:
        await looked_at(simulator)
        asked = counts(simulator, "deepgram.streams")
        slow_to_open(simulator)
        async with server.connect(v2=True) as one, server.connect(v2=True) as two:
            for client in (one, two):
                await client.start(turnDetection="manual")
            opened = counts(simulator, "deepgram.streams")
            assert opened == asked, "the ack waited for the recogniser"
            await eventually(lambda: counts(simulator, "deepgram.streams") == asked + 2)


async def test_st_16_22_streams_end_with_their_calls_however_those_end(tmp_path: Path) -> None:
    async with (
        stage(tmp_path, 2.0) as (simulator, settings),
        serving(**settings, session_sweep_s=0.05) as server,
    ):
        async with server.connect(v2=True) as expired:
            await expired.start()
            await eventually(lambda: streams_open(simulator) == 1)
            [live] = server.calls
            live.session.created_at -= 100_000  # its age limit is long past
            await eventually(lambda: streams_open(simulator) == 0)
        async with server.connect(v2=True) as vanishing:
            await vanishing.start()
            await eventually(lambda: streams_open(simulator) == 1)
            await vanishing.vanishes()
            await eventually(lambda: streams_open(simulator) == 0)
        async with server.connect(v2=True) as left:
            await left.start()
            await eventually(lambda: streams_open(simulator) == 1)
            async with asyncio.timeout(5):
                await server.calls.drain(0)
            assert await left.is_closed() == 1001
        await eventually(lambda: streams_open(simulator) == 0)
        async with server.connect(v2=True, greeted=False) as late:
            assert await late.is_closed() == 1013


async def test_st_19_words_that_nobody_is_sure_of_are_reported(tmp_path: Path) -> None:
    async with stage(tmp_path, 2.0) as (simulator, settings), serving(**settings) as server:
        simulator.stage.talent = Canned(("mumble…",))
        async with server.connect(v2=True) as client:
            await client.start()
            await client.says(1.2)
            await client.is_silent(1.5)
            doubt = await client.hears("transcript.error.low_confidence")
            assert doubt.payload["confidence"] < 0.5


async def test_st_21_ll_25_tt_20_what_providers_did_is_counted(tmp_path: Path) -> None:
    async with stage(tmp_path, 2.0) as (simulator, settings), serving(**settings) as server:
        simulator.breaks("openai", "unavailable")
        async with server.connect(v2=True) as client, in_a_call(client) as caller:
            assert await ask(client, caller, patience_s=30.0)
        await server.is_empty()
        assert await metric(server.port, 'vantum_used_total{what="heard_seconds"}') > 1
        assert await metric(server.port, 'vantum_used_total{what="prompt_tokens"}') > 100
        assert await metric(server.port, 'vantum_used_total{what="spoken_characters"}') > 10
        assert await metric(server.port, 'vantum_faults_total{passing="yes",service="llm"}') == 1


async def test_ll_06_07_21_a_newer_question_replaces_the_older_one(tmp_path: Path) -> None:
    async with stage(tmp_path, 2.0) as (simulator, settings), serving(**settings) as server:
        simulator.breaks("openai", "slow_first_token", seconds=30.0, times=2)
        async with server.connect(v2=True) as client, in_a_call(client) as caller:
            await caller.says_something()
            await client.state("THINKING")
            await caller.says_something()  # the first answer is not there yet
            await client.hears("conversation.response.complete")
            await client.state("LISTENING")
            greeting, answer = client.all("conversation.response.complete")
            assert answer.payload["fullResponse"] != greeting.payload["fullResponse"]
            await eventually(lambda: counts(simulator, "openai.clients_gone") >= 1)
        await server.is_empty()


async def test_tt_09_11_the_next_answer_waits_for_nothing_and_cuts_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path, 2.0) as (_, settings), serving(**settings) as server:
        async with server.connect(v2=True) as client, in_a_call(client) as caller:
            for _ in range(2):
                assert await ask(client, caller, patience_s=30.0)
        names = [f.name for f in client.events if f.name.startswith("audio.output.")]
        shapes = [name for name in names if name != "audio.output.chunk"]
        assert shapes == ["audio.output.start", "audio.output.complete"] * 3


class in_a_call:  # noqa: N801 - reads as a phrase
    """A caller whose microphone is open and who has heard the greeting."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._caller = Caller(client)

    async def __aenter__(self) -> Caller:
        await self._client.start()
        self._microphone = asyncio.get_running_loop().create_task(
            self._caller.run(), name="microphone"
        )
        await self._client.hears("audio.output.complete")
        await self._client.state("LISTENING")
        return self._caller

    async def __aexit__(self, *_: object) -> None:
        self._microphone.cancel()


@pytest.mark.parametrize(
    ("key", "part"),
    [("DEEPGRAM_API_KEY", "stt"), ("OPENAI_API_KEY", "llm"), ("CARTESIA_API_KEY", "tts")],
)
async def test_a_wrong_key_is_named_at_the_start_and_the_others_work(
    key: str, part: str, tmp_path: Path
) -> None:
    async with stage(tmp_path, 2.0, api_key="right") as (_, settings):
        keys = dict.fromkeys(("DEEPGRAM_API_KEY", "OPENAI_API_KEY", "CARTESIA_API_KEY"), "right")
        with capture_logs() as log:
            async with serving(**settings, **(keys | {key: "wrong"})) as server:
                await eventually(lambda: [e for e in log if e["event"] == "part_is_in_trouble"])
                async with server.connect(v2=True) as client:
                    await client.is_alive()
        [line] = [entry for entry in log if entry["event"] == "part_is_in_trouble"]
        assert (line["part"], line["trouble"]) == (part, "fatal")
        assert key in line["why"]
        assert "wrong" not in line["why"]
