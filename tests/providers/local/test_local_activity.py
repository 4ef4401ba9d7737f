"""Voice activity: the same judgement however many calls there are and however the sound is cut."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np
import pytest
from conftest_local import at_rate, recording, room

from vantum.audio.vad import VadParams, VoiceEvent
from vantum.conversation.events import SpeechStarted, SpeechStopped, SpeechSustained
from vantum.providers.local.activity import SpeechDetector, VadModel

pytestmark = pytest.mark.local_speech


def judged(play: Callable[[VadModel], Awaitable[None]]) -> None:
    async def scene() -> None:
        model = VadModel()
        await model.load()
        try:
            await play(model)
        finally:
            model.close()

    asyncio.run(scene())


def speech(seconds: float = 3.0) -> bytes:
    return recording("beckett.wav")[: int(seconds * 32_000)]


async def alone(model: VadModel, pcm: bytes, rate_hz: int = 16_000) -> list[float]:
    return await model.probabilities(model.stream(rate_hz), pcm)


def test_speech_is_likely_and_a_room_is_not() -> None:
    async def play(model: VadModel) -> None:
        assert max(await alone(model, speech())) > 0.95
        assert max(await alone(model, room(3))) < 0.3

    judged(play)


@pytest.mark.parametrize("size", [2, 320, 640, 1024, 1600, 40_000])
def test_chunking_changes_nothing(size: int) -> None:
    async def play(model: VadModel) -> None:
        pcm = speech(1.0)
        stream, pieces = model.stream(16_000), []
        for at in range(0, len(pcm), size):
            pieces += await model.probabilities(stream, pcm[at : at + size])
        assert pieces == pytest.approx(await alone(model, pcm), abs=1e-5)

    judged(play)


def test_calls_judged_together_are_judged_as_if_alone() -> None:
    async def play(model: VadModel) -> None:
        calls = [speech(), room(3), speech()[32_000:], room(1) + speech()[:64_000]]
        together = await asyncio.gather(*(alone(model, pcm) for pcm in calls * 3))
        for pcm, probabilities in zip(calls * 3, together, strict=True):
            assert probabilities == pytest.approx(await alone(model, pcm), abs=1e-4)

    judged(play)


def test_rates_may_be_mixed() -> None:
    async def play(model: VadModel) -> None:
        low = at_rate(speech(), 16_000, 8_000)
        together = await asyncio.gather(alone(model, speech()), alone(model, low, 8_000))
        assert together[1] == pytest.approx(await alone(model, low, 8_000), abs=1e-4)
        agree = [(a > 0.5) == (b > 0.5) for a, b in zip(*together, strict=False)]
        assert np.mean(agree) > 0.9

    judged(play)


@pytest.mark.parametrize("peak", [0, 8])
def test_after_a_silence_that_is_not_judged_words_are_judged_as_ever(peak: int) -> None:
    async def play(model: VadModel) -> None:
        word, pause = speech(1.5), scaled(room(2.048), peak)
        stream = model.stream(16_000)
        await model.probabilities(stream, pause)
        assert await model.probabilities(stream, pause) == [0.0] * 64
        first, again = await alone(model, word), await model.probabilities(stream, word)
        agree = [(a > 0.5) == (b > 0.5) for a, b in zip(first, again, strict=True)]
        assert np.mean(agree) > 0.95

    judged(play)


@pytest.mark.parametrize("name", ["beckett.wav", "two_cities.wav", "endgame_nagg_nell.wav"])
def test_what_is_too_quiet_to_be_judged_would_not_be_taken_for_speech(name: str) -> None:
    async def play(model: VadModel) -> None:
        whisper = scaled(recording(name)[: 10 * 32_000], 10)
        # Never quiet for long enough to be spared the network.
        stream, likely = model.stream(16_000), 0.0
        for at in range(0, len(whisper), 5 * 1024):
            stream.quiet = 0
            likely = max(likely, *await model.probabilities(stream, whisper[at : at + 5 * 1024]))
        assert 0 < likely < VadParams().start_probability

    judged(play)


def scaled(pcm: bytes, peak: int) -> bytes:
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    return np.rint(samples / np.abs(samples).max() * peak).astype("<i2").tobytes()


async def detect(model: VadModel, pcm: bytes, rate_hz: int) -> list[VoiceEvent]:
    detector, events = SpeechDetector(model, rate_hz), []
    for at in range(0, len(pcm), size := rate_hz // 50 * 2):
        events += await detector.push(pcm[at : at + size])
    return events


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 24_000, 44_100, 48_000])
def test_starts_and_stops_are_found_at_any_rate(rate_hz: int) -> None:
    async def play(model: VadModel) -> None:
        pcm = at_rate(room(1) + recording("beckett.wav") + room(1), 16_000, rate_hz)
        events = await detect(model, pcm, rate_hz)
        starts = [event.at_s for event in events if isinstance(event, SpeechStarted)]
        stops = [event.at_s for event in events if isinstance(event, SpeechStopped)]
        meant = [event for event in events if isinstance(event, SpeechSustained)]
        assert len(meant) == 6  # short sentences
        assert 6 <= len(starts) == len(stops) <= 7  # a breath between them may be a beginning
        assert all(start < stop for start, stop in zip(starts, stops, strict=True))

    judged(play)


def test_a_closed_call_does_not_hold_up_the_others() -> None:
    async def play(model: VadModel) -> None:
        waiting = asyncio.ensure_future(alone(model, speech()))
        await asyncio.sleep(0)
        waiting.cancel()
        assert max(await alone(model, speech())) > 0.95

    judged(play)


@pytest.mark.parametrize("rate_hz", [11_025, 44_100, 0])
def test_the_network_hears_two_rates(rate_hz: int) -> None:
    with pytest.raises(ValueError, match="8000 or 16000"):
        VadModel().stream(rate_hz)
