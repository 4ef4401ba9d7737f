"""What a provider must be able to do: hear, answer, speak. One method each.

A provider is a plain object with one async generator. Closing the generator cancels the work and
releases what it holds; there is no other cancel. Deadlines wrap a provider from outside; a provider
itself only speaks its protocol and raises the errors of `vantum.errors` when it cannot go on.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import Final, Literal, Protocol, runtime_checkable

from msgspec import Struct

from vantum.audio.echo import Played
from vantum.audio.pcm import Encoding, sample_bytes
from vantum.conversation.events import Hearing, Setback, SpokenWord


class Finalise:
    """Sent in place of audio: deliver what is still pending now, then go on listening."""


FINALISE: Final = Finalise()


Take = Callable[[bytes | Finalise | None], bool]
"""Takes a piece of sound without waiting; False where it cannot."""


@runtime_checkable
class Sound(Protocol):
    """Sound that can be asked for again after a wait was called off, which ends a generator."""

    async def get(self) -> bytes | Finalise | None:
        """The next piece; None at the end. A wait that is cancelled loses nothing."""
        ...

    def hand_to(self, take: Take | None) -> None:
        """Let `take` have at once what comes while a `get` waits; False: it is to be got."""
        ...


class Pieces(Sound, Protocol):
    """Sound that may be iterated as well: its `get`, until the end."""

    def __aiter__(self) -> AsyncIterator[bytes | Finalise]:
        return self

    async def __anext__(self) -> bytes | Finalise:
        chunk = await self.get()
        if chunk is None:
            raise StopAsyncIteration
        return chunk


class ListenOptions(Struct, frozen=True):
    """How a recording is to be heard. Audio is mono at `rate_hz`; mulaw is G.711 at 8000 Hz.

    `automatic`: nobody will say when the caller has finished, so words are wanted at every pause.
    `key_terms` are names and words that a recogniser would not expect. `again`: a connection was
    lost in mid-recording, so there is little time for a new one. `played` is what may come back as
    an echo.
    """

    rate_hz: int = 16_000
    language: str = "en-US"
    session_id: str = ""
    automatic: bool = True
    encoding: Encoding = "s16le"
    key_terms: tuple[str, ...] = ()
    again: bool = False
    played: Played | None = None

    @property
    def bytes_per_s(self) -> int:
        """Of the audio."""
        return self.rate_hz * sample_bytes(self.encoding)


class Message(Struct, frozen=True):
    """One turn of the conversation as the model sees it: what was said and heard."""

    role: Literal["user", "assistant"]
    content: str
    interrupted: bool = False


ActionName = Literal["end_call", "opt_out", "transfer_call", "press_keys"]
ALWAYS: Final[frozenset[ActionName]] = frozenset({"end_call", "opt_out"})


class Action(Struct, frozen=True):
    """Something the model wants done besides talking, after what it says has been heard.

    `argument`: of `press_keys`, the keys: 0-9, *, #, and w for half a second's pause; of
    `transfer_call`, who calls and why.
    """

    name: ActionName
    argument: str = ""


class Form(Struct, frozen=True):
    """An answer that is to be one JSON object: words to choose from, and texts, by field."""

    name: str
    choices: Mapping[str, tuple[str, ...]]
    texts: Mapping[str, str]  # what each is


class Prompt(Struct, frozen=True):
    """What a model is asked: standing instructions and the conversation, oldest turn first.

    `actions` are what it may do besides talking. `form` is what an answer that nobody
    hears must look like. `known` is what a contact list told of the caller.
    """

    system: str
    messages: tuple[Message, ...]
    session_id: str = ""
    actions: frozenset[ActionName] = ALWAYS
    form: Form | None = None
    known: Mapping[str, str] = {}


class Usage(Struct, frozen=True):
    """What an answer has cost in tokens, told at its end by models that count them."""

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0  # of the prompt's


class VoiceOptions(Struct, frozen=True):
    """Which voice is to speak; unknown ids fall back to the provider's default voice.

    `encoding` and `rate_hz` are what the transport would like; a voice may answer in s16le at a
    rate of its own.
    """

    voice_id: str = ""
    language: str = "en-US"
    session_id: str = ""
    encoding: Encoding = "s16le"
    rate_hz: int = 16_000


class Spoken(Struct, frozen=True):
    """Sound of piece number `piece` (counted from 0): mono at `rate_hz`, s16le unless it says so.

    `last` marks the end of the piece; its `pcm` may be empty. `words` are the timings that became
    known with it, each told once.
    """

    piece: int
    pcm: bytes
    rate_hz: int
    last: bool = False
    encoding: Encoding = "s16le"
    words: tuple[SpokenWord, ...] = ()


class SpeechToText(Protocol):
    """Hears a caller."""

    def listen(
        self, audio: AsyncIterator[bytes | Finalise], options: ListenOptions
    ) -> AsyncGenerator[Hearing | Setback, None]:
        """Report speech and words until the audio ends.

        After each FINALISE all pending finals are yielded, then `Finalised()`. The end of `audio`
        ends the generator after the same flush. Raises ProviderError when hearing is lost.
        """
        ...


class LanguageModel(Protocol):
    """Answers a caller."""

    def reply(self, prompt: Prompt) -> AsyncGenerator[str | Action | Usage | Setback, None]:
        """Yield the answer as it is written. Raises ProviderError when it breaks off."""
        ...


class TextToSpeech(Protocol):
    """Speaks to a caller."""

    def speak(
        self, pieces: AsyncIterator[str], options: VoiceOptions
    ) -> AsyncGenerator[Spoken | Setback, None]:
        """Yield sound for each piece in order, as it is made. Raises ProviderError on failure."""
        ...


@runtime_checkable
class Prewarmed(Protocol):
    """A provider that can get ready before it is needed; not all can."""

    async def prewarm(self) -> None:
        """Connect ahead. Raises ProviderError where that shows that something is wrong."""
        ...


async def get_ready(provider: object) -> None:
    """Have a provider connect ahead, if it can. Raises ProviderError."""
    if isinstance(provider, Prewarmed):
        await provider.prewarm()


@runtime_checkable
class Rehearsed(Protocol):
    """A voice that can learn what every call says before there is one."""

    def rehearse(self, options: VoiceOptions) -> None:
        """Begin to, if it is not done yet; nobody waits for it."""
        ...


def rehearse(voice: object, options: VoiceOptions) -> None:
    """Have a voice learn what it will say, if it can."""
    if isinstance(voice, Rehearsed):
        voice.rehearse(options)
