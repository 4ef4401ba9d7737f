"""Rows TT that show in a call: what the voice is asked, and what is heard when it breaks."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from parrot import PATIENT, Room, room, sound_of, words
from served import Client, Frame, eventually

from vantum.wire.cartesia import OutputFormat

pytestmark = pytest.mark.anyio

both = pytest.mark.parametrize("v2", [False, True], ids=["legacy", "v2"])
KYLE = "c961b81c-a935-4c17-bfb3-ba2239de8c2f"
TESSA = "6ccbfb76-1fc6-48f7-b71d-91ac6298247b"
SENTENCES = [f"This is the sentence number {n}." for n in range(1, 4)]  # of six words
TEXT = " ".join(SENTENCES)
WORD_S = 0.08
FALLBACK = "Once more?"


@pytest.fixture(scope="module")
async def talk(anyio_backend: object) -> AsyncIterator[Room]:
    """An agent with a fallback that it has not learnt in every voice."""
    async with room(llm_fallback_tier1=FALLBACK) as found:
        yield found


def heard(client: Client) -> list[Frame]:
    """The sound and what frames it."""
    parts = [client.wire_name(f"audio.output.{part}") for part in ("start", "chunk", "complete")]
    return [frame for frame in client.events if frame.name in parts]


def is_whole(client: Client) -> bool:
    """Each answer is a start, its sound, and a completion, all of one utterance."""
    frames = heard(client)
    starts = [n for n, frame in enumerate(frames) if frame.name.endswith("start")]
    answers = [frames[a:b] for a, b in zip(starts, [*starts[1:], len(frames)], strict=True)]
    return all(
        len({frame.payload["utteranceId"] for frame in answer}) == 1
        and answer[-1].name.endswith("complete")
        and all(frame.name.endswith("chunk") for frame in answer[1:-1])
        for answer in answers
    )


async def test_tt_02_the_voice_is_asked_as_the_settings_say(talk: Room) -> None:
    async with talk.server.connect(v2=True) as client:
        await talk.answer(client, "Hello there.")
    [asked] = talk.spoken()
    assert (asked.model_id, asked.voice, asked.transcript) == ("sonic-3.5", KYLE, "Hello there. ")
    assert (asked.language, asked.output_format) == ("en", OutputFormat("pcm_s16le", 16_000))
    assert asked.context_id


async def test_tt_03_04_each_client_is_answered_in_its_own_voice(talk: Room) -> None:
    async with (
        talk.server.connect(v2=True) as one,
        talk.server.connect(v2=True) as other,
    ):
        await talk.asks(one, "First caller.")
        await talk.answered(one)
        assert {request.voice for request in talk.spoken()} == {KYLE}
        talk.breaks("openai", "unavailable", times=2)
        await talk.asks(other, "Second caller.", voiceId=TESSA)
        assert await talk.answered(other) == FALLBACK
        assert FALLBACK in talk.pieces()
        assert {request.voice for request in talk.spoken()} == {TESSA}
        await talk.asks(other, "Second caller.", voiceId=TESSA)
        await talk.answered(other)
        assert {request.voice for request in talk.spoken()} == {TESSA}
        await talk.asks(one, "Third question.")
        await talk.answered(one)
        voices = {request.transcript.strip(): request.voice for request in talk.spoken()}
        assert voices["Third question."] == KYLE
    await talk.is_quiet()


@both
async def test_tt_05_06_an_answer_is_one_utterance_of_sound_for_browsers(
    talk: Room, v2: bool
) -> None:
    async with talk.server.connect(v2=v2) as client:
        await talk.answer(client, TEXT, word_s=WORD_S)
        assert is_whole(client)
        start, *sound, complete = heard(client)
    assert start.payload["utteranceId"] == complete.payload["utteranceId"]
    for frame in sound:
        assert frame.payload["sampleRate"] == 48_000
        assert frame.payload["audio"]
        assert len(frame.payload["audio"]) % 2 == 0
    assert sound_of(sound) == pytest.approx(WORD_S * len(TEXT.split()), abs=0.1)


async def test_tt_11_17_without_a_voice_answers_are_read_and_with_it_heard_again(
    talk: Room,
) -> None:
    async with talk.server.connect(v2=True) as client:
        await talk.cut_off()
        talk.breaks("cartesia", "refused", times=1_000)
        for number in range(2):
            line = f"Question {number}."
            assert await talk.answer(client, line) == line
            await client.is_alive()
        assert client.all("error.service.tts_unavailable")
        assert not client.all("audio.output.chunk")
        talk.simulator.stage.faults.clear()
        assert await talk.answer(client, TEXT) == TEXT
        sound = client.all("audio.output.chunk")
        assert sound_of(sound) == pytest.approx(0.02 * len(TEXT.split()), abs=0.1)
        states = [f.payload["to"] for f in client.all("conversation.state.changed")]
    assert states == ["LISTENING", *["THINKING", "RESPONDING", "LISTENING"] * 3]


async def test_tt_12_an_interrupted_answer_is_cancelled_and_never_complete(talk: Room) -> None:
    cancels = talk.count("cartesia.cancels")
    async with talk.server.connect(v2=True) as client:
        await talk.asks(client, words(300), word_s=WORD_S)  # more sound than is made ahead
        begun = await client.hears("audio.output.chunk")
        await client.until(lambda: len(client.all(begun.name)) >= 6, "sound")  # some is heard
        await client.asks("user.action.interrupt")
        await client.hears("audio.output.cancel")
        await eventually(lambda: talk.count("cartesia.cancels") == cancels + 1)
        silent = len(client.events)
        assert await talk.answer(client, "Next.") == "Next."
        late = [f.payload.get("utteranceId") for f in client.events[silent:]]
        assert begun.payload["utteranceId"] not in late
        assert len(client.all("audio.output.complete")) == 1


async def losing_its_voice(talk: Room, client: Client, *, refusals: int) -> float:
    """An answer whose connection is lost in the second of its pieces; returns its sound."""
    await talk.answer(client, "Hello.")  # so that the next one needs no door
    heard_before = len(client.all("audio.output.chunk"))
    talk.breaks("cartesia", "drop", skip=1)
    talk.breaks("cartesia", "refused", times=refusals)
    talk.simulator.stage.moments.clear()
    assert await talk.answer(client, TEXT, word_s=WORD_S) == TEXT
    assert not talk.simulator.stage.faults.armed
    assert is_whole(client)
    return sound_of(client.all("audio.output.chunk")[heard_before:])


async def test_tt_13_14_a_lost_connection_is_replaced_and_all_that_waits_is_spoken(
    talk: Room,
) -> None:
    async with talk.server.connect(v2=True) as client:
        sound_s = await losing_its_voice(talk, client, refusals=3)
    # Of a word that was cut, a part is heard twice, or its last breath not at all.
    assert sound_s == pytest.approx(WORD_S * len(TEXT.split()), abs=2 * WORD_S)
    waits_s = talk.waits_between("socket_asked")
    assert len(waits_s) == 3
    for waited_s, least_s in zip(waits_s, PATIENT.tts_waits_s, strict=True):
        assert waited_s > 0.9 * least_s


async def test_tt_14_an_answer_that_loses_its_voice_is_completed_as_text(talk: Room) -> None:
    async with talk.server.connect(v2=True) as client:
        sound_s = await losing_its_voice(talk, client, refusals=4)
        assert sound_s < 0.7 * WORD_S * len(TEXT.split())
        assert client.all("error.service.tts_unavailable")
        assert await talk.answer(client, "Again.") == "Again."


@pytest.mark.parametrize(
    ("fault", "tries", "wait_s"),
    [
        ("unauthorized", 1, 0.0),
        ("forbidden", 1, 0.0),
        ("throttled", 2, PATIENT.tts_throttled_s),
        ("unavailable", 3, PATIENT.tts_waits_s[0]),
    ],
)
async def test_tt_16_what_cannot_pass_is_not_tried_again_and_the_rest_in_its_time(
    talk: Room, fault: str, tries: int, wait_s: float
) -> None:
    async with talk.server.connect(v2=True) as client:
        await talk.cut_off()
        talk.breaks("cartesia", fault, times=max(1, tries - 1))
        assert await talk.answer(client, TEXT) == TEXT
        is_spoken = bool(client.all("audio.output.chunk"))
    assert is_spoken == (tries > 1)
    waits_s = talk.waits_between("socket_asked")
    assert len(waits_s) == tries - 1
    assert all(waited_s > 0.9 * wait_s for waited_s in waits_s[-1:])
