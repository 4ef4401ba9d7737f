"""Which calls are shown to whoever looks for some, a page at a time, the newest first."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct
from sqlalchemy import ColumnElement, select

from vantum.store.database import Database
from vantum.store.paged import page
from vantum.store.phone_calls import Direction, PhoneCall, call_in
from vantum.store.schema import ATTEMPTS, CALLS, CAMPAIGNS, OPEN


class Sought(Struct, frozen=True, kw_only=True):
    """Which calls; None leaves it open. Times are seconds since 1970."""

    state: Literal["live", "over"] | None = None
    agent: str | None = None
    campaign: str | None = None  # its name
    to: str | None = None  # the number at the other end, whoever has called
    direction: Direction | None = None
    since: float | None = None  # placed then or later
    until: float | None = None  # placed before


class Place(Struct, frozen=True, array_like=True):
    """Of a call among all."""

    placed_at: float
    call_id: str


async def calls_page(
    database: Database, sought: Sought, most: int, after: Place | None
) -> list[PhoneCall]:
    """At most so many calls, from behind a place. Those placed meanwhile shift nothing."""
    place = CALLS.c.placed_at, CALLS.c.call_id  # the index on the first finds the page
    query = select(CALLS).where(*_conditions(sought))
    query = page(query, place, after, most, newest_first=True)
    async with database.reading() as connection:
        return [call_in(row) for row in (await connection.execute(query)).all()]


def _conditions(sought: Sought) -> list[ColumnElement[Any]]:
    exact = {
        CALLS.c.agent: sought.agent,
        CALLS.c.their_number: sought.to,
        CALLS.c.direction: sought.direction,
    }
    found: list[ColumnElement[Any]] = [
        column == wanted for column, wanted in exact.items() if wanted is not None
    ]
    if sought.state is not None:
        found.append(OPEN if sought.state == "live" else ~OPEN)
    if sought.since is not None:
        found.append(CALLS.c.placed_at >= sought.since)
    if sought.until is not None:
        found.append(CALLS.c.placed_at < sought.until)
    if sought.campaign is not None:
        of_campaign = ATTEMPTS.c.campaign_id == CAMPAIGNS.c.campaign_id
        attempts = select(ATTEMPTS.c.attempt_id).where(of_campaign)
        found.append(CALLS.c.call_id.in_(attempts.where(CAMPAIGNS.c.name == sought.campaign)))
    return found
