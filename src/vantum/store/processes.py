"""Which processes run, and how many calls each can carry."""

from __future__ import annotations

from typing import Final, Literal

from sqlalchemy import ColumnElement, delete, func, insert, select, update

from vantum.store.database import Database
from vantum.store.schema import CALLS, OPEN, WORKERS

Kind = Literal["serve", "worker"]
HERE_S: Final = 5.0  # between two reports
ALIVE_S: Final = 15.0  # a process that was seen since then runs
FORGOTTEN_S: Final = 3_600.0  # a process that was not seen for so long is gone


class Processes:
    """The processes of this installation, as one of them reports itself."""

    def __init__(self, database: Database, boot_id: str, kind: Kind) -> None:
        self._database = database
        self._boot_id = boot_id
        self._kind = kind

    async def here(self, room: int, now: float) -> None:
        """This one runs, and can carry so many phone calls in all. Raises RecordsError."""
        us = WORKERS.c.boot_id == self._boot_id
        async with self._database.writing() as connection:
            seen = await connection.execute(
                update(WORKERS).where(us).values(seen_at=now, room=room)
            )
            if not seen.rowcount:
                row = {"boot_id": self._boot_id, "kind": self._kind, "seen_at": now, "room": room}
                await connection.execute(insert(WORKERS).values(row))
                gone = WORKERS.c.seen_at < now - FORGOTTEN_S
                await connection.execute(delete(WORKERS).where(gone))

    async def any_seen(self, kind: Kind, since: float) -> bool:
        """Whether one of this kind was seen since then. Raises RecordsError."""
        query = select(WORKERS.c.boot_id).where(WORKERS.c.kind == kind, WORKERS.c.seen_at > since)
        async with self._database.reading() as connection:
            return (await connection.execute(query.limit(1))).first() is not None

    async def others_take_calls(self, since: float) -> bool:
        """Whether another of this kind that takes calls was seen since. Raises RecordsError."""
        query = select(WORKERS.c.boot_id).where(*self._others(since), WORKERS.c.room > 0)
        async with self._database.reading() as connection:
            return (await connection.execute(query.limit(1))).first() is not None

    async def others_have_room(self, since: float, *, beyond: int = 0) -> bool:
        """Whether the others that were seen since can carry a further call. Raises RecordsError.

        Theirs are all calls but those in this process, of which `beyond` were meant for them.
        """
        rooms = select(func.coalesce(func.sum(WORKERS.c.room), 0)).where(*self._others(since))
        elsewhere = OPEN & CALLS.c.handed_over_at.is_(None) & (CALLS.c.worker != self._boot_id)
        theirs = select(func.count()).select_from(CALLS).where(elsewhere)
        query = select(rooms.scalar_subquery() - theirs.scalar_subquery())
        async with self._database.reading() as connection:
            return int((await connection.execute(query)).scalar_one()) > beyond

    def _others(self, since: float) -> tuple[ColumnElement[bool], ...]:
        another = (WORKERS.c.kind == self._kind, WORKERS.c.boot_id != self._boot_id)
        return (*another, WORKERS.c.seen_at > since)

    async def gone(self) -> None:
        """This one has stopped. Raises RecordsError."""
        async with self._database.writing() as connection:
            await connection.execute(delete(WORKERS).where(WORKERS.c.boot_id == self._boot_id))
