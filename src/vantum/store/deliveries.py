"""What endpoints were told, are to be told, or would not take: webhooks as their jobs have it."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
from msgspec import Struct
from sqlalchemy import Row, select

from vantum.store.database import Database
from vantum.store.hooks import JOB
from vantum.store.paged import page
from vantum.store.schema import JOBS
from vantum.wire.hooks import Kind

DeliveryState = Literal["due", "running", "done", "dead"]


class Place(Struct, frozen=True, array_like=True):
    """Of a delivery among all."""

    created_at: float  # which stays, unlike when it is due
    delivery_id: str


class Delivery(Struct, frozen=True, kw_only=True):
    """One event for one endpoint."""

    delivery_id: str
    hook_id: str
    event_id: str
    type: Kind
    created_at: float  # what it tells of happened then; seconds since 1970
    state: DeliveryState  # dead: not tried any more
    due_at: float  # the next try, or the last
    tries: int
    error: str  # of the latest try


class _Told(Struct):
    type: Kind


_TOLD: Final = msgspec.json.Decoder(_Told)


async def deliveries_page(
    database: Database,
    hook_id: str | None,
    state: DeliveryState | None,
    most: int,
    after: Place | None,
) -> list[Delivery]:
    """At most so many deliveries, the newest first: to one endpoint or all, in any state."""
    place = JOBS.c.created_at, JOBS.c.job_id
    query = select(JOBS).where(JOBS.c.kind == JOB)
    if hook_id is not None:
        query = query.where(JOBS.c.lane == hook_id)
    if state is not None:
        query = query.where(JOBS.c.state == state)
    query = page(query, place, after, most, newest_first=True)
    async with database.reading() as connection:
        return [_delivery(row) for row in (await connection.execute(query)).all()]


async def delivery_by_id(database: Database, delivery_id: str) -> Delivery | None:
    """One of them."""
    query = select(JOBS).where(JOBS.c.kind == JOB, JOBS.c.job_id == delivery_id)
    async with database.reading() as connection:
        row = (await connection.execute(query)).first()
    return None if row is None else _delivery(row)


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        delivery_id=row.job_id,
        hook_id=row.lane,
        event_id=row.subject.removeprefix(f"{row.lane}:"),
        type=_TOLD.decode(row.details).type,
        created_at=row.created_at,
        state=row.state,
        due_at=row.due_at,
        tries=row.tries,
        error=row.error,
    )
