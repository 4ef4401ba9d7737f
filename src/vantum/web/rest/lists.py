"""What programs may ask about lists of contacts, and how they bring one."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from vantum.campaigns.importing import Report, import_list
from vantum.campaigns.making import why
from vantum.dialing.contacts import BadRow
from vantum.errors import RequestError
from vantum.store.contact_pages import ListPlace, lists_page
from vantum.store.lists import ContactList, Lists
from vantum.web.rest.house import House
from vantum.web.rest.paging import Line, Paged, cut, place
from vantum.web.rest.route import Route, route
from vantum.web.rest.uploads import Upload

ROOT: Final = "/api/v1/lists"
ONE: Final = f"{ROOT}/{{list_id}}"
Region = Annotated[
    str,
    Meta(
        pattern="^[A-Z]{2}$",
        description="Country of numbers that are written without its code, such as US.",
    ),
]


class NewList(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a list is to be called, and how its file is read."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    region: Region | None = None


class MadeList(Struct, frozen=True):
    """A list, and what came of its file; all of its bad rows are at `/bad-rows`."""

    list: ContactList
    report: Report


class ListsPage(Struct, frozen=True):
    """Lists, the newest first."""

    items: list[ContactList]
    next: str | None  # `after` of the next page


class BadRowsPage(Struct, frozen=True):
    """Rows of a file that are no contacts, in its order."""

    items: list[BadRow]
    next: str | None


class ListDoors:
    """The doors."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._lists = Lists(house.database)

    async def list(self, query: Paged) -> ListsPage:
        """Lists of contacts, the newest first."""
        found = await lists_page(self._house.database, query.limit + 1, place(query, ListPlace))
        return ListsPage(*cut(found, query, lambda one: ListPlace(one.imported_at, one.list_id)))

    async def make(self, query: NewList, file: Upload) -> MadeList:
        """Make a list of a CSV file, whose first row names the columns.

        All of it or, where it cannot be used, nothing; rows that are no contacts are reported.
        """
        house, new_id = self._house, self._house.new_id()
        report = await import_list(
            query.name, file, query.region, lists=self._lists, new_id=new_id, now=house.now
        )
        if not report.good:
            raise RequestError(f"No row is good, so there is no list; {why(report)}")
        return MadeList(await self._known(new_id), report)

    async def look(self, list_id: str) -> ContactList:
        """One list; it is known by its name, too."""
        return await self._known(list_id)

    async def remove(self, list_id: str) -> None:
        """Take a list away that no campaign calls; wishes not to be called stay."""
        await self._lists.remove((await self._known(list_id)).list_id)

    async def bad_rows(self, list_id: str, query: Paged) -> BadRowsPage:
        """Rows of the list's file that are no contacts, and why."""
        line = (place(query, Line) or Line(0)).number
        of = await self._known(list_id)
        found = await self._lists.bad_rows(of.list_id, line, query.limit + 1)
        return BadRowsPage(*cut(found, query, lambda row: Line(row.line)))

    async def _known(self, list_id: str) -> ContactList:
        found = await self._lists.named(list_id)
        if found is None:
            raise RequestError("There is no list with this id or name", code="NOT_FOUND")
        return found


def routes(house: House) -> tuple[Route, ...]:
    """The routes about lists."""
    doors = ListDoors(house)
    return (
        route("GET", ROOT, "viewer", doors.list),
        route("POST", ROOT, "operator", doors.make, 201),
        route("GET", ONE, "viewer", doors.look),
        route("DELETE", ONE, "operator", doors.remove, 204, refuses=(409,)),
        route("GET", f"{ONE}/bad-rows", "viewer", doors.bad_rows),
    )
