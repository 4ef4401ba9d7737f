"""Which connections that were refused are written to the log: at most one a second, with a count.

Who is refused is told nothing of why; who runs the server finds which door is tried, from where.
"""

from __future__ import annotations

from typing import Final

from vantum.telemetry import Log

_APART_S: Final = 1.0  # between two lines: a stranger must not fill the disk


class TurnedAway:
    """The refusals of one door."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._told_at: float | None = None
        self._untold = 0

    def note(self, why: str, address: str, now: float) -> None:
        """Write it down, or count it for the next line. `now` in seconds, of any clock."""
        if self._told_at is not None and now - self._told_at < _APART_S:
            self._untold += 1
            return
        self._log.warning("connection_refused", why=why, address=address, untold=self._untold)
        self._told_at, self._untold = now, 0
