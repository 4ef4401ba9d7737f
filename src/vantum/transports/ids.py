"""Where the shell takes the time of day and fresh ids from."""

from __future__ import annotations

import os
import time

from vantum.wire.ids import RANDOM_BYTES, uuid7


class Ids:
    """Wall-clock milliseconds and time-ordered ids."""

    def now_ms(self) -> float:
        """Milliseconds since 1970."""
        return float(time.time_ns() // 1_000_000)

    def new(self) -> str:
        """A new UUIDv7."""
        return uuid7(time.time_ns() // 1_000_000, os.urandom(RANDOM_BYTES))
