"""What a sender's clock shows, as far as its frames can tell: without their way to us."""

from __future__ import annotations

from typing import Final

from vantum.audio.arrivals import RATE_HZ

# A carrier's clock is off by up to 100 ppm, as ours is: 2 ms in two windows. Within one of them
# some frame comes without having waited on the way.
_WINDOW_S: Final = 5.0


class CarrierClock:
    """The clock of one stream; positions are samples at 8 kHz, `now` our monotonic seconds."""

    def __init__(self, now: float) -> None:
        self._ahead = -RATE_HZ * now  # of ours: the quickest frame of the window before, and of
        self._ahead_now = -RATE_HZ * now  # this one
        self._window_end: float | None = None

    def shown(self, position: int, now: float) -> int:
        """A frame that ends at `position` has come; by how much the first one sets the clock."""
        ahead = position - RATE_HZ * now
        if self._window_end is None:
            guessed = self.at(now)
            self._ahead = self._ahead_now = ahead
            self._window_end = now + _WINDOW_S
            return position - guessed
        if now >= self._window_end:
            self._ahead, self._ahead_now = self._ahead_now, ahead
            self._window_end = now + _WINDOW_S
        elif ahead > self._ahead_now:
            self._ahead_now = ahead
        return 0

    def at(self, now: float) -> int:
        """Samples since the stream began; never before the end of the last frame."""
        return round(max(self._ahead, self._ahead_now) + RATE_HZ * now)

    def when(self, position: int) -> float:
        """Our time at which the clock shows this, if nothing waits on the way; of late ones."""
        return (position - max(self._ahead, self._ahead_now)) / RATE_HZ
