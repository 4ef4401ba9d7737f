"""Legs are found again at the carrier by number and time, as after a crash that lost a name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace
from simulated import Simulator, simulating

from vantum import limits
from vantum.errors import CarrierError
from vantum.simulator.latency import PROFILES, Delay
from vantum.simulator.stage import ONE_ACCOUNT
from vantum.telephony.gateway import Order
from vantum.telephony.twilio import PAGE, PAGES, TwilioCarrier

pytestmark = pytest.mark.anyio

THEIRS, OURS, OTHER = "+15550100100", "+15550199999", "+15550199998"
RINGING = replace(PROFILES["fast"], ring=Delay(60.0), ring_timeouts=1.0)


def order(to: str = THEIRS, caller_id: str = OURS) -> Order:
    here = "http://127.0.0.1:9"
    return Order(to=to, caller_id=caller_id, voice_url=here, status_url=here, machine_url=here)


@asynccontextmanager
async def account(
    calls_per_s: float = 1_000.0,
) -> AsyncIterator[tuple[TwilioCarrier, Simulator]]:
    async with simulating(profile=replace(RINGING, calls_per_s=calls_per_s)) as simulator:
        carrier = TwilioCarrier(simulator.url, ONE_ACCOUNT.sid, ONE_ACCOUNT.token)
        try:
            yield carrier, simulator
        finally:
            await carrier.close()


async def test_legs_of_one_pair_of_numbers_are_found_oldest_first() -> None:
    since = time.time()
    async with account() as (carrier, _):
        first = await carrier.place(order())
        await carrier.place(order(to="+15550100199"))
        await carrier.place(order(caller_id=OTHER))
        second = await carrier.place(order())
        found = await carrier.find(THEIRS, OURS, since)
        assert [leg.sid for leg in found] == [first.sid, second.sid]
        assert [leg.began_at for leg in found] == [
            pytest.approx(time.time(), abs=limits.CARRIER_CLOCK_S) for _ in found
        ]
        assert await carrier.find("+15550100198", OURS, since) == []


async def test_a_leg_that_waits_in_the_queue_is_found() -> None:
    since = time.time()
    async with account(calls_per_s=0.001) as (carrier, _):
        await carrier.place(order(to="+15550100199"))
        queued = await carrier.place(order())
        [found] = await carrier.find(THEIRS, OURS, since)
        assert (found.sid, found.status) == (queued.sid, "queued")


async def test_clocks_may_differ_a_little_but_earlier_attempts_are_not_found() -> None:
    async with account() as (carrier, _):
        leg = await carrier.place(order())
        assert leg.began_at is not None
        ahead = leg.began_at + limits.CARRIER_CLOCK_S
        assert len(await carrier.find(THEIRS, OURS, ahead)) == 1
        assert await carrier.find(THEIRS, OURS, ahead + 1.0) == []


async def test_a_leg_is_found_though_the_answer_to_its_order_never_came() -> None:
    since = time.time()
    async with account() as (carrier, simulator):
        simulator.breaks("twilio", "stall_first")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await carrier.place(order())
        assert [leg.status for leg in await carrier.find(THEIRS, OURS, since)] == ["ringing"]


async def test_an_order_that_was_refused_leaves_nothing_to_find() -> None:
    since = time.time()
    async with account() as (carrier, simulator):
        simulator.breaks("twilio", "throttled")
        with pytest.raises(CarrierError):
            await carrier.place(order())
        assert await carrier.find(THEIRS, OURS, since) == []


async def test_a_carrier_that_cannot_say_is_not_taken_for_one_that_knows_of_none() -> None:
    async with account() as (carrier, simulator):
        simulator.breaks("twilio", "unavailable")
        with pytest.raises(CarrierError):
            await carrier.find(THEIRS, OURS, 0.0)


async def test_more_than_a_page_is_found_up_to_a_bound() -> None:
    since = time.time()
    async with account() as (carrier, _):
        placed = [(await carrier.place(order())).sid for _ in range(PAGE + 2)]
        assert [leg.sid for leg in await carrier.find(THEIRS, OURS, since)] == placed
        placed += [(await carrier.place(order())).sid for _ in range(PAGE)]
        newest = placed[-PAGE * PAGES :]
        assert [leg.sid for leg in await carrier.find(THEIRS, OURS, since)] == newest
