"""Carrier, two servers, workers and the database, and how each fault is done to them and undone.

The first server takes what the campaign dials, and is what is struck; the other one takes the
calls that must not suffer from it. Both know the same records.
"""

from __future__ import annotations

import asyncio
import random
import resource
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import httpx

from benchmarks.campaign_house import House, Program, ask, until_answered
from benchmarks.chaos.bad_inputs import Stranger
from benchmarks.chaos.jumping_clock import JumpingClock
from benchmarks.chaos.plan import Blow
from benchmarks.postgres import Postgres
from vantum.simulator.faults import Fault, Vendor

HOUR_S: Final = 3_600
LOOK_S: Final = 0.05
BACK_S: Final = 60.0  # then it is not waited for any longer
UNTIL_AWAY_S: Final = 1.5  # in which no call begins any more: the doors are about to be closed


class Site:
    """All of it."""

    def __init__(
        self, folder: Path, url: str, postgres: Postgres | None, *, workers: int, dials_per_s: float
    ) -> None:
        self.clock = JumpingClock(folder)
        self.house = House(
            folder,
            url,
            workers,
            dials_per_s,
            vendors=True,
            more={**self.clock.settings, "RECORDING": "on"},
        )
        self.other, self.other_url = self.house.further_server(folder, without=self.clock.settings)
        self.done: Counter[str] = Counter()
        self.back_s: dict[str, float] = {}  # the longest until ready again, by what was done
        self.doors_open = asyncio.Event()
        self.doors_open.set()
        self._postgres = postgres

    def start(self, mix: dict[str, Any]) -> None:
        """Begin all of it."""
        self.house.start(mix)
        self.other.start()
        until_answered(f"{self.other_url}/ready")

    def end(self) -> None:
        """End all of it."""
        self.clock.jump(0)
        self.other.end()
        self.house.end()

    def can(self, what: object) -> bool:
        """Whether there is what it takes: a C compiler, a database of our own."""
        if what == "database away":
            return self._postgres is not None
        return self.clock.is_there or what not in {"clock ahead", "clock behind"}

    async def strike(self, blow: Blow, stranger: Stranger, dice: random.Random) -> None:
        """Do it, and where it is one of the house wait until that is ready again."""
        if not self.can(blow.what):
            return
        if isinstance(blow.what, tuple):
            self._arm(*blow.what)
            return
        worker = dice.choice(self.house.workers)
        match blow.what:
            case "server killed":
                self.house.server.kill()
            case "worker killed":
                worker.kill()
            case "server stands still":
                await _stands_still(self.house.server, blow.lasts_s)
            case "worker stands still":
                await _stands_still(worker, blow.lasts_s)
            case "disk full":
                await self._disk_full(blow.lasts_s)
            case "clock ahead" | "clock behind":
                self.clock.jump(HOUR_S if blow.what == "clock ahead" else -HOUR_S)
                await asyncio.sleep(blow.lasts_s)
                self.clock.jump(0)
            case "database away":
                await self._database_away(blow.lasts_s, stranger)
        self.done[blow.what] += 1
        took_s = max([await _ready(url) for url in (self.house.url, self.other_url)])
        self.back_s[blow.what] = max(took_s, self.back_s.get(blow.what, 0.0))

    def _arm(self, vendor: Vendor, fault: Fault) -> None:
        """Of one vendor, for one call; what has not struck by now is taken back."""
        door = f"{self.house.carrier_url}/simulator/faults"
        ask("DELETE", door)
        ask("POST", door, {"vendor": vendor, "fault": fault})

    async def _disk_full(self, lasts_s: float) -> None:
        """No file of these processes may grow, which needs no disk and no rights."""
        programs = [self.house.server, *self.house.workers]
        for program in programs:
            _, most = resource.prlimit(program.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(program.pid, resource.RLIMIT_FSIZE, (0, most))
        await asyncio.sleep(lasts_s)
        for program in programs:
            resource.prlimit(program.pid, resource.RLIMIT_FSIZE, (most, most))

    async def _database_away(self, lasts_s: float, stranger: Stranger) -> None:
        assert self._postgres is not None
        self.doors_open.clear()
        stranger.records_away = True
        await asyncio.sleep(UNTIL_AWAY_S)
        await asyncio.to_thread(self._postgres.stop)
        await asyncio.sleep(lasts_s)
        await asyncio.to_thread(self._postgres.start)
        await _ready(self.other_url)
        stranger.records_away = False
        self.doors_open.set()


async def _stands_still(program: Program, seconds: float) -> None:
    program.stop(seconds)
    await asyncio.sleep(seconds)
    program.wake()


async def _ready(url: str) -> float:
    """How long it takes until that server takes calls."""
    began = time.monotonic()
    async with httpx.AsyncClient(timeout=5) as http:
        while time.monotonic() < began + BACK_S:
            try:
                if (await http.get(f"{url}/ready")).status_code == 200:
                    break
            except httpx.TransportError:
                pass
            await asyncio.sleep(LOOK_S)
    return round(time.monotonic() - began, 2)
