"""A call that is over, with all that is known of whom it was with."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import select

from vantum.store.database import Database
from vantum.store.phone_calls import PhoneCall, call_in
from vantum.store.schema import ATTEMPTS, CALLS, CONTACTS


class Settled(Struct, frozen=True, kw_only=True):
    """What the records know of it; "" and None where it was no campaign's."""

    call: PhoneCall
    campaign_id: str | None = None
    attempt: int | None = None  # its number
    state: str = ""  # of the attempt
    allowed: str = ""  # JSON of `dialing.dial.Allowed`
    name: str = ""
    company: str = ""
    address: str = ""
    timezone: str = ""


async def settled_call(database: Database, call_id: str) -> Settled | None:
    """The call; None where there is none, or where it is not settled. Raises RecordsError."""
    person = CONTACTS.c.name, CONTACTS.c.company, CONTACTS.c.address, CONTACTS.c.timezone
    query = (
        select(CALLS, ATTEMPTS, *person)
        .outerjoin(ATTEMPTS, ATTEMPTS.c.attempt_id == CALLS.c.call_id)
        .outerjoin(CONTACTS, CONTACTS.c.contact_id == ATTEMPTS.c.contact_id)
        .where(CALLS.c.call_id == call_id, CALLS.c.outcome != "")
    )
    async with database.reading() as connection:
        row = (await connection.execute(query)).first()
    if row is None:
        return None
    found = row._mapping
    return Settled(
        call=call_in(row),
        campaign_id=found[ATTEMPTS.c.campaign_id],
        attempt=found[ATTEMPTS.c.number],
        state=found[ATTEMPTS.c.state] or "",
        allowed=found[ATTEMPTS.c.detail] or "",
        **{column.name: found[column] or "" for column in person},
    )
