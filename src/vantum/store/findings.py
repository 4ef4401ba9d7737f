"""What was found of each call."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from typing import Final

import msgspec
from msgspec import Struct
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from vantum.agents.findings import Disposition, Finding
from vantum.errors import RecordsError
from vantum.store.database import Database
from vantum.store.schema import FINDINGS

_FIELDS: Final = msgspec.json.Decoder(dict[str, str])


class Found(Struct, frozen=True, kw_only=True):
    """A finding as it is recorded; times are seconds since 1970."""

    call_id: str
    disposition: Disposition
    summary: str
    fields: dict[str, str]
    callback_at: float | None
    found_by: str  # the model's name, or "playbook"
    found_at: float


class Findings:
    """The records of findings. All methods raise RecordsError where the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, call_id: str, finding: Finding, found_by: str, found_at: float) -> Found:
        """Record what was found, and return it, or what was found before: the first one stays."""
        values = {
            "call_id": call_id,
            "disposition": finding.disposition,
            "summary": finding.summary,
            "fields": msgspec.json.encode(finding.fields).decode(),
            "callback_at": finding.callback_at,
            "found_by": found_by,
            "found_at": found_at,
        }
        with suppress(IntegrityError):  # another process was first, or this one before it died
            async with self._database.writing() as connection:
                await connection.execute(insert(FINDINGS).values(values))
        found = await self.of(call_id)
        if found is None:
            raise RecordsError("the finding is gone again: the call was erased meanwhile")
        return found

    async def of(self, call_id: str) -> Found | None:
        """What was found of this call."""
        query = select(FINDINGS).where(FINDINGS.c.call_id == call_id)
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            return None
        return Found(**{**row._mapping, "fields": _FIELDS.decode(row.fields)})


async def blank(connection: AsyncConnection, calls: Collection[str]) -> int:
    """Take what was said out of the findings of these calls; how many there are."""
    theirs = update(FINDINGS).where(FINDINGS.c.call_id.in_(calls))
    return int((await connection.execute(theirs.values(summary="", fields="{}"))).rowcount)
