"""A dial whose answer never came is asked about at the carrier, and never made again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from phone import OURS, Phone, sweeping, telephone
from served import DEADLINE_S, eventually
from structlog.testing import capture_logs

from a_call import phone_call
from vantum.simulator.stage import ONE_ACCOUNT
from vantum.store.database import Database
from vantum.store.phone_calls import PhoneCalls
from vantum.telephony.gateway import OVER, Order
from vantum.telephony.settled import Outcome
from vantum.telephony.twilio import TwilioCarrier

pytestmark = pytest.mark.anyio

BUSY, SILENT = "+15550100101", "+15550100102"
NOWHERE = "http://127.0.0.1:9"  # no callback of such a call arrives


@pytest.fixture
async def phone(tmp_path: Path) -> AsyncIterator[Phone]:
    async with telephone(tmp_path) as opened:
        yield opened


@pytest.fixture
async def carrier(phone: Phone) -> AsyncIterator[TwilioCarrier]:
    opened = TwilioCarrier(phone.simulator.url, ONE_ACCOUNT.sid, ONE_ACCOUNT.token)
    yield opened
    await opened.close()


async def was_dialled(phone: Phone, number: str) -> None:
    """A process has died before it knew what the carrier said to this dial."""
    database = Database(address(phone))
    await PhoneCalls(database).add(
        phone_call(time.time(), "doubtful", their_number=number, our_number=OURS)
    )
    await database.close()


async def rings(carrier: TwilioCarrier, number: str) -> str:
    """The carrier was asked to; what it calls the leg."""
    order = Order(
        to=number, caller_id=OURS, voice_url=NOWHERE, status_url=NOWHERE, machine_url=NOWHERE
    )
    return (await carrier.place(order)).sid


def address(phone: Phone) -> str:
    return f"sqlite:///{phone.data}/vantum.db"


async def swept(phone: Phone) -> Outcome:
    async with sweeping(address(phone), phone):
        return await phone.outcome("doubtful")


async def dials(phone: Phone) -> int:
    async with phone.http.get(f"{phone.simulator.url}/simulator/dials") as page:
        return int((await page.json())["total"])


async def test_what_the_carrier_made_of_it_is_what_came_of_it(
    phone: Phone, carrier: TwilioCarrier
) -> None:
    await was_dialled(phone, BUSY)
    sid = await rings(carrier, BUSY)
    async with asyncio.timeout(DEADLINE_S):
        while (leg := await carrier.look(sid)) is None or leg.status not in OVER:
            pass
    outcome = await swept(phone)
    assert (outcome.sid, outcome.outcome) == (sid, "busy")
    assert await dials(phone) == 1


async def test_one_that_rings_still_is_hung_up(phone: Phone, carrier: TwilioCarrier) -> None:
    await was_dialled(phone, SILENT)
    sid = await rings(carrier, SILENT)
    outcome = await swept(phone)
    assert (outcome.sid, outcome.outcome) == (sid, "canceled")
    await phone.is_quiet()


async def test_whether_it_rang_nobody_can_say_where_the_carrier_knows_of_none(
    phone: Phone,
) -> None:
    await was_dialled(phone, SILENT)
    outcome = await swept(phone)
    assert (outcome.status, outcome.outcome) == ("unknown", "unknown")
    assert await dials(phone) == 0


async def test_it_is_in_doubt_for_as_long_as_the_carrier_cannot_say(
    phone: Phone, carrier: TwilioCarrier
) -> None:
    await was_dialled(phone, SILENT)
    sid = await rings(carrier, SILENT)
    phone.simulator.breaks("twilio", "unavailable")
    with capture_logs() as logs:
        async with sweeping(address(phone), phone):
            await eventually(lambda: any(log["event"] == "leg_in_doubt" for log in logs))
    assert not phone.outcomes()
    assert (await swept(phone)).sid == sid
