"""What programs may ask about the people on lists.

It needs an operator: a list holds addresses and more, which calls do not show.
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from vantum.errors import RequestError
from vantum.store.contact_pages import Place, contact_by_id, contacts_page
from vantum.store.lists import Listed
from vantum.web.rest.house import House
from vantum.web.rest.paging import Paged, cut, place
from vantum.web.rest.route import Route, route

ROOT: Final = "/api/v1/contacts"


class ContactsQuery(Paged, frozen=True, kw_only=True):
    """Which contacts."""

    list: Annotated[str, Meta(description="A list's name or id.")] | None = None
    phone: Annotated[str, Meta(description="Such as +15550100123.")] | None = None


class ContactsPage(Struct, frozen=True):
    """Contacts, those of one list together and in the order of its file."""

    items: list[Listed]
    next: str | None  # `after` of the next page


class ContactDoors:
    """The doors."""

    def __init__(self, house: House) -> None:
        self._database = house.database

    async def list(self, query: ContactsQuery) -> ContactsPage:
        """Contacts of a list, with a number, or all."""
        after = place(query, Place)
        found = await contacts_page(self._database, query.list, query.phone, query.limit + 1, after)
        return ContactsPage(*cut(found, query, lambda one: Place(one.list_id, one.line)))

    async def look(self, contact_id: str) -> Listed:
        """One contact. Of one that was erased nothing is left but its place."""
        contact = await contact_by_id(self._database, contact_id)
        if contact is None:
            raise RequestError("There is no contact with this id", code="NOT_FOUND")
        return contact


def routes(house: House) -> tuple[Route, ...]:
    """The routes about contacts."""
    doors = ContactDoors(house)
    return (
        route("GET", ROOT, "operator", doors.list),
        route("GET", f"{ROOT}/{{contact_id}}", "operator", doors.look),
    )
