"""What a provider must be able to do: hear, answer, speak. One method each.

A provider is a plain object with one async generator. Closing the generator cancels the work and
releases what it holds; there is no other cancel. Deadlines wrap a provider from outside; a provider
itself only speaks its protocol and raises the errors of `vantum.errors` when it cannot go on.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final, Literal, Protocol

from msgspec import Struct

from vantum.conversation.events import Hearing


class Finalise:
    """Sent in place of audio: deliver what is still pending now, then go on listening."""


FINALISE: Final = Finalise()


class ListenOptions(Struct, frozen=True):
    """How a recording is to be heard. Audio is s16le mono at `rate_hz`.

    `automatic`: nobody will say when the caller has finished, so words are wanted at every pause.
    """

    rate_hz: int = 16_000
    language: str = "en-US"
    session_id: str = ""
    automatic: bool = True


class Message(Struct, frozen=True):
    """One turn of the conversation as the model sees it: what was said and heard."""

    role: Literal["user", "assistant"]
    content: str
    interrupted: bool = False


class Action(Struct, frozen=True):
    """Something the model wants done besides talking; `end_call` is the only one so far."""

    name: Literal["end_call"]


class Prompt(Struct, frozen=True):
    """What a model is asked: standing instructions and the conversation, oldest turn first."""

    system: str
    messages: tuple[Message, ...]
    session_id: str = ""


class VoiceOptions(Struct, frozen=True):
    """Which voice is to speak; unknown ids fall back to the provider's default voice."""

    voice_id: str = ""
    language: str = "en-US"
    session_id: str = ""


class Spoken(Struct, frozen=True):
    """Sound of piece number `piece` (counted from 0): s16le mono at `rate_hz`.

    `last` marks the end of the piece; its `pcm` may be empty.
    """

    piece: int
    pcm: bytes
    rate_hz: int
    last: bool = False


class SpeechToText(Protocol):
    """Hears a caller."""

    def listen(
        self, audio: AsyncIterator[bytes | Finalise], options: ListenOptions
    ) -> AsyncGenerator[Hearing, None]:
        """Report speech and words until the audio ends.

        After each FINALISE all pending finals are yielded, then `Finalised()`. The end of `audio`
        ends the generator after the same flush. Raises ProviderError when hearing is lost.
        """
        ...


class LanguageModel(Protocol):
    """Answers a caller."""

    def reply(self, prompt: Prompt) -> AsyncGenerator[str | Action, None]:
        """Yield the answer as it is written. Raises ProviderError when it breaks off."""
        ...


class TextToSpeech(Protocol):
    """Speaks to a caller."""

    def speak(
        self, pieces: AsyncIterator[str], options: VoiceOptions
    ) -> AsyncGenerator[Spoken, None]:
        """Yield sound for each piece in order, as it is made. Raises ProviderError on failure."""
        ...
