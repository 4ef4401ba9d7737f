"""Which calls are asked about that nobody has heard of for too long, and when none is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from vantum import limits
from vantum.errors import CarrierError, RecordsError
from vantum.store.phone_calls import PhoneCall
from vantum.telemetry import Log
from vantum.telephony.gateway import OVER
from vantum.telephony.legs import Legs

_AT_ONCE: Final = 8  # each may wait 15 s for the carrier; more would keep calls here from it


async def sweep(legs: Legs, log: Log) -> None:
    """Settle what was kept, and ask about calls without news, for ever; end what was left.

    Of none at the first look after the database was away: whoever carries calls must first have
    said so again.
    """
    away = False
    while True:
        try:
            await _look(legs, log, asks=not away)
            away = False
        except RecordsError as error:  # one that ended here would leave legs open for ever
            log.warning("records_not_read", why=str(error))
            away = True
        await asyncio.sleep(limits.STALE_CALL_S / 4)


async def _look(legs: Legs, log: Log, *, asks: bool) -> None:
    await legs.records.tidy(legs.now() - limits.USED_TOKENS_S)
    # Before the kept ones, which may take longer than whoever carries calls needs to say so again.
    stale = await legs.records.stale(legs.now() - limits.STALE_CALL_S) if asks else []
    kept = await _settle_kept(legs, log)
    # What was said is lost where a call is settled without it: one that cannot be read now waits.
    calls = {call.call_id: call for call in stale if call.call_id not in kept}
    await _each(calls, lambda call_id: _ask_about(calls[call_id], legs, log), log)


async def _settle_kept(legs: Legs, log: Log) -> Collection[str]:
    """Those that waited, whether they are on record now or not."""

    async def settle(call_id: str) -> None:
        left = await asyncio.to_thread(legs.unsettled.read, call_id)
        if left is not None:
            await legs.end(left.call, left.talked, hang_up=True)
            await asyncio.to_thread(legs.unsettled.forget, call_id)

    try:
        kept = await asyncio.to_thread(legs.unsettled.ids)
    except OSError as error:
        log.warning("kept_talks_not_read", why=error.strerror)
        return ()
    await _each(kept, settle, log)
    return kept


async def _each(calls: Collection[str], work: Callable[[str], Awaitable[None]], log: Log) -> None:
    """A few at once; what goes wrong with one is its own."""
    waiting = tuple(calls)
    for first in range(0, len(waiting), _AT_ONCE):
        some = waiting[first : first + _AT_ONCE]
        came = await asyncio.gather(*map(work, some), return_exceptions=True)
        for call_id, failure in zip(some, came, strict=True):
            if failure is not None:
                _tell(call_id, failure, log)


def _tell(call_id: str, failure: BaseException, log: Log) -> None:
    match failure:
        case CarrierError():
            log.warning("leg_in_doubt", call_id=call_id, why=str(failure))
        case RecordsError():
            log.warning("records_not_read", call_id=call_id, why=str(failure))
        case OSError():
            log.warning("kept_talk_not_read", call_id=call_id, why=failure.strerror)
        case _:  # its own words may hold a number: a database tells the row that it does not take
            log.error("call_not_settled", call_id=call_id, why=type(failure).__name__)


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
