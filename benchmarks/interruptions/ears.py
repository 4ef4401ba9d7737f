"""How the caller is heard: words that are known beforehand, or the local recogniser's.

Both run in virtual time. The known words come as a recogniser brings them: the first half of them
at half of the speech, all of them 0.3 s after its end. Where the voice of the agent comes back as
an echo, that is not written down, as a recogniser that only hears the louder voice would not.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from math import ceil
from typing import Final, cast

from msgspec import Struct

from vantum.conversation.events import Finalised, Hearing, Setback, Transcript
from vantum.providers.base import Finalise, ListenOptions, SpeechToText
from vantum.providers.local import engine
from vantum.providers.local.activity import VadModel
from vantum.providers.local.client import LocalSpeech
from vantum.providers.local.speech import LocalSpeechToText

OPENING: Final = "So tell me about it."
FINAL_AFTER_S: Final = 0.3
DECODE_S: Final = 0.15  # what the local recogniser takes for a short utterance on an idle core


class Said(Struct):
    """Words in the recording, in its audio time; `told` counts the reports given of them."""

    text: str
    start_s: float
    end_s: float
    told: int = 0

    @property
    def first_words(self) -> str:
        words = self.text.split()
        return " ".join(words[: ceil(len(words) / 2)])


class KnownWords:
    """Writes what is in `said`, which grows while the caller speaks."""

    def __init__(self, said: list[Said]) -> None:
        self._said = said

    async def listen(
        self, audio: AsyncIterator[bytes | Finalise], options: ListenOptions
    ) -> AsyncGenerator[Hearing, None]:
        heard_s = 0.0
        async for chunk in audio:
            if isinstance(chunk, Finalise):
                for said in self._said:
                    if said.told < 2 and said.end_s <= heard_s:
                        yield self._final(said)
                yield Finalised()
                continue
            heard_s += len(chunk) / options.bytes_per_s
            for said in self._said:
                middle_s = (said.start_s + said.end_s) / 2
                if said.told == 0 and heard_s >= middle_s:
                    said.told = 1
                    words = said.first_words
                    yield Transcript(words, final=False, start_s=said.start_s, end_s=middle_s)
                if said.told == 1 and heard_s >= said.end_s + FINAL_AFTER_S:
                    yield self._final(said)

    def _final(self, said: Said) -> Transcript:
        said.told = 2
        return Transcript(said.text, final=True, start_s=said.start_s, end_s=said.end_s)


class Opened:
    """Another recogniser, which first hears a question that nobody has to speak."""

    def __init__(self, inner: SpeechToText) -> None:
        self._inner = inner

    async def listen(
        self, audio: AsyncIterator[bytes | Finalise], options: ListenOptions
    ) -> AsyncGenerator[Hearing | Setback, None]:
        yield Transcript(OPENING, final=True, end_of_turn=True)
        async for finding in self._inner.listen(audio, options):
            yield finding


class _InProcess:
    """The recogniser of the helper process, in this one and in virtual time."""

    def __init__(self, vad: VadModel, recognise: engine.Recognise) -> None:
        self.vad = vad
        self._recognise = recognise
        self._streams = 0

    def new_stream(self) -> int:
        self._streams += 1
        return self._streams

    def recognise(
        self,
        pcm: bytes,
        *,
        stream: int,  # noqa: ARG002 - there is one queue
        interim: bool,  # noqa: ARG002 - and nothing to overtake in it
    ) -> asyncio.Future[str | None]:
        loop = asyncio.get_running_loop()
        words: asyncio.Future[str | None] = loop.create_future()
        text = self._recognise(pcm)
        loop.call_later(DECODE_S, _answer, words, text)
        return words


def _answer(words: asyncio.Future[str | None], text: str) -> None:
    if not words.done():
        words.set_result(text)


def local_ears(vad: VadModel, recognise: engine.Recognise) -> SpeechToText:
    """The local recogniser, decoding at once, whose words come after DECODE_S."""
    # only these three of its parts are used for hearing
    return LocalSpeechToText(cast(LocalSpeech, _InProcess(vad, recognise)))
