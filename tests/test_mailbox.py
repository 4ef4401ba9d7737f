"""The queue of one taker: in order, bounded, and nothing is lost by who gives up waiting."""

from __future__ import annotations

import asyncio

import pytest

from vantum.mailbox import Mailbox

pytestmark = pytest.mark.anyio


async def test_things_come_out_in_the_order_they_went_in() -> None:
    box = Mailbox[int](3)
    for number in range(3):
        box.put_nowait(number)
    assert box.full
    assert [await box.get() for _ in range(3)] == [0, 1, 2]
    assert box.empty


async def test_a_full_one_takes_nothing_at_once() -> None:
    box = Mailbox[int](1)
    box.put_nowait(1)
    with pytest.raises(asyncio.QueueFull):
        box.put_nowait(2)
    assert await box.get() == 1


async def test_who_takes_waits_for_what_is_put() -> None:
    box = Mailbox[str](1)
    taking = asyncio.ensure_future(box.get())
    await asyncio.sleep(0)
    box.put_nowait("a")
    assert await taking == "a"


async def test_who_puts_waits_for_room_one_after_the_other() -> None:
    box = Mailbox[int](1)
    putting = [asyncio.ensure_future(box.put(number)) for number in range(4)]
    assert [await box.get() for _ in range(4)] == [0, 1, 2, 3]
    await asyncio.gather(*putting)


async def test_a_taker_that_gives_up_loses_nothing() -> None:
    box = Mailbox[str](1)
    taking = asyncio.ensure_future(box.get())
    await asyncio.sleep(0)
    box.put_nowait("kept")
    taking.cancel()
    await asyncio.wait([taking])
    assert await box.get() == "kept"


async def test_a_putter_that_gives_up_leaves_its_room_to_the_next() -> None:
    box = Mailbox[int](1)
    box.put_nowait(0)
    first, second = (asyncio.ensure_future(box.put(number)) for number in (1, 2))
    await asyncio.sleep(0)
    first.cancel()
    assert await box.get() == 0
    await second
    assert await box.get() == 2


async def test_what_is_cleared_makes_room_for_all() -> None:
    box = Mailbox[int](2)
    box.put_nowait(1)
    box.put_nowait(2)
    putting = [asyncio.ensure_future(box.put(number)) for number in (3, 4)]
    await asyncio.sleep(0)
    box.clear()
    await asyncio.gather(*putting)
    assert [await box.get(), await box.get()] == [3, 4]


async def test_who_can_take_at_once_has_what_comes_while_the_taker_waits() -> None:
    box, taken = Mailbox[int](3), list[int]()

    def take(number: int) -> bool:
        if number == 2:
            return False
        taken.append(number)
        return True

    box.hand_to(take)
    box.put_nowait(0)  # nobody waits for it yet
    assert (await box.get(), taken) == (0, [])
    getting = asyncio.ensure_future(box.get())
    await asyncio.sleep(0)
    for number in (1, 2, 3):  # the last one may not overtake the one before
        box.put_nowait(number)
    assert (await getting, await box.get(), taken) == (2, 3, [1])


async def test_nothing_is_handed_to_who_has_left() -> None:
    box, taken = Mailbox[int](3), list[int]()
    for gives_up in (False, True):
        box.hand_to(lambda number: not taken.append(number))
        getting = asyncio.ensure_future(box.get())
        await asyncio.sleep(0)
        if gives_up:
            getting.cancel()
        else:
            box.hand_to(None)
        box.put_nowait(1)
        await asyncio.wait([getting])
    assert (await box.get(), taken) == (1, [])
