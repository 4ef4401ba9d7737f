"""What all simulated services of a process share."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from random import Random
from typing import Final, Protocol

from msgspec import Struct
from starlette.requests import HTTPConnection

from vantum.simulator.faults import Faults, Vendor
from vantum.simulator.latency import Delay, Profile
from vantum.simulator.talent import Talent
from vantum.telemetry import server_log
from vantum.upkeep import HouseUpkeep

MOMENTS: Final = 4_096  # a turn has about 60
ASKED: Final = 256  # requests; a turn has about 10, and one to a model may hold 20 KB


class Account(Struct, frozen=True):
    """The one customer of the simulated carrier."""

    sid: str = "AC00000000000000000000000000000001"
    token: str = "simulated"


ONE_ACCOUNT: Final = Account()


class Connection(Protocol):
    """A connection as the web server holds it."""

    client: tuple[str, int] | None
    transport: asyncio.Transport


class Asked(Struct, frozen=True):
    """What a client asked of a service, as it was understood."""

    vendor: Vendor
    request: Struct


class Stage:
    """Profile, faults, chance, and what was counted."""

    def __init__(
        self,
        profile: Profile,
        talent: Talent,
        *,
        seed: int = 0,
        api_key: str = "",
        account: Account = ONE_ACCOUNT,
    ) -> None:
        self.profile = profile
        self.talent = talent
        self.dice = Random(seed)
        self.faults = Faults(self.dice)
        self.counts: Counter[str] = Counter()  # what happened, for tests and `GET /simulator`
        self.moments: deque[tuple[float, str]] = deque(maxlen=MOMENTS)  # the newest, by time
        self.account = account
        self.upkeep = HouseUpkeep(server_log())  # of what goes on between requests
        self.asked: deque[Asked] = deque(maxlen=ASKED)  # the newest requests, oldest first
        self.connections: set[Connection] = set()  # the web server's own
        self._api_key = api_key

    async def takes(self, delay: Delay) -> None:
        """Let a step take its time."""
        await asyncio.sleep(delay.drawn(self.dice))

    def knows(self, key: str) -> bool:
        """Whether a caller with this key may enter; anybody may where no key was chosen."""
        return not self._api_key or key == self._api_key

    def cut(self, peer: HTTPConnection) -> None:
        """Break the connection off, as a dead host or a lost network would."""
        address = None if peer.client is None else (peer.client.host, peer.client.port)
        for connection in tuple(self.connections):
            if connection.client == address:
                connection.transport.abort()

    def mark(self, what: str) -> None:
        """Remember when something happened, for measurements from outside."""
        self.moments.append((time.monotonic(), what))

    def understood(self, vendor: Vendor, request: Struct) -> None:
        """Keep a request to be looked at."""
        self.asked.append(Asked(vendor, request))

    def count(self, vendor: Vendor, what: str) -> None:
        """Count something that happened at a service."""
        self.counts[f"{vendor}.{what}"] += 1
