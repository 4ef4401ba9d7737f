"""What a number's owner wants: consents given and revoked, suppressions, and to be forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import delete, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from vantum.dialing.dial import Consent
from vantum.errors import RequestError
from vantum.store.database import Database, or_nothing
from vantum.store.hooks import tell
from vantum.store.numbers import consents_of
from vantum.store.schema import ATTEMPTS, CONSENTS, CONTACTS, DUE, LIFTED, SUPPRESSIONS
from vantum.wire.hooks import NumberSuppressed

ERASED: Final = "erased"  # stands in the place of what was there
ERASED_WHY: Final = "erased on request"
UNSAID: Final = "no reason given"  # why a number is suppressed


class Suppressed(Struct, frozen=True, kw_only=True):
    """That a number is not to be called any more."""

    phone: str
    since: float
    reason: str
    call_id: str  # in which it was said; "" where it came otherwise


class Contacts:
    """The records by telephone number (E.164). All methods raise RecordsError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def consents_of(self, phone: str) -> tuple[Consent, ...]:
        """All consents on record, the oldest first; those of lists that are not there yet not."""
        async with self._database.reading() as connection:
            found = await consents_of(connection, {phone})
        return tuple(found.get(phone, ()))

    async def suppress(self, phone: str, since: float, reason: str, call_id: str = "") -> bool:
        """Have a number called no more; False where it was so already, which then stays."""
        wanted = Suppressed(phone=phone, since=since, reason=reason, call_id=call_id)
        async with self._database.writing() as connection:
            return await suppress(connection, wanted)

    async def suppress_all(self, reasons: Mapping[str, str], since: float) -> None:
        """The same for many numbers."""
        rows = [
            {"phone": phone, "since": since, "reason": reason, "call_id": ""}
            for phone, reason in sorted(reasons.items())  # or two might wait for each other
        ]
        if rows:
            async with self._database.writing_a_part() as connection:
                await connection.execute(or_nothing(connection, SUPPRESSIONS), rows)

    async def suppression_of(self, phone: str) -> Suppressed | None:
        """Since when and why a number is not to be called; None where it may be."""
        query = select(SUPPRESSIONS).where(SUPPRESSIONS.c.phone == phone)
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else Suppressed(**row._mapping)

    async def unsuppress(self, phone: str, *, by: str, why: str, now: float) -> bool:
        """Let a number be called again, as an operator has decided; False where it may be anyway.

        What was suppressed, who lifted it and why stay on record. Raises RequestError where either
        is not said.
        """
        if not by.strip() or not why.strip():
            raise RequestError("Lifting a suppression needs a name and a reason")
        this = SUPPRESSIONS.c.phone == phone
        trace = {"lifted_at": now, "lifted_by": by.strip(), "why": why.strip()}
        columns = [*SUPPRESSIONS.c.keys(), *trace]
        async with self._database.writing() as connection:
            kept = select(SUPPRESSIONS, *map(literal, trace.values())).where(this)
            await connection.execute(insert(LIFTED).from_select(columns, kept))
            return bool((await connection.execute(delete(SUPPRESSIONS).where(this))).rowcount)

    async def erase(self, phone: str, now: float, new_id: str) -> int:
        """Forget whose number this is, in every list; how many contacts had it.

        Gone are name, company, address, time zone, variables and the number of each contact, and
        where consents came from. Kept are:
        - each contact's row, under a number that is none, since the campaigns that called it count
          their contacts and attempts by it;
        - the kind and times of each consent, revoked now, so that the same consent in a later list
          does not count again;
        - the number itself as suppressed, since without it a later list would have it called again.
        Records of calls are not touched: they have a retention of their own.
        """
        blank = {"name": "", "company": "", "address": "", "timezone": "", "variables": "{}"}
        # Of the row's own id: unlike a digest, it cannot be found by trying all numbers.
        nameless = literal(f"{ERASED}-") + CONTACTS.c.contact_id
        wanted = Suppressed(phone=phone, since=now, reason=ERASED_WHY, call_id="")
        async with self._database.writing() as connection:
            await suppress(connection, wanted)
            await _revoke(connection, phone, now, new_id)
            theirs = update(CONSENTS).where(CONSENTS.c.phone == phone)
            await connection.execute(theirs.values(source=ERASED))
            contacts = update(CONTACTS).where(CONTACTS.c.phone == phone)
            gone = await connection.execute(contacts.values(phone=nameless, erased_at=now, **blank))
            # Behind that, which waits for whoever is planning calls to them.
            planned = update(ATTEMPTS).where(ATTEMPTS.c.phone == phone, DUE)
            await connection.execute(
                planned.values(state="refused", detail=ERASED_WHY, ended_at=now, lease_until=None)
            )
        await self._database.forget()
        return int(gone.rowcount)


async def suppress(connection: AsyncConnection, wanted: Suppressed) -> bool:
    """The same as part of what is being written; False where the number was suppressed before."""
    new = or_nothing(connection, SUPPRESSIONS).values(asdict(wanted))
    if not (await connection.execute(new)).rowcount:
        return False
    key = f"{wanted.phone} {wanted.since}"
    told = partial(NumberSuppressed, **asdict(wanted))
    await tell(connection, "number.suppressed", key, wanted.since, told)
    return True


async def _revoke(connection: AsyncConnection, phone: str, now: float, new_id: str) -> None:
    """Revoke every consent that was given until now, on record already or not.

    Where none is in force a revoked one is written down, under `new_id`: a list that comes later
    may hold one that was given before.
    """
    theirs = CONSENTS.c.phone == phone
    revoked = update(CONSENTS).where(theirs, CONSENTS.c.revoked_at.is_(None))
    if not (await connection.execute(revoked.values(revoked_at=now))).rowcount:
        none = {"kind": "express", "source": "none was on record", "given_at": now}
        await connection.execute(
            insert(CONSENTS).values(consent_id=new_id, phone=phone, revoked_at=now, **none)
        )
