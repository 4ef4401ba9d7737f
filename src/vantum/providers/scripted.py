"""Providers that load no model: a fixed text is heard, a fixed answer given, a tone spoken.

They obey the same Protocols as the real ones and are shipped for tests and examples. Delays,
failures and texts are arguments, so that a test can stage any course of a call.
"""

from __future__ import annotations

import asyncio
import audioop
import math
import struct
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

from vantum.audio.pcm import duration_s
from vantum.audio.resample import resampler
from vantum.audio.vad import VadParams, VoiceActivity
from vantum.conversation.events import (
    Finalised,
    Hearing,
    SpeechStarted,
    SpeechStopped,
    SpeechSustained,
    Transcript,
)
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
LOUD: Final = 300  # RMS of s16: a quiet voice has 1,000, a quiet room 50
RATE_HZ: Final = 16_000
TONE_HZ: Final = 440
CHUNK_S: Final = 0.1
CHARS_PER_S: Final = 15  # an unhurried speaker


class ScriptedSpeechToText:
    """Hears `text` in every stretch of sound; loud is taken for speech.

    Where the client ends turns, a recording holds one such stretch; else silence ends it.
    """

    def __init__(self, text: str = HEARD, *, failure: str = "") -> None:
        self._text = text
        self._failure = failure

    async def listen(
        self, audio: AsyncIterator[bytes | Finalise], options: ListenOptions
    ) -> AsyncGenerator[Hearing, None]:
        """Report sound as speech, and the text when it ends or is finalised."""
        if self._failure:
            raise ProviderError(self._failure, service="stt", trouble="fatal")
        loudness = _Loudness(options.rate_hz)
        linear = resampler(options.rate_hz, options.rate_hz, options.encoding)
        begin_s, answered = 0.0, False
        async for chunk in audio:
            if isinstance(chunk, Finalise):
                if loudness.heard_s > begin_s and (loudness.speaking or not answered):
                    yield self._words(begin_s, loudness.heard_s)
                    begin_s = loudness.heard_s
                yield Finalised()
                continue
            for event in loudness.take(linear.push(chunk)):
                yield event
                if options.automatic and isinstance(event, SpeechStopped):
                    yield self._words(begin_s, event.at_s)
                    begin_s, answered = loudness.heard_s, True

    def _words(self, start_s: float, end_s: float) -> Transcript:
        return Transcript(self._text, final=True, start_s=start_s, end_s=end_s)


class _Loudness:
    """Voice activity without a model."""

    def __init__(self, rate_hz: int) -> None:
        self.heard_s = 0.0
        self._rate_hz = rate_hz
        self._params = VadParams()
        self._window = 2 * round(rate_hz * self._params.window_s)
        self._activity = VoiceActivity(self._params)
        self._rest = b""

    @property
    def speaking(self) -> bool:
        return self._activity.speaking

    def take(self, chunk: bytes) -> list[SpeechStarted | SpeechSustained | SpeechStopped]:
        self.heard_s += duration_s(chunk, self._rate_hz)
        pcm = self._rest + chunk
        whole = len(pcm) - len(pcm) % self._window
        self._rest = pcm[whole:]
        events = []
        for at in range(0, whole, self._window):
            loud = audioop.rms(pcm[at : at + self._window], 2) > LOUD
            events += self._activity.push(float(loud))
        return events


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
            raise ProviderError(self._failure, service="llm", trouble="fatal")
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
                raise ProviderError(self._failure, service="tts", trouble="fatal")
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
