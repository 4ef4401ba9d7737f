"""What was found of each call."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import partial
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct, structs
from sqlalchemy import Row, Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from vantum.agents.findings import Disposition
from vantum.store.database import Database, or_nothing
from vantum.store.hooks import tell
from vantum.store.schema import FINDINGS
from vantum.store.settled import numbers_of
from vantum.wire.hooks import CallFound

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

    async def keep(self, findings: Sequence[Found]) -> list[Found]:
        """Record what was found, and return it, or what was found before: the first one stays.

        Of calls whose people were erased meanwhile nothing is recorded.
        """
        if not findings:
            return []
        ids = [one.call_id for one in findings]
        async with self._database.writing() as connection:
            numbers = await numbers_of(connection, ids, locked=True)
            known = {call_id for call_id, both in numbers.items() if both.theirs}
            findings = [one for one in findings if one.call_id in known]
            if not findings:
                return []
            rows = [{**structs.asdict(one), "fields": _written(one.fields)} for one in findings]
            fresh = or_nothing(connection, FINDINGS).values(rows).returning(FINDINGS.c.call_id)
            new = set((await connection.execute(fresh)).scalars())
            for one in findings:
                if one.call_id in new:
                    told = partial(_told, one)
                    await tell(connection, "call.found", one.call_id, one.found_at, told)
            return _found((await connection.execute(_of(known))).all())

    async def of(self, calls: Collection[str]) -> list[Found]:
        """What was found of these calls."""
        async with self._database.reading() as connection:
            return _found((await connection.execute(_of(calls))).all())


def _of(calls: Collection[str]) -> Select[Any]:
    return select(FINDINGS).where(FINDINGS.c.call_id.in_(calls))


def _found(rows: Iterable[Row[Any]]) -> list[Found]:
    return [Found(**{**row._mapping, "fields": _FIELDS.decode(row.fields)}) for row in rows]


def _written(fields: dict[str, str]) -> str:
    return msgspec.json.encode(fields).decode()


def _told(found: Found) -> CallFound:
    known = structs.asdict(found)
    known["fields"] = Raw(_written(found.fields))
    return CallFound(**{name: known[name] for name in CallFound.__struct_fields__})


async def blank(connection: AsyncConnection, calls: Collection[str]) -> int:
    """Take what was said out of the findings of these calls; how many there are."""
    theirs = update(FINDINGS).where(FINDINGS.c.call_id.in_(calls))
    return int((await connection.execute(theirs.values(summary="", fields="{}"))).rowcount)
