"""How late the loop wakes, in virtual time: what a process that cannot keep up is known by."""

from __future__ import annotations

import asyncio

import pytest
from stage import VirtualLoop, play

from vantum.strain import EVERY_S, Strain


def test_the_lag_is_that_of_the_loop() -> None:
    async def course() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        told: asyncio.Future[float] = loop.create_future()
        watching = loop.create_task(Strain(told.set_result).watch(), name="strain")
        await asyncio.sleep(0)
        loop.stand_still(3 * EVERY_S)
        assert await told == pytest.approx(2 * EVERY_S, abs=1e-3)
        watching.cancel()

    play(course())
