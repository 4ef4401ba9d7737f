"""What the records know of a telephone number that bears on whether it may be called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import BindParameter, Row, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from vantum.dialing.dial import Consent
from vantum.dialing.keeping import DAY_S, LEAST_CALL_DAYS
from vantum.dialing.known import Known
from vantum.store.database import Database
from vantum.store.schema import CALLS, CONSENTS, CONTACTS, IN_FORCE, LISTS, SUPPRESSIONS

EARLIER_S: Final = LEAST_CALL_DAYS * DAY_S  # no call that counts is forgotten before

_OF: Final[BindParameter[Any]] = bindparam("of", expanding=True)  # telephone numbers
_CONSENTS: Final = (
    select(CONSENTS).where(CONSENTS.c.phone.in_(_OF), IN_FORCE).order_by(CONSENTS.c.given_at)
)
_SUPPRESSED: Final = select(SUPPRESSIONS.c.phone, SUPPRESSIONS.c.reason).where(
    SUPPRESSIONS.c.phone.in_(_OF)
)
_DIALS: Final = select(
    CALLS.c.their_number, CALLS.c.placed_at, CALLS.c.ended_at, CALLS.c.direction
).where(CALLS.c.their_number.in_(_OF), CALLS.c.placed_at > bindparam("since"))


class Numbers:
    """What is known of numbers that are called one by one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, phone: str, now: float) -> Known:
        """All of it; where it lives, by the newest list that has it. Raises RecordsError."""
        newest = select(CONTACTS.c.address, CONTACTS.c.timezone).join(
            LISTS, LISTS.c.list_id == CONTACTS.c.list_id
        )
        newest = newest.where(CONTACTS.c.phone == phone).order_by(LISTS.c.imported_at.desc())
        async with self._database.reading() as connection:
            place = (await connection.execute(newest.limit(1))).first()
            consents = await consents_of(connection, {phone})
            suppressed = await suppressed_of(connection, {phone})
            earlier, talking = await dials_of(connection, {phone}, now)
        return Known(
            address=place.address if place else "",
            timezone=place.timezone if place else "",
            consents=tuple(consents.get(phone, ())),
            suppressed=suppressed.get(phone),
            earlier=tuple(earlier.get(phone, ())),
            on_the_phone=phone in talking,
        )


async def consents_of(connection: AsyncConnection, phones: set[str]) -> dict[str, list[Consent]]:
    """What these numbers' owners have agreed to, the oldest first.

    What a list holds that is not there yet does not count.
    """
    found: defaultdict[str, list[Consent]] = defaultdict(list)
    for row in (await connection.execute(_CONSENTS, {"of": list(phones)})).all():
        found[row.phone].append(_consent(row))
    return found


async def suppressed_of(connection: AsyncConnection, phones: Iterable[str]) -> dict[str, str]:
    """Which of these numbers must not be called, and why."""
    rows = (await connection.execute(_SUPPRESSED, {"of": list(phones)})).all()
    return {row.phone: row.reason for row in rows}


async def dials_of(
    connection: AsyncConnection, phones: Iterable[str], now: float
) -> tuple[dict[str, list[float]], set[str]]:
    """When these numbers were dialled before, and which of them talk with us now."""
    earlier: defaultdict[str, list[float]] = defaultdict(list)
    talking = set()
    asked = {"of": list(phones), "since": now - EARLIER_S}
    for row in (await connection.execute(_DIALS, asked)).all():
        if row.direction == "outbound":
            earlier[row.their_number].append(row.placed_at)
        if row.ended_at is None:
            talking.add(row.their_number)
    return earlier, talking


def _consent(row: Row[Any]) -> Consent:
    return Consent(
        kind=row.kind,
        source=row.source,
        given_at=row.given_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
