"""How a recording is heard, and an answer spoken, with the models of this machine."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from functools import partial
from typing import Final

from vantum import limits
from vantum.audio.resample import resampler
from vantum.audio.vad import WARY, VoiceActivity
from vantum.conversation.events import Finalised, Hearing, SpeechStarted, SpeechStopped, Transcript
from vantum.errors import ProviderError
from vantum.providers.base import Finalise, ListenOptions, Spoken, VoiceOptions
from vantum.providers.local import engine
from vantum.providers.local.activity import SpeechDetector
from vantum.providers.local.client import LocalSpeech
from vantum.providers.local.segments import Commit, Decode, Utterances

# Utterances whose words are awaited; then a recording that was sent at once must wait. More would
# wait for each other beyond the deadline on a busy machine (45 s of reading did).
_UNHEARD: Final = 4


class LocalSpeechToText:
    """Hears a caller without leaving the machine."""

    def __init__(self, speech: LocalSpeech) -> None:
        self._speech = speech

    async def listen(
        self, audio: AsyncIterator[bytes | Finalise], options: ListenOptions
    ) -> AsyncGenerator[Hearing, None]:
        """Report speech and words until the audio ends. Raises ProviderError."""
        recording = _Recording(self._speech, options)
        # Audio and words arrive independently and a generator can wait for one thing only; the task
        # lives no longer than this generator.
        reading = asyncio.create_task(recording.read(audio), name="hear-locally")
        reading.add_done_callback(lambda _: recording.heard.put_nowait(None))
        try:
            while (event := await recording.heard.get()) is not None:
                if isinstance(event, ProviderError):
                    raise event
                yield event
            await reading
        finally:
            reading.cancel()
            await asyncio.wait([reading])
            recording.close()


class LocalTextToSpeech:
    """Speaks without leaving the machine, in the one voice that comes with the package."""

    def __init__(self, speech: LocalSpeech) -> None:
        self._speech = speech

    async def speak(
        self, pieces: AsyncIterator[str], options: VoiceOptions
    ) -> AsyncGenerator[Spoken, None]:
        """Yield sound for each piece, sentence by sentence. Raises ProviderError."""
        del options  # one voice, one language
        piece = 0
        async for text in pieces:
            async with aclosing(self._speech.speak(text[: limits.SPEECH_CHARS])) as sound:
                async for pcm in sound:
                    yield Spoken(piece, pcm, engine.VOICE_RATE_HZ)
            yield Spoken(piece, b"", engine.VOICE_RATE_HZ, last=True)
            piece += 1


class _Recording:
    """One recording of one caller: its audio, its utterances and the words still awaited."""

    def __init__(self, speech: LocalSpeech, options: ListenOptions) -> None:
        self._speech = speech
        self._stream = speech.new_stream()
        self._resampler = resampler(options.rate_hz, limits.INTERNAL_RATE_HZ, options.encoding)
        self._detector = SpeechDetector(speech.vad, limits.INTERNAL_RATE_HZ, played=options.played)
        # Eager beginnings silence the agent; a recogniser would write words under each of them.
        self._sure = VoiceActivity(WARY)
        self._utterances = Utterances()
        # Unbounded: a few events a second of audio, and the reader only forwards them.
        self.heard: asyncio.Queue[Hearing | ProviderError | None] = asyncio.Queue()
        self._asked: dict[int, asyncio.Future[str | None]] = {}
        self._committed: deque[Commit] = deque()  # in order of speech, words possibly awaited
        self._committed_ask = 0
        self._progress = asyncio.Event()

    async def read(self, audio: AsyncIterator[bytes | Finalise]) -> None:
        """Hear everything and report it on `heard`."""
        async for item in audio:
            if isinstance(item, Finalise):
                await self._finish()
                self.heard.put_nowait(Finalised())
            else:
                await self._hear(item)
        await self._finish()

    def close(self) -> None:
        """The recording is over, and words still awaited are not wanted any more."""
        for words in list(self._asked.values()):
            words.cancel()
        self._speech.close_stream(self._stream)

    async def _hear(self, pcm: bytes) -> None:
        pcm = self._resampler.push(pcm)
        self._utterances.hear(pcm)
        for judged in await self._detector.judge(pcm):
            for event in judged.events:
                self.heard.put_nowait(event)
            for event in self._sure.push(judged.probability):
                if isinstance(event, SpeechStarted):
                    self._utterances.started(event.at_s)
                elif isinstance(event, SpeechStopped):
                    self._do(self._utterances.stopped(event.at_s, judged.now_s))
            self._do(self._utterances.advance(judged.now_s, speaking=self._sure.speaking))
        await self._until_awaited(fewer_than=_UNHEARD)

    async def _finish(self) -> None:
        self._do(self._utterances.flush())
        await self._until_awaited(fewer_than=1)

    async def _until_awaited(self, *, fewer_than: int) -> None:
        """Wait until so few utterances lack their words."""
        while len(self._committed) >= fewer_than:
            self._progress.clear()
            await self._progress.wait()

    def _do(self, steps: list[Decode | Commit]) -> None:
        for step in steps:
            if isinstance(step, Commit):
                self._committed.append(step)
                self._committed_ask = step.ask
                self._forget_unwanted()
                self._report()
                continue
            for ask, words in list(self._asked.items()):
                if ask > self._committed_ask:
                    words.cancel()  # the caller went on: these words are not the whole utterance
            words = self._speech.recognise(
                step.pcm, stream=self._stream, interim=step.kind == "interim"
            )
            self._asked[step.ask] = words
            words.add_done_callback(partial(self._answered, step))

    def _forget_unwanted(self) -> None:
        """Words of a pause after which the caller went on are part of no utterance."""
        wanted = {commit.ask for commit in self._committed}
        for ask in [ask for ask in self._asked if ask < self._committed_ask]:
            if ask not in wanted:
                del self._asked[ask]

    def _answered(self, step: Decode, words: asyncio.Future[str | None]) -> None:
        if words.cancelled() or step.kind == "interim":
            self._asked.pop(step.ask, None)
        if words.cancelled():
            return
        shown = step.ask > self._committed_ask and not words.exception() and words.result()
        if shown:
            self.heard.put_nowait(
                Transcript(shown, final=False, start_s=step.start_s, end_s=step.end_s)
            )
        self._report()

    def _report(self) -> None:
        """Hand over the words of committed utterances, in the order they were spoken."""
        while self._committed:
            commit = self._committed[0]
            words = self._asked[commit.ask]
            if not words.done():
                return
            if error := words.exception():
                self.heard.put_nowait(_as_provider_error(error))
                return
            self._committed.popleft()
            del self._asked[commit.ask]
            # Also without words (a cough): the conversation must know that none are to come.
            self.heard.put_nowait(
                Transcript(
                    words.result() or "",
                    final=True,
                    start_s=commit.start_s,
                    end_s=commit.end_s,
                )
            )
            self._progress.set()


def _as_provider_error(error: BaseException) -> ProviderError:
    if isinstance(error, ProviderError):
        return error
    return ProviderError("local speech recognition failed", service="stt")
