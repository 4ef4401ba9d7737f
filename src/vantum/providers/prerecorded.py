"""Which pieces are played from an author's recording; all others are the voice's."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Container, Iterator, Mapping
from contextlib import aclosing
from typing import Final

import msgspec

from vantum.audio.pcm import MULAW_HZ, Encoding, sample_bytes
from vantum.audio.resample import resampler
from vantum.conversation.events import Setback, SpokenWord
from vantum.providers.base import Spoken, TextToSpeech, VoiceOptions, get_ready, rehearse
from vantum.wav_file import Sound

_PART_S: Final = 1.0  # handed over at a time, as a voice that is far ahead is made to wait


class PrerecordedTextToSpeech:
    """Wraps any voice: a piece that there is a recording of is not asked of it."""

    def __init__(self, inner: TextToSpeech, recordings: Mapping[str, Sound]) -> None:
        self._inner = inner
        # Both codings that calls have, made once: converting a minute would hold up other calls.
        codings: tuple[Encoding, ...] = ("s16le", "mulaw")
        self._parts = {
            (text, coding): tuple(_parts(text, sound, coding))
            for text, sound in recordings.items()
            for coding in codings
        }
        self._texts = frozenset(recordings)

    async def prewarm(self) -> None:
        """Have the wrapped one get ready, if it can. Raises ProviderError."""
        await get_ready(self._inner)

    def rehearse(self, options: VoiceOptions) -> None:
        """Have the wrapped one learn its lines, if it can."""
        rehearse(self._inner, options)

    async def speak(
        self, pieces: AsyncIterator[str], options: VoiceOptions
    ) -> AsyncGenerator[Spoken | Setback, None]:
        """As the wrapped one. Raises ProviderError when that fails."""
        done = 0
        text = await anext(pieces, None)
        while text is not None:
            if parts := self._parts.get((text, options.encoding)):
                for part in parts:
                    yield _behind(done, part)
                done, text = done + 1, await anext(pieces, None)
                continue
            run = _Run(text, pieces, self._texts)
            async with aclosing(self._inner.speak(run.pieces(), options)) as sounds:
                async for sound in sounds:
                    yield _behind(done, sound)
            done, text = done + run.given, run.follower


class _Run:
    """Pieces up to the next one that is recorded: the wrapped voice is asked for them at once."""

    def __init__(self, first: str, more: AsyncIterator[str], recorded: Container[str]) -> None:
        self.given = 0
        self.follower: str | None = first  # what comes behind the run, None at the end of all
        self._more = more
        self._recorded = recorded

    async def pieces(self) -> AsyncIterator[str]:
        while self.follower is not None and self.follower not in self._recorded:
            self.given += 1
            yield self.follower
            self.follower = await anext(self._more, None)


def _behind(done: int, sound: Spoken | Setback) -> Spoken | Setback:
    """Numbered from the first piece of all."""
    if isinstance(sound, Setback):
        return sound
    return msgspec.structs.replace(sound, piece=done + sound.piece)


def _parts(text: str, sound: Sound, encoding: Encoding) -> Iterator[Spoken]:
    """The recording as piece 0. What is known of its words comes with the first part."""
    pcm, rate_hz = sound.pcm, sound.rate_hz
    if encoding == "mulaw":
        to_phone = resampler(rate_hz, MULAW_HZ, target="mulaw")
        pcm, rate_hz = to_phone.push(pcm) + to_phone.flush(), MULAW_HZ
    words = tuple(_timed(text, sound.lasts_s))
    step = round(_PART_S * rate_hz) * sample_bytes(encoding)
    for at in range(0, len(pcm), step):
        last = at + step >= len(pcm)
        yield Spoken(0, pcm[at : at + step], rate_hz, last, encoding, () if at else words)


def _timed(text: str, lasts_s: float) -> Iterator[SpokenWord]:
    """The words, each as long as its share of the text."""
    for word in re.finditer(r"\S+", text):
        begin_s, end_s = (at / len(text) * lasts_s for at in word.span())
        yield SpokenWord(word.group(), begin_s, end_s)
