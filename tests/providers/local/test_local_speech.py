"""Hearing and speaking with the real models, as a call does."""

from __future__ import annotations

import asyncio
import os
import runpy
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jiwer
import pytest
from conftest_local import at_rate, frames, read_wav, recording, room, with_speech

from vantum.audio import pcm as sound
from vantum.conversation.events import (
    Finalised,
    Hearing,
    SpeechStarted,
    SpeechStopped,
    Transcript,
)
from vantum.providers.base import FINALISE, ListenOptions, VoiceOptions
from vantum.providers.local.client import LocalSpeech
from vantum.providers.local.speech import LocalSpeechToText, LocalTextToSpeech

pytestmark = pytest.mark.local_speech

ROOT = Path(__file__).parents[3]
# A folder of WAV files and a manifest.tsv, whose lines name each and what is said in it.
RECORDINGS = Path(os.environ.get("VANTUM_SPEECH_DIR", ""))
words = runpy.run_path(str(ROOT / "benchmarks" / "local_speech.py"))["words"]


async def heard(speech: LocalSpeech, audio: Any, rate_hz: int = 16_000) -> list[Hearing]:
    events = LocalSpeechToText(speech).listen(audio, ListenOptions(rate_hz))
    return [event async for event in events]


def finals(events: list[Hearing]) -> list[Transcript]:
    return [event for event in events if isinstance(event, Transcript) and event.final]


def text(events: list[Hearing]) -> str:
    return " ".join(final.text for final in finals(events))


async def said(speech: LocalSpeech, *pieces: str) -> list[tuple[int, bytes, bool]]:
    async def written() -> AsyncIterator[str]:
        for piece in pieces:
            yield piece

    spoken = LocalTextToSpeech(speech).speak(written(), VoiceOptions(voice_id="nobody"))
    return [(part.piece, part.pcm, part.last) async for part in spoken]


async def voice(speech: LocalSpeech, line: str) -> bytes:
    """The agent's voice as a caller's, at 16 kHz."""
    pcm = b"".join(pcm for _, pcm, _ in await said(speech, line))
    return room(0.5) + at_rate(pcm, 24_000, 16_000) + room(0.8)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 48_000])
def test_what_is_spoken_is_heard(helper_socket: Path, rate_hz: int) -> None:
    line = "Tuesday at three thirty works for me."

    async def play(speech: LocalSpeech) -> None:
        pcm = at_rate(await voice(speech, line), 16_000, rate_hz)
        events = await heard(speech, frames(pcm, rate_hz), rate_hz)
        assert words(text(events)) == words(line)

    with_speech(helper_socket, play)


def test_speech_is_reported_before_its_words(helper_socket: Path) -> None:
    async def play(speech: LocalSpeech) -> None:
        events = await heard(speech, frames(await voice(speech, "Yes, please.")))
        kinds = [type(event) for event in events]
        assert kinds.index(SpeechStarted) < kinds.index(SpeechStopped) < kinds.index(Transcript)

    with_speech(helper_socket, play)


def test_final_words_cover_the_speech_they_belong_to(helper_socket: Path) -> None:
    async def play(speech: LocalSpeech) -> None:
        line = await voice(speech, "I have a question.")
        events = await heard(speech, frames(line + room(1) + line))
        stops = [event.at_s for event in events if isinstance(event, SpeechStopped)]
        assert len(finals(events)) == len(stops) == 2
        assert all(final.end_s >= stop for final, stop in zip(finals(events), stops, strict=True))

    with_speech(helper_socket, play)


def test_finalising_in_mid_speech_gives_the_words_and_hearing_goes_on(helper_socket: Path) -> None:
    async def play(speech: LocalSpeech) -> None:
        line = await voice(speech, "Please call me back tomorrow.")
        half = line[: len(line) - len(room(0.8))]

        async def audio() -> AsyncIterator[Any]:
            async for item in frames(half, then=FINALISE):
                yield item
            async for item in frames(room(0.8) + line):
                yield item

        events = await heard(speech, audio())
        end = events.index(Finalised())
        assert words(text(events[:end])) == "please call me back tomorrow"
        assert words(text(events[end:])) == "please call me back tomorrow"

    with_speech(helper_socket, play)


def test_finalising_silence_answers_at_once(helper_socket: Path) -> None:
    async def play(speech: LocalSpeech) -> None:
        events = await heard(speech, frames(sound.silence(1, 16_000), then=FINALISE))
        assert events == [Finalised()]

    with_speech(helper_socket, play)


def test_an_odd_byte_and_empty_frames_do_no_harm(helper_socket: Path) -> None:
    async def play(speech: LocalSpeech) -> None:
        line = await voice(speech, "Please call me back tomorrow.")

        async def audio() -> AsyncIterator[bytes]:
            yield b""
            yield line + b"\x00"
            yield b""

        assert words(text(await heard(speech, audio()))) == "please call me back tomorrow"

    with_speech(helper_socket, play)


