"""How SQLite is driven so that it costs little and nobody fails half-way.

Every connection has its thread. The driver goes there four times for a statement (a cursor, the
statement, its rows, the cursor's end) and once more to undo nothing behind each read; going there
costs more than most statements do. Here a statement goes once.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final

import aiosqlite
from sqlalchemy import URL, Connection, Engine, event

BUSY_S: Final = 5.0  # another process may be writing; its transactions take milliseconds


def opener(url: URL) -> Callable[[], Coroutine[Any, Any, Any]]:
    """What opens a connection to the database at this address."""
    arguments, named = url.get_dialect()().create_connect_args(url)

    async def opened() -> Driven:
        connection = aiosqlite.connect(*arguments, **named)
        connection._thread.daemon = True  # as the dialect has it: a program may end without us
        return Driven(await connection)

    return opened


class Driven:
    """A connection of the driver, as the dialect uses it."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._inner = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def cursor(self) -> Cursor:
        """What one statement is given to."""
        return Cursor(self._inner)

    async def rollback(self) -> None:
        """Undo what was begun, if anything was."""
        if self._inner.in_transaction:
            await self._inner.rollback()


class Cursor:
    """One statement and all its rows."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Cursor:
        return self

    async def execute(self, statement: str, values: Iterable[Any] = ()) -> None:
        """Have it executed. Raises what sqlite3 does."""
        await self._go("execute", statement, values)

    async def executemany(self, statement: str, values: Iterable[Iterable[Any]]) -> None:
        """The same for each of these values."""
        await self._go("executemany", statement, values)

    async def _go(self, how: str, statement: str, values: Any) -> None:
        await self._connection._execute(self._run, how, statement, values)  # type: ignore[no-untyped-call]

    def _run(self, how: str, statement: str, values: Any) -> None:
        """In the connection's thread."""
        cursor = self._connection._conn.cursor()
        try:
            getattr(cursor, how)(statement, values)
            self.description, self.lastrowid = cursor.description, cursor.lastrowid
            self._rows = cursor.fetchall() if cursor.description else []
            self.rowcount = cursor.rowcount
        finally:
            cursor.close()

    async def fetchall(self) -> list[Any]:
        """Its rows, once."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Nothing is left to be closed."""


def settle(engine: Engine) -> None:
    """Have readers never wait for the writer, and the writer never fail half-way.

    SQLite takes the write lock late by default, and a transaction that has read and then finds
    another writer must be given up; `BEGIN IMMEDIATE` takes it first (sqlite.org, "Transactions").
    """

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.execute(f"PRAGMA busy_timeout={round(BUSY_S * 1000)}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        # Who reads sees each statement's own moment, as at a server.
        if connection.get_execution_options().get("vantum_writes"):
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    @event.listens_for(engine, "invalidate")
    def _given_up(connection: Any, _record: object, _error: object) -> None:
        # Of whoever was cancelled while writing. Closing alone does not end the transaction as long
        # as somebody holds the error, which holds the cursor; nobody else could write until then.
        connection.rollback()
