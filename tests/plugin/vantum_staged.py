"""Providers as a third party installs them, which play the part that a setting names.

STT_MODEL, LLM_MODEL and TTS_MODEL are the stage directions; each part stands below once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from vantum.conversation import events as ev
from vantum.providers.base import Action, Finalise, ListenOptions, Prompt, Spoken, VoiceOptions
from vantum.providers.resources import Resources
from vantum.providers.scripted import (
    ScriptedModel,
    ScriptedSpeechToText,
    ScriptedTextToSpeech,
)

BRIEF_ANSWER = "Yes, I can."  # 0.8 s of sound, which tests over real sockets wait for
LONG_ANSWER = " ".join(f"This is sentence number {n} of a long answer." for n in range(40))
SUSTAINED_S = 0.2
SILENCE_S = 0.3


class Alert:
    """Hears speech in every loud sample and a sentence in every stretch of it."""

    async def listen(
        self, audio: AsyncIterator[bytes | Finalise], options: ListenOptions
    ) -> AsyncGenerator[ev.Hearing, None]:
        at_s = 0.0
        begun_s: float | None = None
        loud_s = 0.0
        meant = False
        async for chunk in audio:
            if isinstance(chunk, Finalise):
                yield ev.Finalised()
                continue
            at_s += len(chunk) / 2 / options.rate_hz
            if any(chunk):
                if begun_s is None:
                    begun_s, meant = at_s, False
                    yield ev.SpeechStarted(at_s)
                loud_s = at_s
                if not meant and at_s - begun_s >= SUSTAINED_S:
                    meant = True
                    yield ev.SpeechSustained(at_s, at_s - begun_s)
            elif begun_s is not None and at_s - loud_s >= SILENCE_S:
                yield ev.SpeechStopped(loud_s, loud_s - begun_s, at_s - loud_s)
                if meant:
                    yield ev.Transcript("what does it cost", True, 0.9, begun_s, loud_s)
                begun_s = None


class Ears:
    """A recogniser that never takes its audio, or is defective."""

    def __init__(self, part: str) -> None:
        self._part = part

    async def listen(
        self, audio: AsyncIterator[bytes | Finalise], options: ListenOptions
    ) -> AsyncGenerator[ev.Hearing, None]:
        if self._part == "stuck":
            await asyncio.Event().wait()
        async for _chunk in audio:
            raise LookupError("a defect in the recogniser")
        yield ev.Finalised()


class Mind:
    """A model that never answers, or is defective."""

    def __init__(self, part: str) -> None:
        self._part = part

    async def reply(self, prompt: Prompt) -> AsyncGenerator[str | Action, None]:
        if self._part == "stuck":
            await asyncio.Event().wait()
        yield "Well, "
        raise LookupError("a defect in the model")


class Throat:
    """A voice that is defective."""

    async def speak(
        self, pieces: AsyncIterator[str], options: VoiceOptions
    ) -> AsyncGenerator[Spoken, None]:
        async for _piece in pieces:
            raise LookupError("a defect in the voice")
        yield Spoken(0, b"", 16_000, last=True)


class Echo:
    """Answers with what it was asked, so that a test sees who was asked what."""

    async def reply(self, prompt: Prompt) -> AsyncGenerator[str | Action, None]:
        said = [f"{m.role}: {m.content}" for m in prompt.messages]
        yield f"You said {len(said)} things: {' / '.join(said)}"


class Named:
    """Hears who is speaking: the samples tell, silence tells nothing."""

    async def listen(
        self, audio: AsyncIterator[bytes | Finalise], options: ListenOptions
    ) -> AsyncGenerator[ev.Hearing, None]:
        heard: set[int] = set()
        count = 0
        async for chunk in audio:
            if not isinstance(chunk, Finalise):
                if any(chunk):
                    heard |= set(chunk)
                    count += len(chunk)
                continue
            names = " ".join(map(str, sorted(heard)))
            yield ev.Transcript(f"caller {names} with {count} bytes", True, 1.0)
            yield ev.Finalised()


def speech_to_text(of: Resources) -> object:
    part = of.settings.stt_model
    if part == "alert":
        return Alert()
    if part == "named":
        return Named()
    if part == "down":
        return ScriptedSpeechToText(failure="no recogniser answers at wss://10.0.0.1/?token=sk-1")
    if part in {"stuck", "broken"}:
        return Ears(part)
    return ScriptedSpeechToText()


def language_model(of: Resources) -> object:
    part = of.settings.llm_model
    if part == "down":
        return ScriptedModel(failure="no model answers")
    if part == "leaving":
        return ScriptedModel("Goodbye.", ends_call=True)
    if part == "talkative":
        return ScriptedModel(LONG_ANSWER)
    if part == "echo":
        return Echo()
    if part in {"stuck", "broken"}:
        return Mind(part)
    return ScriptedModel(BRIEF_ANSWER)


def text_to_speech(of: Resources) -> object:
    part = of.settings.tts_model
    if part == "down":
        return ScriptedTextToSpeech(failure="no voice answers")
    if part == "broken":
        return Throat()
    return ScriptedTextToSpeech()
