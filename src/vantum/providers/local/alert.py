"""How a recogniser elsewhere is lent this machine's voice activity, which notices speech sooner."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final

from vantum.audio.pcm import decode_mulaw
from vantum.conversation.events import (
    Hearing,
    Setback,
    SpeechStarted,
    SpeechStopped,
    SpeechSustained,
    Transcript,
)
from vantum.errors import ProviderError, ProviderUnavailable
from vantum.providers.base import Finalise, ListenOptions, SpeechToText, get_ready
from vantum.providers.local.activity import SpeechDetector, VadModel

_OWN: Final = (SpeechStarted, SpeechSustained, SpeechStopped)
_FINDINGS: Final = 256  # a dozen a second come; the reader only forwards them

_Found = Hearing | Setback | ProviderError | None


class AlertSpeechToText:
    """Wraps any recogniser: words are its own, speech events this machine's."""

    def __init__(self, inner: SpeechToText, vad: VadModel) -> None:
        self._inner = inner
        self._vad = vad

    async def prewarm(self) -> None:
        """Have the wrapped one get ready, if it can. Raises ProviderError."""
        await get_ready(self._inner)

    async def listen(
        self, audio: AsyncIterator[bytes | Finalise], options: ListenOptions
    ) -> AsyncGenerator[Hearing | Setback, None]:
        """As the wrapped one. Its own speech events stand where the local model is missing."""
        found: asyncio.Queue[_Found] = asyncio.Queue(_FINDINGS)
        detector = SpeechDetector(self._vad, options.rate_hz, played=options.played)
        ear = _Ear(audio, detector, options, found)
        # Words and speech events come independently; the task lives no longer than this generator.
        reading = asyncio.create_task(self._read(ear, options, found), name="hear-alertly")
        try:
            while (finding := await found.get()) is not None:
                if isinstance(finding, ProviderError):
                    raise finding
                yield finding
            await reading
        finally:
            reading.cancel()
            await asyncio.wait([reading])

    async def _read(self, ear: _Ear, options: ListenOptions, found: asyncio.Queue[_Found]) -> None:
        try:
            async with aclosing(self._inner.listen(ear.chunks(), options)) as findings:
                async for finding in findings:
                    if isinstance(finding, Transcript) and finding.end_of_turn:
                        ear.agree()
                    if not (ear.works and isinstance(finding, _OWN)):
                        await found.put(finding)
            await found.put(None)
        except ProviderError as error:
            await found.put(error)


class _Ear:
    """Looks for speech in what passes on its way to the recogniser."""

    def __init__(
        self,
        audio: AsyncIterator[bytes | Finalise],
        detector: SpeechDetector,
        options: ListenOptions,
        found: asyncio.Queue[_Found],
    ) -> None:
        self.works = True
        self._audio = audio
        self._detector = detector
        self._mulaw = options.encoding == "mulaw"
        self._found = found

    def agree(self) -> None:
        """The recogniser holds the turn to be over."""
        self._detector.agree()

    async def chunks(self) -> AsyncGenerator[bytes | Finalise, None]:
        async for chunk in self._audio:
            if self.works and isinstance(chunk, bytes):
                await self._look(chunk)
            yield chunk

    async def _look(self, chunk: bytes) -> None:
        try:
            events = await self._detector.push(decode_mulaw(chunk) if self._mulaw else chunk)
        except ProviderUnavailable:
            self.works = False
            return
        for event in events:
            await self._found.put(event)
