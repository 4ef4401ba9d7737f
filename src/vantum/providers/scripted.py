"""Providers that load no model: a fixed text is heard, a fixed answer given, a tone spoken.

They obey the same Protocols as the real ones and are shipped for tests and examples. Delays,
failures and texts are arguments, so that a test can stage any course of a call.
"""

from __future__ import annotations

import asyncio
import math
import struct
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

from vantum.conversation.events import Finalised, Hearing, Transcript
from vantum.errors import ProviderError
from vantum.providers.base import (
    Action,
    Finalise,
    ListenOptions,
    Prompt,
    Spoken,
    VoiceOptions,
)
from vantum.providers.resources import Resources

HEARD: Final = "hello, can you hear me"
ANSWER: Final = "Yes, I can hear you. What can I do for you today?"
RATE_HZ: Final = 16_000
TONE_HZ: Final = 440
CHUNK_S: Final = 0.1
CHARS_PER_S: Final = 15  # an unhurried speaker


class ScriptedSpeechToText:
    """Hears `text` in every recording that holds any sound, when it is finalised."""

    def __init__(self, text: str = HEARD, *, failure: str = "") -> None:
        self._text = text
        self._failure = failure

    async def listen(
        self, audio: AsyncIterator[bytes | Finalise], options: ListenOptions
    ) -> AsyncGenerator[Hearing, None]:
        """Count the audio; yield the text at each finalisation."""
        if self._failure:
            raise ProviderError(self._failure, service="stt")
        heard_s = begin_s = 0.0
        async for chunk in audio:
            if not isinstance(chunk, Finalise):
                heard_s += len(chunk) / 2 / options.rate_hz
                continue
            if heard_s > begin_s:
                yield Transcript(self._text, final=True, start_s=begin_s, end_s=heard_s)
                begin_s = heard_s
            yield Finalised()


class ScriptedModel:
    """Answers `answer` word by word, or fails."""

    def __init__(
        self,
        answer: str = ANSWER,
        *,
        first_token_s: float = 0.0,
        failure: str = "",
        ends_call: bool = False,
    ) -> None:
        self._answer = answer
        self._first_token_s = first_token_s
        self._failure = failure
        self._ends_call = ends_call

    async def reply(self, prompt: Prompt) -> AsyncGenerator[str | Action, None]:
        """Give the answer, whatever was asked."""
        if self._first_token_s:
            await asyncio.sleep(self._first_token_s)
        if self._failure:
            raise ProviderError(self._failure, service="llm")
        for word in self._answer.split(" "):
            yield word + " "
        if self._ends_call:
            yield Action("end_call")


class ScriptedTextToSpeech:
    """Hums a tone as long as the text would take to say."""

    def __init__(self, *, first_sound_s: float = 0.0, failure: str = "") -> None:
        self._first_sound_s = first_sound_s
        self._failure = failure

    async def speak(
        self, pieces: AsyncIterator[str], options: VoiceOptions
    ) -> AsyncGenerator[Spoken, None]:
        """Yield the tone in chunks of 100 ms."""
        number = 0
        async for text in pieces:
            if self._first_sound_s:
                await asyncio.sleep(self._first_sound_s)
            if self._failure:
                raise ProviderError(self._failure, service="tts")
            for _ in range(math.ceil(len(text) / CHARS_PER_S / CHUNK_S)):
                yield Spoken(number, TONE, RATE_HZ)
            yield Spoken(number, b"", RATE_HZ, last=True)
            number += 1


def _tone() -> bytes:
    count = round(RATE_HZ * CHUNK_S)  # 44 whole periods: chunks join without a click
    samples = (round(8_000 * math.sin(math.tau * TONE_HZ * n / RATE_HZ)) for n in range(count))
    return struct.pack(f"<{count}h", *samples)


TONE: Final = _tone()


def speech_to_text(_resources: Resources) -> ScriptedSpeechToText:
    """Build the provider."""
    return ScriptedSpeechToText()


def language_model(_resources: Resources) -> ScriptedModel:
    """Build the provider."""
    return ScriptedModel()


def text_to_speech(_resources: Resources) -> ScriptedTextToSpeech:
    """Build the provider."""
    return ScriptedTextToSpeech()
