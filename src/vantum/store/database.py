"""How records are reached: one engine, any number of readers, one writer at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import URL, Table, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from vantum.errors import RecordsError, SettingsError
from vantum.store import sqlite as sqlite_file
from vantum.store.migrating import migrate, version_of
from vantum.store.sqlite import BUSY_S
from vantum.telemetry import server_log

_EMPTYINGS: Final = 10
_EMPTYING_S: Final = 0.1
_PAUSE: Final = 3  # times as long as it took
ANSWER_S: Final = 10.0  # anything asked of the database: twice what a writer is waited for
# A look at the server's clock is off by at most half of what it takes: this much is little beside
# the seconds that leases and hours of the day allow, and a server that is not busy takes far less.
_LOOK_S: Final = 0.5
_PASSED: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

# A process that is stopped within a transaction must not keep the others from a row for ever.
_SERVER: Final = {"idle_in_transaction_session_timeout": f"{round(BUSY_S * 1000)}"}
_DRIVERS: Final = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}

# Alembic keeps the connection that it works on in a module: of the databases that one program sets
# up, each waits for the others.
_SETTING_UP: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock]] = WeakKeyDictionary()


class Database:
    """The records of one installation, shared by its processes."""

    def __init__(self, address: str) -> None:
        url = _for_driver(make_url(address))
        self.is_file = is_file = url.get_backend_name() == "sqlite"
        # A database server may have been started anew since a connection was last used.
        # An error may be logged, and what was to be recorded holds numbers and words of callers.
        self._engine: AsyncEngine = create_async_engine(
            url,
            pool_pre_ping=not is_file,
            hide_parameters=True,
            async_creator=sqlite_file.opener(url) if is_file else None,
            connect_args={} if is_file else {"server_settings": _SERVER},
        )
        self._writer = asyncio.Lock()
        self._ahead_s: float | None = None  # nobody has looked yet
        self.reachable: bool | None = None  # by its last answer; None before anything was asked
        # Where its file is or will be; None for a server's, and for one that is in memory alone.
        in_memory = url.database in {None, "", ":memory:"}
        self.file = Path(url.database or "") if is_file and not in_memory else None
        if is_file:
            sqlite_file.settle(self._engine.sync_engine)

    async def set_up(self) -> None:
        """Make the tables that are missing, and bring those of older versions up to date.

        Raises SettingsError where that cannot be, or where there are others of these names.
        """
        alone = _SETTING_UP.setdefault(asyncio.get_running_loop(), asyncio.Lock())
        try:
            if self.file is not None:
                self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            async with alone, self._changing() as connection:
                await connection.run_sync(migrate)
                await self._compare(connection)
            self.reachable = True
        # TypeError: a parameter that the driver does not know.
        except (SQLAlchemyError, OSError, TypeError) as error:
            self.reachable = False
            raise _not_opened(error) from error

    async def version(self) -> str | None:
        """The migration that the tables are at, and nothing is made; None where there are none.

        It compares clocks, too. Raises SettingsError where nobody can tell.
        """
        try:
            async with asyncio.timeout(ANSWER_S), self._engine.connect() as connection:
                await self._compare(connection)
                return await connection.run_sync(version_of)
        except (SQLAlchemyError, OSError, TypeError) as error:
            raise _not_opened(error) from error

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Look something up. Raises RecordsError."""
        async with self._answered(), self._engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Change something; all of it or, on an error, nothing.

        Raises RecordsError, and IntegrityError for what must not be recorded twice.
        """
        async with self._answered(), self._changing() as connection:
            yield connection

    @asynccontextmanager
    async def writing_a_part(self) -> AsyncIterator[AsyncConnection]:
        """The same for a part of something long, after which others get their turn.

        SQLite lets one write and has the others look again, at last every 0.1 s: who begins anew at
        once would keep them out. Where the lock is taken a quarter of the time, none in a million
        waits for a second.
        """
        began = time.monotonic()
        async with self.writing() as connection:
            yield connection
        if self.is_file:
            await asyncio.sleep(_PAUSE * (time.monotonic() - began))

    @asynccontextmanager
    async def _answered(self) -> AsyncIterator[None]:
        """What goes wrong in one word: the drivers and the network have many. It is noted."""
        try:
            async with asyncio.timeout(ANSWER_S):
                yield
        except IntegrityError:
            raise
        except TimeoutError as error:
            self.reachable = False
            raise RecordsError("the database did not answer in time") from error
        except (SQLAlchemyError, OSError) as error:
            self.reachable = False
            raise RecordsError(f"the database: {error}") from error
        self.reachable = True

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[AsyncConnection]:
        async with self._writer, self._engine.connect() as connection:
            await connection.execution_options(vantum_writes=True)
            async with connection.begin():
                yield connection

    def now(self) -> float:
        """The time that all processes go by, whatever this machine's clock says: since 1970.

        It is that of a database server, or our own. Between two looks at a server's our own may be
        set anew, by whole hours: the time that has passed is what counts.
        """
        return time.time() if self._ahead_s is None else _passed_s() + self._ahead_s

    async def compare_clocks(self) -> None:
        """Look again, as `set_up` has, how far ours is behind. Raises RecordsError."""
        async with self.reading() as connection:
            await self._compare(connection)

    async def _compare(self, connection: AsyncConnection) -> None:
        if self.is_file:
            return
        before = _passed_s()
        query = text("SELECT extract(epoch FROM clock_timestamp())")
        theirs = float((await connection.execute(query)).scalar_one())
        self._ahead_s = ahead_s(self._ahead_s, before, theirs, _passed_s())

    async def forget(self) -> None:
        """Empty a file's journal, which holds pages as they were before they were overwritten.

        Nobody writes meanwhile, and who reads has to come to an end (sqlite.org, "Write-Ahead
        Logging"): it is tried for moments, and left to the next time where that does not do.
        """
        if not self.is_file:
            return
        try:
            for _ in range(_EMPTYINGS):
                if await self._emptied():
                    return
                await asyncio.sleep(_EMPTYING_S)
            why = "somebody reads the records all the time"
        except RecordsError as error:
            why = str(error)
        server_log().warning("journal_not_emptied", why=why)

    async def _emptied(self) -> bool:
        async with self.reading() as connection:
            await connection.exec_driver_sql(f"PRAGMA busy_timeout={round(_EMPTYING_S * 1000)}")
            try:
                found = await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                return not found.one()[0]
            finally:
                await connection.exec_driver_sql(f"PRAGMA busy_timeout={round(BUSY_S * 1000)}")

    async def close(self) -> None:
        """Let go of the connections."""
        await self._engine.dispose()


def _passed_s() -> float:
    """By a clock that nobody sets; it counts what a machine sleeps, too, where there is such."""
    return time.clock_gettime(_PASSED)


def ahead_s(known: float | None, before: float, theirs: float, after: float) -> float:
    """How far a clock is ahead of ours, which said `before` and `after` when we looked at it.

    What was known stays where the look took too long; any is better than none.
    """
    if known is not None and not 0 <= after - before < _LOOK_S:
        return known
    return theirs - (before + after) / 2


def or_nothing(connection: AsyncConnection, table: Table) -> Any:
    """An insert that leaves a row that is there as it is."""
    kind = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return kind(table).on_conflict_do_nothing()


def _not_opened(error: Exception) -> SettingsError:
    why = getattr(error, "orig", None) or error  # the driver's words, without our SQL
    return SettingsError(f"DATABASE_URL: the records cannot be opened: {str(why) or 'no answer'}")


def _for_driver(url: URL) -> URL:
    """The address as it is commonly written, in the words of the driver."""
    url = url.set(drivername=_DRIVERS[url.get_backend_name()])
    secured = url.query.get("sslmode")
    if secured is None:
        return url
    return url.difference_update_query(["sslmode"]).update_query_dict({"ssl": secured})
