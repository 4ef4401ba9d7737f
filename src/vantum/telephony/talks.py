"""Which calls this process carries, and how any process tells their talks what is wanted."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Final

import msgspec

from vantum import limits
from vantum.calls import Live
from vantum.conversation import events as ev
from vantum.conversation.answerer import NOBODY
from vantum.errors import RecordsError
from vantum.store.phone_calls import Command, PhoneCall, PhoneCalls
from vantum.telemetry import Log

_TROUBLE_S: Final = 1.0  # the database is let alone for so long when it is in trouble
# The other verdicts on machines are of screeners and menus too, behind which there may be somebody.
_LEAVES_NO_DOUBT: Final = ("machine_end_beep", "fax")
_ASKED: Final = msgspec.json.Decoder(ev.TransferAsked)


def event_of(command: Command) -> ev.Event:
    """What a command is to the talk that it is for."""
    match command.verb:
        case "hang_up":
            return ev.EndAsked("operator_ended")
        case "machine":
            return ev.AnsweredBy(ev.verdict(command.argument))
        case "transfer":
            return _ASKED.decode(command.argument)
        case "transfer_failed":
            return ev.TransferFailed(command.argument)


class Talks:
    """The talks of this process, and the way to all others."""

    def __init__(self, records: PhoneCalls, now: Callable[[], float], log: Log) -> None:
        self.worker = os.urandom(8).hex()
        self._records = records
        self._now = now
        self._log = log
        self._live: dict[str, Live] = {}  # by call id

    def carry(self, call: PhoneCall, live: Live) -> None:
        """The call talks in this process."""
        self._live[call.call_id] = live

    def forget(self, call_id: str) -> None:
        """It has ended."""
        self._live.pop(call_id, None)

    def meets_machine(self, call: PhoneCall) -> bool:
        """No person is on the line, as its talk knows, or, where that is elsewhere, the carrier."""
        live = self._live.get(call.call_id)
        pickup = live.call.conversation.talk.aside.pickup if live else None
        if pickup is not None:
            return pickup.kind in NOBODY
        return call.machine in _LEAVES_NO_DOUBT

    async def tell(self, call: PhoneCall, command: Command) -> None:
        """Tell the talk of a call, wherever it is; where there is none, nobody."""
        if call.call_id in self._live:
            self.obey(command)
        elif call.worker:
            await self._records.command(command, call.worker)

    def obey(self, command: Command) -> None:
        """Do what is wanted of a call that is carried here."""
        live = self._live.get(command.call_id)
        if live is not None:
            live.call.post(event_of(command))

    async def run(self) -> None:
        """Do what other processes want of the calls carried here, for ever."""
        told_at = 0.0  # that the calls are carried
        while True:
            await asyncio.sleep(limits.COMMANDS_EVERY_S)
            if not self._live:
                continue
            try:
                for command in await self._records.commands(self.worker):
                    self.obey(command)
                if self._now() - told_at >= limits.STALE_CALL_S / 4:
                    await self._records.alive(self.worker, self._now())
                    told_at = self._now()
            except RecordsError as error:  # the calls go on, and so must this
                self._log.warning("records_not_read", why=str(error))
                await asyncio.sleep(_TROUBLE_S)
