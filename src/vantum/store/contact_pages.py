"""Which lists, contacts and suppressed numbers are shown, a page at a time."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct
from sqlalchemy import Select, select

from vantum.store.contacts import Suppressed
from vantum.store.database import Database
from vantum.store.lists import ContactList, Listed, listed_in
from vantum.store.paged import page
from vantum.store.schema import CONTACTS, LISTS, SUPPRESSIONS


class ListPlace(Struct, frozen=True, array_like=True):
    """Of a list among all."""

    imported_at: float
    list_id: str


class Place(Struct, frozen=True, array_like=True):
    """Of a contact among all."""

    list_id: str
    line: Annotated[int, Meta(lt=2**31)]


async def lists_page(database: Database, most: int, after: ListPlace | None) -> list[ContactList]:
    """At most so many lists, the newest first, from behind a place."""
    place = LISTS.c.imported_at, LISTS.c.list_id
    query = page(select(LISTS), place, after, most, newest_first=True)
    async with database.reading() as connection:
        return [ContactList(**row._mapping) for row in (await connection.execute(query)).all()]


async def contacts_page(
    database: Database, of: str | None, number: str | None, most: int, after: Place | None
) -> list[Listed]:
    """At most so many contacts: of a list (its name or id), with a number, or any.

    Each list's are together, in the order of its file.
    """
    place = CONTACTS.c.list_id, CONTACTS.c.line  # the index on both finds the page
    query = _contacts()
    if of is not None:
        query = query.where((LISTS.c.name == of) | (LISTS.c.list_id == of))
    if number is not None:
        query = query.where(CONTACTS.c.phone == number)
    async with database.reading() as connection:
        rows = (await connection.execute(page(query, place, after, most))).all()
        return [listed_in(row) for row in rows]


async def contact_by_id(database: Database, contact_id: str) -> Listed | None:
    """The contact with this id."""
    query = _contacts().where(CONTACTS.c.contact_id == contact_id)
    async with database.reading() as connection:
        row = (await connection.execute(query)).first()
    return None if row is None else listed_in(row)


def _contacts() -> Select[Any]:
    """Those of lists that are there."""
    return select(CONTACTS).join(LISTS, LISTS.c.list_id == CONTACTS.c.list_id)


async def suppressions_page(database: Database, most: int, after: str | None) -> list[Suppressed]:
    """At most so many suppressed numbers in their order, from behind one."""
    query = select(SUPPRESSIONS).order_by(SUPPRESSIONS.c.phone).limit(most)
    if after is not None:
        query = query.where(SUPPRESSIONS.c.phone > after)
    async with database.reading() as connection:
        return [Suppressed(**row._mapping) for row in (await connection.execute(query)).all()]
