"""Which routes the API has."""

from __future__ import annotations

from vantum.roles import Caller
from vantum.store.answers import Answers
from vantum.store.api_tokens import ApiTokens
from vantum.web.rest import (
    agents,
    calls,
    campaigns,
    contacts,
    documents,
    lists,
    receipts,
    sessions,
    suppressions,
    tokens,
    webhooks,
)
from vantum.web.rest.desk import Desk
from vantum.web.rest.house import House
from vantum.web.rest.once import Once
from vantum.web.rest.route import Route

ROOMS = (
    *(calls, campaigns, lists, contacts, suppressions, agents, receipts),
    *(sessions, webhooks, tokens),
)


def routes(house: House) -> tuple[Route, ...]:
    """All of them; each room brings its own."""
    of_rooms = tuple(route for room in ROOMS for route in room.routes(house))
    return (*of_rooms, *documents.routes(of_rooms))


def open_desk(house: House) -> Desk:
    """The desk behind which they lie."""
    known = ApiTokens(house.database)

    async def caller(secret: str) -> Caller | None:
        token = await known.bearer(secret, house.now())
        return None if token is None else Caller(token.id, token.role)

    return Desk(routes(house), caller, Once(Answers(house.database), house.now), house.data_dir)
