"""Whoever asks for no more calls gets none, from the moment at which that is understood.

The process that carries the call writes it down at once, so that no list or campaign calls the
number meanwhile. What a database in trouble does not take then is written with the call's outcome.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from vantum.dialing.numbers import is_number
from vantum.errors import RecordsError
from vantum.store.contacts import Contacts, Suppressed
from vantum.store.phone_calls import PhoneCall
from vantum.telemetry import Log

REASON: Final = "asked for no more calls on the phone"
_AGAIN_S: Final = (0.0, 0.5, 1.0, 2.0, 4.0)  # in all no longer than such a call goes on


def wish(call: PhoneCall, now: float) -> Suppressed | None:
    """What is kept of it; None where the other side has withheld its number."""
    if not is_number(call.their_number):
        return None
    return Suppressed(phone=call.their_number, since=now, reason=REASON, call_id=call.call_id)


class OptOuts:
    """The wishes of those who talk with this process."""

    def __init__(
        self,
        contacts: Contacts,
        *,
        now: Callable[[], float],
        start: Callable[[str, Coroutine[Any, Any, None]], object],
        log: Log,
    ) -> None:
        """`start` runs work beside the calls."""
        self._contacts = contacts
        self._now = now
        self._start = start
        self._log = log

    def obey(self, call: PhoneCall) -> None:
        """Whoever talks on this call wants no more of them."""
        self._start("opt-out", self._write(call))

    async def _write(self, call: PhoneCall) -> None:
        wanted = wish(call, self._now())
        if wanted is None:
            self._log.warning("opt_out_without_number", call_id=call.call_id)
            return
        for wait_s in _AGAIN_S:
            await asyncio.sleep(wait_s)
            try:
                await self._contacts.suppress(
                    wanted.phone, wanted.since, wanted.reason, wanted.call_id
                )
            except RecordsError as error:
                self._log.warning("records_not_written", call_id=call.call_id, why=str(error))
            else:
                self._log.info("opted_out", call_id=call.call_id)
                return
