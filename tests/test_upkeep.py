"""What runs beside the calls ends with the process, and a failure ends nothing else."""

from __future__ import annotations

import asyncio
import inspect

from vantum.telemetry import server_log
from vantum.upkeep import HouseUpkeep


def test_work_that_never_began_is_closed_all_the_same() -> None:
    async def course() -> None:
        upkeep = HouseUpkeep(server_log())
        work = asyncio.Event().wait()
        async with upkeep.open():
            upkeep.start("idle", work)
        assert inspect.getcoroutinestate(work) == inspect.CORO_CLOSED

    asyncio.run(course())


def test_a_failure_leaves_the_rest_at_work_until_the_end() -> None:
    async def course() -> None:
        upkeep, closed = HouseUpkeep(server_log()), []

        async def fails() -> None:
            raise ZeroDivisionError

        async def closes() -> None:
            closed.append("at the end")

        async with upkeep.open():
            upkeep.at_end(closes)
            waiting = upkeep.start("waits", _for_ever())
            await asyncio.wait([upkeep.start("fails", fails())])
            assert not waiting.done()
            assert closed == []
        assert waiting.cancelled()
        assert closed == ["at the end"]

    asyncio.run(course())


async def _for_ever() -> None:
    await asyncio.Event().wait()
