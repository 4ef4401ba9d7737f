"""Rows ST that show in a call: what the recogniser is asked and what becomes of its words."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from parrot import MANUAL, Room, room, said, words
from served import eventually

from vantum.wire.deepgram import NovaQuery

pytestmark = pytest.mark.anyio

OK = {"success": True}
MOST_CHARS = 30


@pytest.fixture(scope="module")
async def talk(anyio_backend: object) -> AsyncIterator[Room]:
    """A call of short turns."""
    async with room(stt_max_transcript_length=MOST_CHARS) as found:
        yield found


async def test_st_02_03_the_recogniser_is_asked_as_settings_and_client_say(talk: Room) -> None:
    async with talk.server.connect(v2=True) as client:
        await talk.asks(client, "Hello.")
        await talk.answered(client)
        [usual] = talk.streams()
        await talk.asks(client, "Hallo.", language="de-DE")
        await talk.answered(client)
        [german] = talk.streams()
    assert usual.keyterm  # of the agent file
    assert usual == NovaQuery(
        model="nova-3",
        language="en-US",
        encoding="linear16",
        sample_rate=16_000,
        channels=1,
        interim_results=True,
        smart_format=True,
        punctuate=True,
        endpointing="300",
        vad_events=True,
        utterance_end_ms=1_000,
        keyterm=usual.keyterm,
    )
    assert german.language == "de-DE"


async def test_st_07_no_more_of_a_turn_is_kept_than_the_setting_allows(talk: Room) -> None:
    long = words(20)
    async with talk.server.connect(v2=True) as client:
        assert await talk.answer(client, long) == long[:MOST_CHARS].strip()
    [asked] = talk.chats()
    assert said(asked.messages[-1]) == ("user", long[:MOST_CHARS].strip())


async def test_st_18_words_are_told_while_they_are_said_and_at_the_end(talk: Room) -> None:
    async with talk.server.connect(v2=True) as client:
        await talk.asks(client, "We are twelve people in sales.")
        final = await client.hears("transcript.final.result")
        [before] = client.all("transcript.interim.result")[:1]
    assert (final.payload["text"], final.payload["isFinal"]) == (
        "We are twelve people in sales.",
        True,
    )
    assert client.events.index(before) < client.events.index(final)
    assert before.payload["isFinal"] is False
    assert before.payload["text"]


async def test_st_09_17_every_recording_s_words_count_once(talk: Room) -> None:
    async with talk.server.connect(v2=True) as client:
        for number in range(3):
            await talk.answer(client, f"Recording {number}.")
        finals = [frame.payload["text"] for frame in client.all("transcript.final.result")]
        assert not [frame for frame in client.events if ".error." in frame.name]
    assert finals == [f"Recording {number}." for number in range(3)]


async def test_st_11_a_line_that_breaks_is_replaced_and_no_request_fails(talk: Room) -> None:
    talk.breaks("deepgram", "drop")
    talk.breaks("deepgram", "refused", skip=1, times=2)
    async with talk.server.connect(v2=True) as client:
        assert await talk.answer(client, "We sell boats.") == "We sell boats."
        assert [f.payload["text"] for f in client.all("transcript.final.result")] == [
            "We sell boats."
        ]
        assert not client.all("transcript.error.stt_failed")
    assert len(talk.simulator.stage.faults.struck) == 3


async def test_st_20_without_a_recogniser_requests_are_acked_and_the_client_told(
    talk: Room,
) -> None:
    talk.breaks("deepgram", "refused", times=1_000)
    async with talk.server.connect(v2=True) as client:
        for number in range(2):
            assert (await client.start(**MANUAL)).payload == OK
            await eventually(lambda n=number: len(client.all("transcript.error.stt_failed")) > n)
            assert (await client.ends()).payload == OK
        await client.is_alive()
        talk.simulator.stage.faults.clear()
        assert await talk.answer(client, "Now?") == "Now?"
