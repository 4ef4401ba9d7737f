"""When the records are opened: as the process starts where it needs them, else when first asked.

A server without a telephone may never be asked, and what reads them costs 25 MB and 0.3 s. Where
an address is set it is tried all the same, beside the calls, so that a wrong one shows at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from vantum import limits
from vantum.errors import SettingsError
from vantum.telemetry import Log
from vantum.upkeep import every, keep_what_is_there

if TYPE_CHECKING:
    from vantum.store.database import Database

_AGAIN_S: Final = 10.0  # between two tries at what nobody waits for


async def try_records(address: str) -> None:
    """Open them and let go of them. Raises SettingsError."""
    from vantum.store.database import Database  # noqa: PLC0415 - see above

    database = Database(address)
    try:
        await database.set_up()
    finally:
        await database.close()


class Records:
    """The database of this process."""

    def __init__(
        self,
        address: str,
        start: Callable[[str, Coroutine[Any, Any, None]], object],
        log: Log,
    ) -> None:
        """`start` runs work beside the calls."""
        self._address = address
        self._start = start
        self._log = log
        self._opening = asyncio.Lock()
        self._database: Database | None = None
        self._is_set_up = False

    @property
    def reachable(self) -> bool | None:
        """Whether the database answered when last asked; None where nobody has asked it yet."""
        return None if self._database is None else self._database.reachable

    async def keep_trying(self) -> None:
        """Open them, however often it takes; the log has why not, once."""
        told = False
        while True:
            try:
                await self.opened()
            except SettingsError as error:
                if not told:
                    self._log.warning("records_not_opened", why=str(error))
                told = True
                await asyncio.sleep(_AGAIN_S)
            else:
                if told:
                    self._log.info("records_opened")
                return

    async def opened(self) -> Database:
        """The database, its tables up to date. Raises SettingsError, and may be asked again."""
        async with self._opening:
            if self._database is None:
                # On a thread: calls may be live, and 0.3 s of silence would be heard.
                await asyncio.to_thread(import_module, "vantum.store.database")
                from vantum.store.database import Database  # noqa: PLC0415 - see above

                self._database = Database(self._address)
            if not self._is_set_up:
                await self._database.set_up()
                self._is_set_up = True
                keep_what_is_there()  # 60,000 objects, which were looked through every 7 s
                compare = every(limits.CLOCK_S, self._database.compare_clocks, self._log)
                self._start("clock", compare)
            return self._database

    async def aclose(self) -> None:
        """Let go of it."""
        if self._database is not None:
            await self._database.close()
