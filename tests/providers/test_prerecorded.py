"""Recorded lines are played from their file, the others spoken by the voice, all in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import msgspec
import pytest

from vantum.agents.recordings import Recording
from vantum.agents.schema import load_agent
from vantum.audio.pcm import Encoding
from vantum.conversation.events import Setback
from vantum.conversation.history import VoicedPiece, heard_text
from vantum.providers.base import Message, Prompt, Spoken, VoiceOptions
from vantum.providers.playbook import PlaybookModel
from vantum.providers.prerecorded import PrerecordedTextToSpeech
from vantum.wav_file import Sound

LINE = "This call is recorded for training."
SOUND = Sound(bytes(range(256)) * 625, 16_000)  # 5 s


class Voice:
    """Says every piece in two parts, and how it was asked to."""

    def __init__(self) -> None:
        self.runs: list[list[str]] = []
        self.ready = False

    async def prewarm(self) -> None:
        self.ready = True

    async def speak(
        self, pieces: AsyncIterator[str], options: VoiceOptions
    ) -> AsyncGenerator[Spoken | Setback, None]:
        run: list[str] = []
        self.runs.append(run)
        async for text in pieces:
            run.append(text)
            yield Spoken(len(run) - 1, text.encode(), 8_000)
            yield Setback("tts", "late", "network")
            yield Spoken(len(run) - 1, b"", 8_000, last=True)


def spoken(voice: Voice, *pieces: str, encoding: Encoding = "s16le") -> list[Spoken]:
    async def given() -> AsyncIterator[str]:
        for piece in pieces:
            yield piece

    async def collect() -> list[Spoken]:
        both = PrerecordedTextToSpeech(voice, {LINE: SOUND})
        await both.prewarm()
        sounds = both.speak(given(), VoiceOptions(encoding=encoding))
        return [sound async for sound in sounds if isinstance(sound, Spoken)]

    return asyncio.run(collect())


def pcm_of(sounds: list[Spoken], piece: int) -> bytes:
    return b"".join(sound.pcm for sound in sounds if sound.piece == piece)


def test_pieces_keep_their_order_and_their_numbers() -> None:
    voice = Voice()
    sounds = spoken(voice, LINE, "one", "two", LINE, LINE, "three")
    assert [sound.piece for sound in sounds if sound.last] == [0, 1, 2, 3, 4, 5]
    assert [pcm_of(sounds, piece) for piece in (1, 2, 5)] == [b"one", b"two", b"three"]
    assert {pcm_of(sounds, piece) for piece in (0, 3, 4)} == {SOUND.pcm}
    assert voice.runs == [["one", "two"], ["three"]]
    assert voice.ready


def test_nothing_at_all_may_be_said() -> None:
    assert spoken(Voice()) == []


def test_a_telephone_gets_what_telephones_take() -> None:
    sounds = spoken(Voice(), LINE, encoding="mulaw")
    assert {(sound.rate_hz, sound.encoding) for sound in sounds} == {(8_000, "mulaw")}
    assert len(pcm_of(sounds, 0)) == 5 * 8_000
    assert max(len(sound.pcm) for sound in sounds) <= 8_000  # far ahead it can be made to wait


def test_the_words_are_spread_over_the_recording() -> None:
    words = [word for sound in spoken(Voice(), LINE) for word in sound.words]
    assert [word.text for word in words] == LINE.split()
    assert words[-1].end_s == pytest.approx(5.0)
    piece = VoicedPiece(LINE, sound_s=1.0, words=words)  # the rest is still to come
    assert heard_text([piece], 2.5) == "This call is"


def test_an_answer_of_the_playbook_has_recorded_lines_in_one() -> None:
    sales = load_agent("sales")
    greeting, asked = Message("assistant", sales.greeting), Message("user", "What is it?")

    def tokens(*says: str) -> list[str]:
        recordings = tuple(Recording(line, "a.wav", SOUND) for line in says)
        model = PlaybookModel(msgspec.structs.replace(sales, recordings=recordings))

        async def collect() -> list[str]:
            reply = model.reply(Prompt("", (greeting, asked)))
            return [token async for token in reply if isinstance(token, str)]

        return asyncio.run(collect())

    usual = tokens()
    told = next(r for r in sales.playbook.replies() if r.id == "what_is_it").say[0]
    assert told in "".join(usual)
    assert told not in usual
    assert told in tokens(told)
    assert "".join(tokens(told)) == "".join(usual)
