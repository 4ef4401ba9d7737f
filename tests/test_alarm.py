"""A deadline that moves: rings when it was not put off in time, and never when it was."""

from __future__ import annotations

import asyncio
import time

import pytest
import uvloop

from vantum.alarm import CLOCK_S, Alarm, Patience

pytestmark = pytest.mark.anyio
MOMENT_S, SOON_S, LATE_S = 0.002, 0.01, 10.0


async def passes(delay_s: float) -> None:
    """So much time, in moments: nothing rings early."""
    for _ in range(round(delay_s / MOMENT_S)):
        await asyncio.sleep(MOMENT_S)


class Bell:
    """What an alarm rings."""

    def __init__(self) -> None:
        self.rung = 0
        self.alarm = Alarm(self._ring)

    def _ring(self) -> None:
        self.rung += 1


async def test_an_alarm_rings_once() -> None:
    bell = Bell()
    bell.alarm.set(SOON_S)
    await passes(5 * SOON_S)
    assert bell.rung == 1


async def test_an_alarm_that_is_put_off_again_and_again_rings_when_that_ends() -> None:
    bell = Bell()
    for _ in range(8):
        bell.alarm.set(4 * SOON_S)
        await passes(SOON_S)
    assert bell.rung == 0
    await passes(8 * SOON_S)
    assert bell.rung == 1


async def test_an_alarm_can_be_set_to_an_earlier_time() -> None:
    bell = Bell()
    bell.alarm.set(LATE_S)
    bell.alarm.set(SOON_S)
    await passes(5 * SOON_S)
    assert bell.rung == 1
    bell.alarm.close()


@pytest.mark.parametrize("quieten", [Alarm.rest, Alarm.close])
async def test_an_alarm_at_rest_does_not_ring(quieten: object) -> None:
    bell = Bell()
    bell.alarm.set(SOON_S)
    assert callable(quieten)
    quieten(bell.alarm)
    await passes(3 * SOON_S)
    assert bell.rung == 0


async def test_what_comes_in_time_comes_and_a_slow_wait_ends() -> None:
    patience = Patience()
    assert await patience.within(LATE_S, asyncio.sleep(0, "here")) == "here"
    for _ in range(2):
        with pytest.raises(TimeoutError):
            await patience.within(SOON_S, asyncio.Event().wait())
    assert await patience.within(LATE_S, asyncio.sleep(SOON_S, "again")) == "again"
    patience.close()


async def test_an_error_of_what_is_waited_for_is_its_own() -> None:
    async def breaks() -> None:
        raise ValueError

    patience = Patience()
    with pytest.raises(ValueError):  # noqa: PT011 - any
        await patience.within(LATE_S, breaks())
    patience.close()


async def test_a_task_that_is_cancelled_while_it_waits_is_cancelled() -> None:
    patience = Patience()
    waiting = asyncio.create_task(patience.within(LATE_S, asyncio.Event().wait()), name="waiting")
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    patience.close()


async def test_a_task_that_is_cancelled_as_its_time_is_up_is_cancelled() -> None:
    patience = Patience()

    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            waiting.cancel()  # from outside, in the same moment

    waiting = asyncio.create_task(patience.within(SOON_S, stubborn()), name="waiting")
    await asyncio.wait([waiting])
    assert waiting.cancelled()


async def test_what_swallows_the_end_of_its_time_leaves_the_task_uncancelled() -> None:
    patience = Patience()

    async def swallows() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "came"
        return ""

    assert await patience.within(SOON_S, swallows()) == "came"
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_wait_that_is_hurried_is_over() -> None:
    patience = Patience()
    asyncio.get_running_loop().call_soon(patience.hurry)
    with pytest.raises(TimeoutError):
        await patience.within(LATE_S, asyncio.Event().wait())
    patience.close()


async def test_one_that_is_hurried_as_its_time_is_up_ends_once() -> None:
    patience, loop = Patience(), asyncio.get_running_loop()
    at = loop.time() + SOON_S
    for _ in range(2):  # in the very pass in which the alarm rings, and behind it
        loop.call_at(at, loop.call_soon, patience.hurry)
        loop.call_at(at + CLOCK_S, patience.hurry)
        with pytest.raises(TimeoutError):
            await patience.until(at, asyncio.Event().wait())
        at += SOON_S
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    patience.close()


async def test_nobody_who_waits_is_hurried_later() -> None:
    patience = Patience()
    patience.hurry()
    assert await patience.within(LATE_S, asyncio.sleep(SOON_S, "here")) == "here"
    patience.close()


def test_what_is_there_already_comes_past_its_time_too() -> None:
    async def course() -> None:
        patience, past = Patience(), asyncio.get_running_loop().time() - 1
        for _ in range(3):
            assert await patience.until(past, there()) == "there"
            assert await patience.until(past, held_up()) == "here"
        with pytest.raises(TimeoutError):
            await patience.until(past, asyncio.Event().wait())
        patience.close()

    async def there() -> str:
        return "there"

    async def held_up() -> str:
        """The loop learns in one pass that the time is up and that this goes on."""
        until = time.monotonic() + 5 * CLOCK_S
        while time.monotonic() < until:
            pass
        return await asyncio.sleep(0, "here")

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as servers have it
        runner.run(course())
