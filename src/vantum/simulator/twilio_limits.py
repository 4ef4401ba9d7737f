"""What the simulated carrier's one account may do at a time, and what becomes of the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct

from vantum.simulator import twilio_refusals as refusals
from vantum.simulator.latency import Profile
from vantum.simulator.twilio_refusals import RefusedError


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was chosen for the account."""

    calls_per_s: float | None = None  # None: as the profile says
    calls_at_once: int | None = None  # None: as the profile says
    requests_at_once: int | None = None  # None: any number

    def __post_init__(self) -> None:
        chosen = (self.calls_per_s, self.calls_at_once, self.requests_at_once)
        if any(one is not None and one <= 0 for one in chosen):
            raise ValueError("a limit is above 0, or null for none of its own")


class Turnstile:
    """Lets calls begin and requests come in as the limits have it."""

    def __init__(self, profile: Profile) -> None:
        self.limits = Limits()
        self._profile = profile
        self._next_dial_at = 0.0
        self._inside = 0

    @property
    def calls_per_s(self) -> float:
        """The carrier dials no faster."""
        return self.limits.calls_per_s or self._profile.calls_per_s

    @property
    def calls_at_once(self) -> int:
        """More are refused (10004)."""
        return self.limits.calls_at_once or self._profile.calls_at_once

    async def may_dial(self) -> float:
        """Wait in the queue until one more may be dialled; how long that took, in seconds."""
        now = asyncio.get_running_loop().time()
        at = max(now, self._next_dial_at)
        self._next_dial_at = at + 1 / self.calls_per_s
        await asyncio.sleep(at - now)
        return at - now

    @contextmanager
    def request(self) -> Iterator[None]:
        """While it is answered. Raises RefusedError for one too many (20429)."""
        most = self.limits.requests_at_once
        if most is not None and self._inside >= most:
            raise RefusedError(refusals.THROTTLED)
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
