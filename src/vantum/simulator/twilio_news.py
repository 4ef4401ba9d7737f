"""Who is told what becomes of a simulated call, and how that can go wrong on the way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

from msgspec import Struct

from vantum.simulator.faults import Armed
from vantum.simulator.twilio_house import House
from vantum.simulator.twilio_web import Form, UnreachedError

LATE_S: Final = 2.0  # a late callback; others overtake it


class Told(Struct):
    """A callback, and what became of it."""

    event: str
    status: str
    sequence: int
    at: float  # Unix time
    answer: int = 0  # HTTP's, or the vendor's number of what went wrong; 0 while under way or lost


class News:
    """The status callbacks of one call."""

    def __init__(
        self,
        house: House,
        url: str,
        method: str,
        events: tuple[str, ...],
        warn: Callable[[int], None],
    ) -> None:
        self.told: list[Told] = []
        self.arrived = asyncio.Event()  # the first of them
        self._house = house
        self._url = url
        self._method = method
        self._events = events
        self._warn = warn
        self._order = asyncio.Lock()

    def tell(self, event: str, status: str, fields: Form) -> None:
        """Send this if it was asked for."""
        if not self._url or event not in self._events:
            return
        told = Told(event, status, len(self.told), time.time())
        self.told.append(told)
        form = [
            *fields,
            ("CallStatus", status),
            ("Timestamp", format_datetime(datetime.fromtimestamp(told.at, UTC))),
            ("CallbackSource", "call-progress-events"),
            ("SequenceNumber", str(told.sequence)),
        ]
        struck = self._house.stage.faults.strikes(
            "twilio", "callback_lost", "callback_late", "callback_twice"
        )
        self._house.start("status-callback", self._deliver(told, form, struck))

    async def _deliver(self, told: Told, form: Form, struck: Armed | None) -> None:
        if struck is not None and struck.fault == "callback_lost":
            return
        if struck is not None and struck.fault == "callback_late":
            await asyncio.sleep(LATE_S if struck.seconds is None else struck.seconds)
            await self._post(told, form)
            return
        async with self._order:
            for _ in range(2 if struck is not None else 1):
                await self._post(told, form)

    async def _post(self, told: Told, form: Form) -> None:
        try:
            told.answer = (await self._house.web.ask(self._url, form, method=self._method)).status
        except UnreachedError as error:
            told.answer = error.code
        if not 200 <= told.answer < 300:
            self._warn(11200)
        self.arrived.set()
