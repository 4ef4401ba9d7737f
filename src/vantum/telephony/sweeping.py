"""Which calls are asked about that nobody has heard of for too long, and when none is."""

from __future__ import annotations

import asyncio

from vantum import limits
from vantum.errors import CarrierError, RecordsError
from vantum.store.phone_calls import PhoneCall
from vantum.telemetry import Log
from vantum.telephony.gateway import OVER
from vantum.telephony.legs import Legs


async def sweep(legs: Legs, log: Log) -> None:
    """Settle what was kept, and ask about calls without news, for ever; end what was left.

    Of none at the first look after the database was away: whoever carries calls must first have
    said so again.
    """
    away = False
    while True:
        try:
            await _settle_kept(legs, log)
            if not away:
                await _sweep_once(legs, log)
            away = False
        except RecordsError as error:  # one that ended here would leave legs open for ever
            log.warning("records_not_read", why=str(error))
            away = True
        await asyncio.sleep(limits.STALE_CALL_S / 4)


async def _settle_kept(legs: Legs, log: Log) -> None:
    await legs.records.tidy(legs.now() - limits.USED_TOKENS_S)
    try:
        for left in legs.unsettled:
            await legs.end(left.call, left.talked, hang_up=True)
            legs.unsettled.forget(left.call.call_id)
    except OSError as error:
        log.warning("kept_talks_not_read", why=error.strerror)


async def _sweep_once(legs: Legs, log: Log) -> None:
    for call in await legs.records.stale(legs.now() - limits.STALE_CALL_S):
        try:
            await _ask_about(call, legs, log)
        except CarrierError as error:
            log.warning("leg_in_doubt", call_id=call.call_id, why=str(error))


async def _ask_about(call: PhoneCall, legs: Legs, log: Log) -> None:
    if call.ended_at is None:
        leg = await (legs.carrier.look(call.sid) if call.sid else legs.find_again(call))
        if call.sid is None:
            return
        if leg is not None and leg.status not in OVER and call.handed_over:
            await legs.records.change(call.call_id, news_at=legs.now())
            await legs.settle(call, None)
            return
        if leg is not None and leg.status not in OVER:
            log.warning("leg_left_open", call_id=call.call_id)
            await legs.carrier.hang_up(leg.sid)
            leg = await legs.carrier.look(leg.sid)
        await legs.over(call, leg.status if leg else "failed")
    left = await legs.records.by_id(call.call_id)
    if left is not None:
        await legs.settle(left, None)
