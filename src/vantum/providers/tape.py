"""The caller's sound on its way to a recogniser; what has no final words yet can be played again.

Whoever plays takes sound from its source as it comes. While nobody is connected it is recorded, and
the oldest is dropped.
"""

from __future__ import annotations

import asyncio
import audioop
from collections import deque
from functools import partial
from typing import Final

from vantum.providers.base import Finalise, ListenOptions, Pieces, Sound, Take

# A stall is noticed after 1.5 s and mended within a few; longer stretches without a final are no
# talk. (Spec §6 keeps 1 s, which loses the words of the stall itself.)
KEPT_S: Final = 10.0
LOUD: Final = 300  # RMS of s16: a quiet voice has 1,000, a quiet room 50


class Tape(Pieces):
    """Chunks in order, from the first that may be needed again. Positions are seconds of audio."""

    def __init__(self, source: Sound, options: ListenOptions) -> None:
        self._source = source
        self._mulaw = options.encoding == "mulaw"
        self._bytes_per_s = options.bytes_per_s
        self._most = KEPT_S * self._bytes_per_s
        self._chunks: deque[bytes | Finalise] = deque()
        self._begin_s = 0.0  # position of the first chunk
        self._next = 0  # index of the chunk to be played next
        self._kept = 0  # bytes of all chunks
        self._ended = False

    async def record(self, for_s: float) -> None:
        """Take the caller's sound for so long; for 0 s, what waits already."""
        try:
            async with asyncio.timeout(for_s):
                while not self._ended:
                    await self._take()
                await asyncio.sleep(for_s)
        except TimeoutError:
            return

    async def get(self) -> bytes | Finalise | None:
        """What was not played yet, then what comes; None at the end."""
        while self._next == len(self._chunks):
            if self._ended:
                return None
            await self._take()
        self._next += 1
        return self._chunks[self._next - 1]

    def hand_to(self, take: Take | None) -> None:
        """Let `take` have at once what comes while a `get` waits; False: it is to be got."""
        self._source.hand_to(None if take is None else partial(self._taken, take))

    def _taken(self, take: Take, chunk: bytes | Finalise | None) -> bool:
        if chunk is None or not take(chunk):
            return False
        self._keep(chunk)
        self._next += 1
        return True

    async def _take(self) -> None:
        chunk = await self._source.get()
        if chunk is None:
            self._ended = True
        else:
            self._keep(chunk)

    def _keep(self, chunk: bytes | Finalise) -> None:
        self._chunks.append(chunk)
        self._kept += _size(chunk)
        while self._kept > self._most and len(self._chunks) > 1:
            self._forget_first()

    def rewind(self) -> float:
        """Play everything kept once more; returns the position of its beginning."""
        self._next = 0
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
        self._begin_s += _size(first) / self._bytes_per_s
        return first


def _size(chunk: bytes | Finalise) -> int:
    return len(chunk) if isinstance(chunk, bytes) else 0
