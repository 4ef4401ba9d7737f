"""How one recording of the caller reaches a recogniser, and its findings the call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing

from vantum import limits
from vantum.conversation.events import Event, HearingFailed
from vantum.errors import ProviderError
from vantum.providers.base import FINALISE, Finalise, ListenOptions, SpeechToText

Post = Callable[[Event], Awaitable[None]]


class Ears:
    """One recording: chunks go in, events come out until it is closed."""

    def __init__(self, recogniser: SpeechToText, options: ListenOptions) -> None:
        self.options = options
        self._recogniser = recogniser
        # Bounded; when full, `hear` waits, which slows the sender's socket and loses nothing.
        self._audio: asyncio.Queue[bytes | Finalise | None] = asyncio.Queue(limits.INPUT_CHUNKS)
        self.closing = False  # the client ended the recording; later chunks are not part of it

    async def hear(self, pcm: bytes) -> None:
        """Take sound of the caller."""
        if not self.closing:
            await self._audio.put(pcm)

    async def close(self) -> None:
        """The recording is complete: have the last words delivered, then end."""
        if not self.closing:
            self.closing = True
            await self._audio.put(FINALISE)
            await self._audio.put(None)

    async def listen(self, post: Post) -> None:
        """Report what is heard until the recording is closed or cancelled."""
        try:
            async with aclosing(self._recogniser.listen(self._chunks(), self.options)) as findings:
                async for finding in findings:
                    await post(finding)
        except ProviderError as error:
            self.closing = True
            await post(HearingFailed(str(error)))

    async def _chunks(self) -> AsyncIterator[bytes | Finalise]:
        while (chunk := await self._audio.get()) is not None:
            yield chunk
