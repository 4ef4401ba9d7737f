"""Which rows are locked so that processes do one thing after another."""

from __future__ import annotations

from typing import Final, Literal

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from vantum.store.database import or_nothing
from vantum.store.schema import GATES

Gate = Literal["dials", "receipts"]
_LOCKED: Final = select(GATES.c.next_at).where(GATES.c.name == bindparam("of")).with_for_update()


async def locked(connection: AsyncConnection, name: Gate) -> float:
    """Wait for the row and keep it until the commit; the next moment that it allows."""
    found = (await connection.execute(_LOCKED, {"of": name})).scalar()
    if found is None:
        await connection.execute(or_nothing(connection, GATES).values(name=name, next_at=0.0))
        found = (await connection.execute(_LOCKED, {"of": name})).scalar_one()
    return float(found)
