"""A call's timers under the loop that a server runs on, whose clock goes by whole milliseconds."""

from __future__ import annotations

import asyncio

import pytest

from vantum.conversation.events import Timer
from vantum.timers import Timers

uvloop = pytest.importorskip("uvloop", reason="no uvloop for Windows")


def test_a_timer_is_never_woken_before_its_time() -> None:
    async def course() -> None:
        loop = asyncio.get_running_loop()
        due = [loop.time() + 0.01 + number * 0.000_37 for number in range(40)]
        rang: list[float] = []

        def ring(_: Timer) -> None:
            rang.append(loop.time())

        for at in due:
            Timers(ring).set("flush", at)
        await asyncio.sleep(0.04)
        assert len(rang) == len(due)
        assert all(0.0 <= late - at < 0.01 for late, at in zip(sorted(rang), due, strict=True))

    uvloop.run(course())
