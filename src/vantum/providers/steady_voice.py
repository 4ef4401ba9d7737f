"""How a voice that is late, stalls or breaks off is mended without a sentence lost or repeated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final

import msgspec

from vantum.alarm import Patience
from vantum.conversation.events import Setback, SpokenWord
from vantum.conversation.history import VoicedPiece, heard_text
from vantum.errors import ProviderError, ProviderTimeout
from vantum.limits import PIECES, Budgets
from vantum.providers.base import Spoken, TextToSpeech, VoiceOptions, get_ready
from vantum.providers.phrases import Phrases
from vantum.providers.resilience import next_wait_s, setback, speaking_waits
from vantum.providers.resources import Upkeep
from vantum.pulse import Pulse

_BREATH_S: Final = 1.0  # of silence between two fillers, and none is said into a shorter one


class SteadyTextToSpeech:
    """Wraps any voice: says known phrases from memory, and goes on from the last word elsewhere."""

    def __init__(
        self,
        inner: TextToSpeech,
        budgets: Budgets,
        phrases: Phrases,
        upkeep: Upkeep,
        *,
        pulse: Pulse | None = None,
    ) -> None:
        self._inner = inner
        self._pulse = pulse or Pulse()
        self._budgets = budgets
        self._phrases = phrases
        self._upkeep = upkeep

    async def prewarm(self) -> None:
        """Have the wrapped one get ready, if it can. Raises ProviderError."""
        await get_ready(self._inner)

    def rehearse(self, options: VoiceOptions) -> None:
        """Learn the fixed phrases while the phone rings, so that the first call begins at once."""
        sounding = msgspec.structs.replace(options, session_id="")  # what phrases are kept under
        if self._phrases.are_new(sounding):
            self._upkeep.start("phrases", self._learn(sounding))

    async def speak(
        self, pieces: AsyncIterator[str], options: VoiceOptions
    ) -> AsyncGenerator[Spoken | Setback, None]:
        """As the wrapped one. Raises ProviderError when all tries fail."""
        sounding = msgspec.structs.replace(options, session_id="")
        number = 0
        line = _Line(self._inner, options, self._budgets)
        try:
            async for text in pieces:
                async with aclosing(self._piece(text, sounding, line)) as sounds:
                    async for sound in sounds:
                        yield _numbered(sound, number)
                number += 1
                self.rehearse(options)  # not before: nobody may wait for the sake of others
        finally:
            await line.close()

    async def _piece(
        self, text: str, options: VoiceOptions, line: _Line
    ) -> AsyncGenerator[Spoken | Setback, None]:
        for sound in self._phrases.find(text, options):
            yield sound
            if sound.last:
                return
        made, tries = _Made(text, since=asyncio.get_running_loop().time()), 0
        while not made.whole:
            try:
                async with aclosing(line.say(made.rest)) as sounds:
                    async for sound in sounds:
                        self._pulse.came()
                        yield made.added(sound)
            except ProviderError as error:
                self._pulse.failed(error.trouble)
                await line.close()
                wait_s = next_wait_s(error, speaking_waits(self._budgets, error.trouble), tries)
                if wait_s is None:
                    raise
                tries += 1
                yield setback(error)
                if end := made.go_on():
                    yield end
                    break
                async for sound in self._company(made, options, wait_s):
                    yield sound
        if not tries:
            self._phrases.keep(text, options, made.kept)

    async def _company(
        self, made: _Made, options: VoiceOptions, wait_s: float
    ) -> AsyncGenerator[Spoken, None]:
        """Let `wait_s` pass, with fillers from memory where there would be silence."""
        ends_at = asyncio.get_running_loop().time() + wait_s
        silent_s = ends_at - made.since  # so far at least
        if wait_s > _BREATH_S or (not made.sound_s and silent_s > self._budgets.tts_pause_s):
            for filler in self._phrases.fillers(options):
                left_s = ends_at - asyncio.get_running_loop().time()
                for sound in filler:
                    yield made.filled(sound)
                length_s = sum(map(_length_s, filler))
                if left_s < length_s + _BREATH_S:
                    break
                await asyncio.sleep(length_s + _BREATH_S)
        await asyncio.sleep(ends_at - asyncio.get_running_loop().time())

    async def _learn(self, options: VoiceOptions) -> None:
        """Have the fixed phrases ready before the voice is in trouble."""
        line = _Line(self._inner, options, self._budgets.divided(1 / 4))  # nobody waits for these
        try:
            for text in self._phrases.missing(options):
                self._phrases.keep(text, options, [sound async for sound in line.say(text)])
        except ProviderError as error:
            self._pulse.failed(error.trouble)
            self._phrases.forget(options)  # the next call tries again
        finally:
            await line.close()


def _numbered(sound: Spoken | Setback, piece: int) -> Spoken | Setback:
    if isinstance(sound, Setback) or sound.piece == piece:
        return sound
    return msgspec.structs.replace(sound, piece=piece)


class _Line:
    """One conversation with the voice, opened when there is something to say."""

    def __init__(self, inner: TextToSpeech, options: VoiceOptions, budgets: Budgets) -> None:
        self._inner = inner
        self._options = options
        self._budgets = budgets
        # Pieces are said one after the other, so there is never more than one in it.
        self._texts: asyncio.Queue[str] = asyncio.Queue(PIECES)
        self._sounds: AsyncGenerator[Spoken | Setback, None] | None = None
        self._patience = Patience()

    async def say(self, text: str) -> AsyncGenerator[Spoken, None]:
        """Yield the sound of one piece. Raises ProviderError when it is late or breaks off."""
        if self._sounds is None:
            self._texts = asyncio.Queue(PIECES)
            self._sounds = self._inner.speak(_given(self._texts), self._options)
        self._texts.put_nowait(text)
        budget_s = self._budgets.tts_first_audio_s
        while True:
            try:
                sound = await self._patience.within(budget_s, anext(self._sounds))
            except TimeoutError:
                raise ProviderTimeout("the voice is late", service="tts") from None
            except StopAsyncIteration:
                raise ProviderError("the voice ended too early", service="tts") from None
            if isinstance(sound, Spoken):
                yield sound
                if sound.last:
                    return
            budget_s = self._budgets.tts_pause_s

    async def close(self) -> None:
        """End it; the next piece opens another."""
        self._patience.close()
        if self._sounds is not None:
            sounds, self._sounds = self._sounds, None
            await sounds.aclose()


async def _given(texts: asyncio.Queue[str]) -> AsyncIterator[str]:
    while True:
        yield await texts.get()


class _Made:
    """What was made of one piece. Seconds count from the beginning of its sound."""

    def __init__(self, text: str, *, since: float) -> None:
        self.rest = text  # still to be said
        self.since = since  # clock time at which it was asked for
        self.whole = False
        self.sound_s = 0.0
        self.kept: list[Spoken] = []  # for the next call that says the same
        self._begin_s = 0.0  # where the sound of `rest` begins
        self._words: list[SpokenWord] = []  # of `rest`, timed from there

    def added(self, sound: Spoken) -> Spoken:
        """Count more sound; its words' times become those of the whole piece."""
        self._words += sound.words
        if sound.words and self._begin_s:
            words = tuple(
                SpokenWord(word.text, word.start_s + self._begin_s, word.end_s + self._begin_s)
                for word in sound.words
            )
            sound = msgspec.structs.replace(sound, words=words)
        self.sound_s += _length_s(sound)
        self.whole = sound.last
        self.kept.append(sound)
        return sound

    def filled(self, sound: Spoken) -> Spoken:
        """A filler sounds before the first word."""
        self.sound_s += _length_s(sound)
        self._begin_s = self.sound_s
        return msgspec.structs.replace(sound, words=(), last=False)

    def go_on(self) -> Spoken | None:
        """Begin again behind the last word that has sounded; what to say when none is left."""
        made_s = self.sound_s - self._begin_s
        said = heard_text([VoicedPiece(self.rest, made_s, words=self._words)], made_s)
        self.rest = self.rest[len(said) :].lstrip()
        self._begin_s, self._words = self.sound_s, []
        self.whole = not self.rest
        if not self.whole:
            return None
        return msgspec.structs.replace(self.kept[-1], pcm=b"", words=(), last=True)


def _length_s(sound: Spoken) -> float:
    return len(sound.pcm) / (1 if sound.encoding == "mulaw" else 2) / sound.rate_hz
