"""The caller's sound on its way to a recogniser; what has no final words yet can be played again.

One task records while another plays. A player that is slower than the recording slows it down; with
no player, while nobody is connected, the oldest sound is dropped.
"""

from __future__ import annotations

import asyncio
import audioop
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

from vantum.providers.base import Finalise, ListenOptions

# A stall is noticed after 1.5 s and mended within a few; longer stretches without a final are no
# talk. (Spec §6 keeps 1 s, which loses the words of the stall itself.)
KEPT_S: Final = 10.0
LOUD: Final = 300  # RMS of s16: a quiet voice has 1,000, a quiet room 50


class Tape:
    """Chunks in order, from the first that may be needed again. Positions are seconds of audio."""

    def __init__(self, options: ListenOptions) -> None:
        self._mulaw = options.encoding == "mulaw"
        self._bytes_per_s = options.bytes_per_s
        self._chunks: deque[bytes | Finalise] = deque()
        self._begin_s = 0.0  # position of the first chunk
        self._next = 0  # index of the chunk to be played next
        self._kept = 0  # bytes of all chunks
        self._ahead = 0  # bytes of those not played yet
        self._playing = False
        self._ended = False
        self._loop = asyncio.get_running_loop()
        self._waiting: list[asyncio.Future[None]] = []  # for a change

    async def record(self, audio: AsyncIterator[bytes | Finalise]) -> None:
        """Take the caller's sound until it ends."""
        most = KEPT_S * self._bytes_per_s
        async for chunk in audio:
            while self._playing and self._ahead > most:
                await self._change()
            self._chunks.append(chunk)
            self._kept += _size(chunk)
            self._ahead += _size(chunk)
            while self._kept > most and (self._next or not self._playing):
                self._forget_first()
            self._tell()
        self._ended = True
        self._tell()

    async def play(self) -> AsyncGenerator[bytes | Finalise, None]:
        """Yield what was not played yet, then what comes, until the end."""
        self._playing = True
        try:
            while True:
                while self._next < len(self._chunks):
                    chunk = self._chunks[self._next]
                    self._next += 1
                    self._ahead -= _size(chunk)
                    self._tell()
                    yield chunk
                if self._ended:
                    return
                await self._change()
        finally:
            self._playing = False
            self._tell()

    async def _change(self) -> None:
        change = self._loop.create_future()
        self._waiting.append(change)
        await change

    def _tell(self) -> None:
        """As an asyncio.Event would, at half its cost: this happens for each frame of sound."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for one in waiting:
                if not one.done():
                    one.set_result(None)

    def rewind(self) -> float:
        """Play everything kept once more; returns the position of its beginning."""
        self._next, self._ahead = 0, self._kept
        return self._begin_s

    def heard(self, until_s: float) -> None:
        """Words up to this position are final: it need not be played again."""
        while self._next:
            first = self._chunks[0]
            if isinstance(first, Finalise):
                return  # not answered yet
            if self._begin_s + len(first) / self._bytes_per_s > until_s:
                return
            self._forget_first()

    def finalised(self) -> None:
        """A finalisation was answered: nothing before it need be played again."""
        while self._next:
            if isinstance(self._forget_first(), Finalise):
                return

    @property
    def holds_speech(self) -> bool:
        """Somebody may have spoken in what is kept."""
        return any(self._is_loud(chunk) for chunk in self._chunks if isinstance(chunk, bytes))

    def _is_loud(self, chunk: bytes) -> bool:
        pcm = audioop.ulaw2lin(chunk, 2) if self._mulaw else chunk[: len(chunk) // 2 * 2]
        return audioop.rms(pcm, 2) > LOUD

    def _forget_first(self) -> bytes | Finalise:
        first = self._chunks.popleft()
        self._kept -= _size(first)
        if self._next:
            self._next -= 1
        else:
            self._ahead -= _size(first)
        self._begin_s += _size(first) / self._bytes_per_s
        return first


def _size(chunk: bytes | Finalise) -> int:
    return len(chunk) if isinstance(chunk, bytes) else 0
