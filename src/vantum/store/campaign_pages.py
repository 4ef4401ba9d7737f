"""Which campaigns and attempts are shown to whoever looks for some, a page at a time."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct
from sqlalchemy import Row, select

from vantum.dialing.dial import ALLOWED, Allowed
from vantum.store.campaigns import Campaign, State, campaign_in
from vantum.store.database import Database
from vantum.store.paged import page
from vantum.store.schema import ATTEMPTS, CAMPAIGNS

AttemptState = Literal["due", "dialing", "live", "done", "unknown", "refused", "stopped"]
_NOT_DIALED: Final = frozenset({"due", "refused", "stopped"})


class Place(Struct, frozen=True, array_like=True):
    """Of a campaign among all."""

    created_at: float
    campaign_id: str


class AttemptPlace(Struct, frozen=True, array_like=True):
    """Of an attempt among those of its campaign."""

    contact_id: str
    number: Annotated[int, Meta(lt=2**31)]


class Attempt(Struct, frozen=True, kw_only=True):
    """An attempt to call a contact. Once it is dialled, its id is that of its call, too.

    Times are seconds since 1970.
    """

    attempt_id: str
    contact_id: str
    number: int  # 1 is the contact's first
    phone: str
    state: AttemptState
    due_at: float
    caller_id: str  # ours; "" until it is dialled
    dialed_at: float | None
    ended_at: float | None
    outcome: str
    reason: str  # why it is not made, or not now
    allowed: Allowed | None  # why it could be made


async def campaigns_page(
    database: Database, state: State | None, most: int, after: Place | None
) -> list[Campaign]:
    """At most so many campaigns in a state or in any, the newest first, from behind a place."""
    place = CAMPAIGNS.c.created_at, CAMPAIGNS.c.campaign_id
    query = select(CAMPAIGNS)
    if state is not None:
        query = query.where(CAMPAIGNS.c.state == state)
    query = page(query, place, after, most, newest_first=True)
    async with database.reading() as connection:
        return [campaign_in(row) for row in (await connection.execute(query)).all()]


async def attempts_page(
    database: Database,
    campaign_id: str,
    sought: dict[str, str | None],
    most: int,
    after: AttemptPlace | None,
) -> list[Attempt]:
    """At most so many attempts of a campaign, those of one contact together.

    `sought` are columns and what they are to hold; None leaves one open.
    """
    place = ATTEMPTS.c.contact_id, ATTEMPTS.c.number  # the index of the table finds the page
    query = select(ATTEMPTS).where(ATTEMPTS.c.campaign_id == campaign_id)
    for name, wanted in sought.items():
        if wanted is not None:
            query = query.where(ATTEMPTS.c[name] == wanted)
    async with database.reading() as connection:
        rows = (await connection.execute(page(query, place, after, most))).all()
        return [_attempt(row) for row in rows]


def _attempt(row: Row[Any]) -> Attempt:
    is_dialed = row.state not in _NOT_DIALED
    plain = {name: row._mapping[name] for name in _PLAIN}
    return Attempt(
        **plain,
        reason="" if is_dialed else row.detail,
        allowed=ALLOWED.decode(row.detail) if is_dialed and row.detail else None,
    )


_PLAIN: Final = [name for name in Attempt.__struct_fields__ if name not in {"reason", "allowed"}]
