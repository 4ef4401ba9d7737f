"""What the simulated carrier plays of the sound it was sent, and when a mark has been reached.

Pure. Sound is played first in, first out, 20 ms at a time. A mark comes back when all that was
queued before it has played, at once where nothing is queued, and at once with a clear.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from vantum.wire.twilio import FRAME_BYTES, RATE_HZ

QUIET: Final = b"\xff" * FRAME_BYTES  # mu-law's zero
QUEUED_BYTES: Final = 10 * 60 * RATE_HZ  # the vendor's own bound; what is beyond is thrown away


class Playout:
    """The queue of one stream."""

    def __init__(self) -> None:
        self._queue = bytearray()
        self._queued = self._played = 0  # bytes of the stream
        self._marks: deque[tuple[int, str]] = deque()  # and what must have played before each
        self._air: bytes | None = b""  # what is playing, as `take` will tell it
        self._air_bytes = 0  # of the stream in it
        self._open = False  # sound was queued and neither a mark nor a clear behind it

    def add(self, sound: bytes) -> bool:
        """Queue sound; whether there was room for it."""
        if len(self._queue) + len(sound) > QUEUED_BYTES:
            return False
        self._queue += sound
        self._queued += len(sound)
        self._open = True
        return True

    def mark(self, name: str) -> None:
        """Set a mark behind all that is queued."""
        self._marks.append((self._queued, name))
        self._open = False

    def clear(self) -> None:
        """Throw away what does not play yet: every mark is reached."""
        self._played, self._air_bytes = self._queued, 0
        self._queue.clear()
        self._open = False

    def reached(self) -> list[str]:
        """The marks that are to be sent back now."""
        names = []
        while self._marks and self._marks[0][0] <= self._played:
            names.append(self._marks.popleft()[1])
        return names

    def take(self) -> bytes | None:
        """What was heard in the 20 ms that are over; the next begin with what is queued now.

        Empty when there was nothing to play, None when there should have been.
        """
        over = self._air
        self._played += self._air_bytes
        frame = bytes(self._queue[:FRAME_BYTES])
        del self._queue[:FRAME_BYTES]
        self._air_bytes = len(frame)
        if frame:
            self._air = frame.ljust(FRAME_BYTES, b"\xff")
        else:
            self._air = None if self._open else b""
        return over
