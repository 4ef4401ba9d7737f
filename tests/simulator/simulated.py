"""A simulator on a free port of this machine, in the test's own event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
    task = asyncio.get_running_loop().create_task(server.serve(sockets), name="simulator")
    try:
        while not server.started and not task.done():  # noqa: ASYNC110 - sets no event
            await asyncio.sleep(0.002)
        yield Simulator(sockets[0].getsockname()[1], stage, server)
    finally:
        server.should_exit = True
        server.force_exit = True
        await task
        await server.lifespan.shutdown()  # which the server leaves out when it is forced
