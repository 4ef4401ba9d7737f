"""Calls that are over, with all that is known of whom they were with."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from vantum.store.database import Database
from vantum.store.phone_calls import PhoneCall, call_in
from vantum.store.schema import ATTEMPTS, CALLS, CONTACTS

_PERSON: Final = CONTACTS.c.name, CONTACTS.c.company, CONTACTS.c.address, CONTACTS.c.timezone


class Settled(Struct, frozen=True, kw_only=True):
    """What the records know of it; "" and None where it was no campaign's."""

    call: PhoneCall
    campaign_id: str | None = None
    attempt: int | None = None  # its number
    state: str = ""  # of the attempt
    allowed: str = ""  # why it might be made, JSON of `dialing.dial.Allowed`
    name: str = ""
    company: str = ""
    address: str = ""
    timezone: str = ""


class Numbers(Struct, frozen=True):
    """Both ends of a call."""

    theirs: str  # "": they were erased
    ours: str


async def numbers_of(
    connection: AsyncConnection, ids: Collection[str], *, locked: bool
) -> dict[str, Numbers]:
    """The numbers of these calls that we made; `locked`: nobody is erased before the commit.

    Who is about to write what was learnt of people asks this first: it may have taken a while.
    """
    query = select(CALLS.c.call_id, CALLS.c.their_number, CALLS.c.our_number)
    query = query.where(CALLS.c.call_id.in_(ids))
    if locked:  # in one order, as erasing does, or two might wait in a ring
        query = query.order_by(CALLS.c.call_id).with_for_update(read=True)
    rows = (await connection.execute(query)).all()
    return {row.call_id: Numbers(row.their_number, row.our_number) for row in rows}


async def settled_calls(database: Database, ids: Collection[str]) -> list[Settled]:
    """Those of these calls that are settled. Raises RecordsError."""
    query = (
        select(CALLS, ATTEMPTS, *_PERSON)
        .outerjoin(ATTEMPTS, ATTEMPTS.c.attempt_id == CALLS.c.call_id)
        .outerjoin(CONTACTS, CONTACTS.c.contact_id == ATTEMPTS.c.contact_id)
        .where(CALLS.c.call_id.in_(ids), CALLS.c.outcome != "")
    )
    async with database.reading() as connection:
        return [_settled(row) for row in (await connection.execute(query)).all()]


def _settled(row: Row[Any]) -> Settled:
    found = row._mapping
    return Settled(
        call=call_in(row),
        campaign_id=found[ATTEMPTS.c.campaign_id],
        attempt=found[ATTEMPTS.c.number],
        state=found[ATTEMPTS.c.state] or "",
        allowed=found[ATTEMPTS.c.detail] or found[CALLS.c.allowed],
        **{column.name: found[column] or "" for column in _PERSON},
    )
