"""Which endpoints are told of what, and how an event becomes a job for each of them.

An event is planned in the transaction of its cause: it is told of if, and only if, that happened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from vantum.store.database import Database
from vantum.store.jobs import add, named
from vantum.store.schema import CAMPAIGNS, HOOKS
from vantum.wire.hooks import CampaignChanged, Data, Event, Kind

JOB: Final = "webhook"
_KINDS: Final = msgspec.json.Decoder(tuple[Kind, ...])


class Hook(Struct, frozen=True, kw_only=True):
    """An endpoint of another program."""

    hook_id: str
    url: str
    secret: str  # signs what it is told
    events: tuple[Kind, ...]
    created_at: float
    local: bool = False  # may be in a network of our own
    off_at: float | None = None


class Hooks:
    """The endpoints on record. Every method raises RecordsError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, hook: Hook) -> None:
        """Tell one more of what happens from now on."""
        row = {name: getattr(hook, name) for name in Hook.__struct_fields__}
        row |= {"events": msgspec.json.encode(hook.events).decode()}
        async with self._database.writing() as connection:
            await connection.execute(insert(HOOKS).values(row))

    async def all(self) -> list[Hook]:
        """Every endpoint that ever was, the oldest first."""
        async with self._database.reading() as connection:
            rows = await connection.execute(select(HOOKS).order_by(HOOKS.c.created_at))
            return [_hook(row) for row in rows.all()]

    async def by_id(self, hook_id: str) -> Hook | None:
        """One of them."""
        query = select(HOOKS).where(HOOKS.c.hook_id == hook_id)
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else _hook(row)

    async def switch_off(self, hook_id: str, now: float) -> bool:
        """Tell it nothing any more; False where it was off already, or is none."""
        on = (HOOKS.c.hook_id == hook_id) & HOOKS.c.off_at.is_(None)
        async with self._database.writing() as connection:
            done = await connection.execute(update(HOOKS).where(on).values(off_at=now))
            return bool(done.rowcount)


async def tell(
    connection: AsyncConnection, kind: Kind, key: str, at: float, data: Callable[[], Data]
) -> None:
    """Plan that all who want events of this kind are told, as part of what is being written.

    `key` names the event among those of its kind; `data` is made where anybody listens.
    """
    query = select(HOOKS.c.hook_id, HOOKS.c.events).where(HOOKS.c.off_at.is_(None))
    rows = (await connection.execute(query)).all()
    listening = [row.hook_id for row in rows if kind in _KINDS.decode(row.events)]
    if not listening:
        return
    event = Event(named(kind, key), kind, at, data())
    body = msgspec.json.encode(event).decode()
    for hook_id in listening:
        await add(connection, JOB, f"{hook_id}:{event.id}", body, at, lane=hook_id)


async def tell_of_campaigns(connection: AsyncConnection, ids: Iterable[str], now: float) -> None:
    """Plan that these campaigns have changed, as they now are."""
    wanted = list(ids)
    if not wanted:
        return
    query = select(CAMPAIGNS).where(CAMPAIGNS.c.campaign_id.in_(wanted))
    for row in (await connection.execute(query)).all():
        known = {name: row._mapping[name] for name in CampaignChanged.__struct_fields__}
        key = f"{row.campaign_id} {row.version}"
        await tell(connection, "campaign.changed", key, now, partial(CampaignChanged, **known))


def _hook(row: Row[Any]) -> Hook:
    return Hook(**{**row._mapping, "events": _KINDS.decode(row.events)})
