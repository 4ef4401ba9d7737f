"""A simulator on a free port of this machine, in the test's own event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from typing import Any

import uvicorn

from vantum.simulator.app import simulator_server
from vantum.simulator.faults import Armed
from vantum.simulator.latency import PROFILES, Profile
from vantum.simulator.stage import Stage
from vantum.simulator.talent import Canned, Talent
from vantum.web.server import listening_sockets


class Simulator:
    """The running simulator as a test sees it."""

    def __init__(self, port: int, stage: Stage, server: uvicorn.Server) -> None:
        self.port = port
        self.stage = stage
        self.server = server

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def breaks(self, vendor: Any, fault: Any, **how: Any) -> None:
        """Arm a fault."""
        self.stage.faults.arm(Armed(vendor=vendor, fault=fault, **how))

    def waits_between(self, moment: str) -> list[float]:
        """Seconds between the times of which this was marked."""
        times = [at for at, marked in self.stage.moments if marked == moment]
        return [after - before for before, after in pairwise(times)]


@asynccontextmanager
async def simulating(
    *,
    profile: Profile = PROFILES["fast"],
    talent: Talent | None = None,
    seed: int = 0,
    api_key: str = "",
) -> AsyncIterator[Simulator]:
    """Run the simulator for the length of a test."""
    stage = Stage(profile, talent or Canned(), seed=seed, api_key=api_key)
    sockets = listening_sockets("127.0.0.1", 0)
    server = simulator_server(stage)
    # Not by `serve`, which takes 0.2 s to end; that would be a minute of a run of all tests.
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup(sockets)
    await server.on_tick(0)  # makes the headers that all answers have
    try:
        yield Simulator(sockets[0].getsockname()[1], stage, server)
    finally:
        await _end(server)


async def _end(server: uvicorn.Server) -> None:
    """Shut the door, wait a moment for those inside, and throw out who stays."""
    for door in server.servers:
        door.close()
    inside = server.server_state
    for connection in list(inside.connections):
        connection.shutdown()
    with suppress(TimeoutError):
        async with asyncio.timeout(0.1):
            while inside.connections or inside.tasks:  # noqa: ASYNC110 - sets no event
                await asyncio.sleep(0.002)
    for task in inside.tasks:
        task.cancel()
    for connection in inside.connections:
        connection.transport.abort()  # type: ignore[union-attr]  # all are open
    await server.lifespan.shutdown()
