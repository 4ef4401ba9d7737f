"""Which wordings of agent files have been used here, so that a digest can be looked up later."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import select

from vantum.agents.versions import Version
from vantum.store.database import Database, or_nothing
from vantum.store.schema import AGENTS


class AgentVersions:
    """The records of them. All methods raise RecordsError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, versions: Iterable[Version], now: float) -> None:
        """Keep those that are new."""
        rows = [
            {"version": one.digest, "name": one.name, "text": one.text, "first_used_at": now}
            for one in sorted(versions, key=lambda one: one.digest)  # or two might wait in a ring
        ]
        if not rows:
            return
        async with self._database.writing() as connection:
            await connection.execute(or_nothing(connection, AGENTS), rows)

    async def of(self, digests: Collection[str]) -> dict[str, Version]:
        """The wordings with these digests."""
        query = select(AGENTS).where(AGENTS.c.version.in_(digests))
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return {row.version: Version(row.version, row.name, row.text) for row in rows}