def test_a_noise_is_no_words(helper_socket: Path) -> None:
    async def play(speech: LocalSpeech) -> None:
        events = await heard(speech, frames(room(5)))
        assert text(events) == ""

    with_speech(helper_socket, play)


def test_a_long_recording_sent_at_once_loses_nothing(helper_socket: Path) -> None:
    """45 s of reading: far beyond what the recogniser takes at a time."""

    async def play(speech: LocalSpeech) -> None:
        events = await heard(speech, frames(recording("two_cities.wav") + room(1)))
        told = words(text(events))
        assert told.startswith("it was the best of times it was the worst of times")
        assert "we had nothing before us" in told
        assert told.endswith("degree of comparison only")
        starts = [final.start_s for final in finals(events)]
        assert starts == sorted(starts)

    with_speech(helper_socket, play)


def test_calls_at_the_same_time_hear_only_themselves(helper_socket: Path) -> None:
    lines = [
        "Please call me back tomorrow.",
        "Yes, please.",
        "I have a question.",
        "Send me an email.",
    ]

    async def play(speech: LocalSpeech) -> None:
        voices = [await voice(speech, line) for line in lines]
        calls = await asyncio.gather(*(heard(speech, frames(pcm)) for pcm in voices))
        assert [words(text(call).replace("-", "")) for call in calls] == [
            words(line) for line in lines
        ]

    with_speech(helper_socket, play)


def test_hanging_up_in_mid_speech_leaves_nothing(helper_socket: Path) -> None:
    async def play(speech: LocalSpeech) -> None:
        before = asyncio.all_tasks()
        line = await voice(speech, "This sentence will not be heard to its end.")
        events = LocalSpeechToText(speech).listen(frames(line), ListenOptions())
        assert isinstance(await anext(events), SpeechStarted)
        await events.aclose()
        assert asyncio.all_tasks() == before

    with_speech(helper_socket, play)


def test_pieces_are_spoken_in_order_each_with_its_end(helper_socket: Path) -> None:
    async def play(speech: LocalSpeech) -> None:
        parts = await said(speech, "Hello there. How are you?", "Fine.")
        assert [(piece, bool(pcm), last) for piece, pcm, last in parts] == [
            (0, True, False),
            (0, True, False),
            (0, False, True),
            (1, True, False),
            (1, False, True),
        ]

    with_speech(helper_socket, play)


@pytest.mark.parametrize("line", ["", " ", "...", "!?", "🙂", "—", "\n\n"])
def test_what_cannot_be_said_is_silence(helper_socket: Path, line: str) -> None:
    async def play(speech: LocalSpeech) -> None:
        assert await said(speech, line) == [(0, b"", True)]

    with_speech(helper_socket, play)


@pytest.mark.parametrize("line", ["Zoë paid €9.99 ½ 😀 <b>", "x" * 6000, "7" * 300, "Привет мир"])
def test_strange_text_is_survived(helper_socket: Path, line: str) -> None:
    async def play(speech: LocalSpeech) -> None:
        assert (await said(speech, line))[-1] == (0, b"", True)

    with_speech(helper_socket, play)


def test_stopping_in_mid_sentence_frees_the_voice(helper_socket: Path) -> None:
    async def play(speech: LocalSpeech) -> None:
        sound_ = speech.speak("One sentence. " * 2_000)
        await anext(sound_)
        await sound_.aclose()
        async with asyncio.timeout(20):  # 2,000 sentences would take 40 s
            assert await said(speech, "Hello.")

    with_speech(helper_socket, play)


@pytest.mark.skipif(
    not (RECORDINGS / "manifest.tsv").is_file(), reason="VANTUM_SPEECH_DIR names no recordings"
)
@pytest.mark.parametrize(("telephone", "at_most"), [(False, 0.10), (True, 0.14)])
def test_word_error_rate(helper_socket: Path, telephone: bool, at_most: float) -> None:
    lines = (RECORDINGS / "manifest.tsv").read_text().splitlines()[1:]
    rows = [line.split("\t")[:2] for line in lines]

    async def play(speech: LocalSpeech) -> None:
        told = []
        for name, _ in rows:
            pcm, rate_hz = read_wav(RECORDINGS / name), 16_000
            if telephone:
                rate_hz = 8_000
                pcm = sound.decode_mulaw(sound.encode_mulaw(at_rate(pcm, 16_000, 8_000)))
            audio = frames(pcm + room(1, rate_hz), rate_hz)
            told.append(words(text(await heard(speech, audio, rate_hz))))
        assert jiwer.wer([words(text_) for _, text_ in rows], told) <= at_most

    with_speech(helper_socket, play)
