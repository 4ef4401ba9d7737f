"""Cartesia's own client talks to the simulator unchanged: proof that it is played faithfully."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import cartesia
import pytest
from cartesia import AsyncCartesia
from simulated import Simulator, simulating
from websockets.exceptions import InvalidStatus

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

KYLE = "c961b81c-a935-4c17-bfb3-ba2239de8c2f"
TESSA = "6ccbfb76-1fc6-48f7-b71d-91ac6298247b"
PHONE = {"container": "raw", "encoding": "pcm_mulaw", "sample_rate": 8_000}
PCM = {"container": "raw", "encoding": "pcm_s16le", "sample_rate": 16_000}
DEADLINE_S = 8.0


def client_of(simulator: Simulator, api_key: str = "k") -> AsyncCartesia:
    return AsyncCartesia(
        api_key=api_key,
        base_url=simulator.url,
        websocket_base_url=simulator.ws_url,
        max_retries=0,
    )


@asynccontextmanager
async def connected(simulator: Simulator) -> AsyncIterator[Any]:
    async with client_of(simulator) as client, client.tts.websocket_connect() as connection:
        yield connection


def context(connection: Any, **fields: Any) -> Any:
    fields = {"model_id": "sonic-3.5", "voice": KYLE, "output_format": PHONE} | fields
    return connection.context(language="en", timeout=DEADLINE_S, **fields)


def sound(events: list[Any]) -> bytes:
    return b"".join(event.audio for event in events if event.type == "chunk")


async def test_text_pushed_and_flushed_comes_back_as_sound_then_flush_done_then_done() -> None:
    async with simulating() as simulator, connected(simulator) as connection:
        said = context(connection, max_buffer_delay_ms=3_000, add_timestamps=True)
        await said.push("Hello there. ")
        await said.push("", flush=True)
        await said.push("Goodbye.")
        await said.no_more_inputs()
        events = [event async for event in said.receive()]
    kinds = [event.type for event in events]
    assert kinds[-1] == "done"
    flush_at = kinds.index("flush_done")
    assert events[flush_at].flush_id == 1
    ids = (
        {event.flush_id for event in events[:flush_at]},
        {e.flush_id for e in events[flush_at + 1 : -1]},
    )
    assert ids == ({1}, {2})
    words = [event.word_timestamps for event in events if event.type == "timestamps"]
    assert [word for timed in words for word in timed.words] == ["Hello", "there.", "Goodbye."]
    starts = [start for timed in words for start in timed.start]
    assert starts == sorted(starts)
    assert starts[2] == pytest.approx(13 / 15, abs=0.01)  # of the context, not of the text
    assert len(sound(events)) == pytest.approx(8_000 * 22 / 15, rel=0.01)
    assert all(len(event.audio) % 160 for event in events if event.type == "chunk")


async def test_two_contexts_share_a_socket_and_keep_their_own_order() -> None:
    async with simulating() as simulator, connected(simulator) as connection:
        first = context(connection, max_buffer_delay_ms=0)
        second = context(connection, max_buffer_delay_ms=0, voice={"id": TESSA})
        for word in ("One ", "two ", "three "):
            await first.push(word)
            await second.push(word + word)
        await first.no_more_inputs()
        await second.no_more_inputs()
        ones = [event async for event in first.receive()]
        twos = [event async for event in second.receive()]
    for events in (ones, twos):
        flushes = [event.flush_id for event in events if event.type in ("chunk", "flush_done")]
        assert flushes == sorted(flushes)
        assert set(flushes) == {1, 2, 3}
    assert len(sound(twos)) == pytest.approx(2 * len(sound(ones)), rel=0.01)


async def test_a_cancelled_context_goes_on_with_what_it_is_saying_and_drops_the_rest() -> None:
    async with simulating() as simulator, connected(simulator) as connection:
        said = context(connection, max_buffer_delay_ms=0)
        await said.push("This sentence is being spoken. ")
        await said.push("This one is not any more.")
        events: list[Any] = []
        async for event in said.receive():
            if not events:
                await connection.send({"context_id": event.context_id, "cancel": True})
            events.append(event)
    assert events[-1].type == "done"
    assert len(sound(events)) == pytest.approx(8_000 * 31 / 15, rel=0.01)
    assert simulator.stage.counts["cartesia.cancels"] == 1


async def test_a_socket_is_as_good_as_before_after_a_context_of_it_was_cancelled() -> None:
    async with simulating() as simulator, connected(simulator) as connection:
        said = context(connection, max_buffer_delay_ms=0)
        await said.push("This sentence is being spoken. ")
        await said.cancel()
        other = context(connection)
        await other.push("Hello.", continue_=False)
        events = [event async for event in other.receive()]
    assert [event.type for event in events if event.type != "chunk"] == ["done"]
    assert sound(events)


async def test_recordings_and_event_streams_over_http() -> None:
    async with simulating() as simulator, client_of(simulator) as client:
        request: dict[str, Any] = {
            "model_id": "sonic-3.5",
            "voice": KYLE,
            "transcript": "Hello there.",
        }
        wav = {**PCM, "container": "wav"}
        recording = await client.tts.generate(**request, output_format=wav)
        read = await recording.read()
        stream = await client.tts.generate_sse(**request, output_format=PCM, add_timestamps=True)
        events: list[Any] = [event async for event in stream]
    assert read[:4] == b"RIFF"
    assert len(read) == pytest.approx(2 * 16_000 * 13 / 15 + 44, rel=0.01)
    assert events[-1].type == "done"
    heard = b"".join(base64.b64decode(event.data) for event in events if event.type == "chunk")
    assert heard == read[44:]


async def test_voices_are_listed_page_by_page() -> None:
    async with simulating() as simulator, client_of(simulator) as client:
        voices = [voice async for voice in client.voices.list(limit=1)]
        found = [voice.name async for voice in client.voices.list(q="tess")]
        status = await client.get_status()
        token = await client.access_token.create(grants={"tts": True}, expires_in=60)
    assert {voice.id for voice in voices} >= {KYLE, TESSA}
    assert found == ["Tessa"]
    assert status.ok
    assert token.token


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"model_id": "sonic-2"}, 400, "model_not_found"),
        ({"voice": "nobody"}, 404, "voice_not_found"),
        ({"output_format": {**PCM, "sample_rate": 12_345}}, 400, "invalid_request"),
        ({"output_format": {**PCM, "container": "wav"}}, 400, "invalid_request"),
    ],
)
async def test_a_wrong_request_comes_back_as_an_error_event(
    wrong: dict[str, Any], status: int, code: str
) -> None:
    async with simulating() as simulator, connected(simulator) as connection:
        said = context(connection, **wrong)
        await said.push("Hello.")
        [event] = [event async for event in said.receive()]
    assert (event.type, event.status_code, event.error_code) == ("error", status, code)


async def test_an_unknown_key_is_refused_at_every_door() -> None:
    async with simulating(api_key="right") as simulator:
        async with client_of(simulator, "wrong") as client:
            with pytest.raises(InvalidStatus) as refused:
                async with client.tts.websocket_connect():
                    pass
            with pytest.raises(cartesia.AuthenticationError):
                await client.voices.list()
        assert refused.value.response.status_code == 401
        async with client_of(simulator, "right") as client, client.tts.websocket_connect():
            pass
