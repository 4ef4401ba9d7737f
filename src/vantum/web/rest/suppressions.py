"""Who is not to be called any more, as programs ask for it and have it noted; and erasure."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from msgspec import Meta, Struct

from vantum.campaigns.erasing import KEPT, KEPT_OF_CONTACTS, Erasure, erase
from vantum.campaigns.importing import Report, import_suppressions
from vantum.campaigns.making import why
from vantum.dialing.numbers import number_of, recorded_number
from vantum.errors import RequestError
from vantum.roles import Caller
from vantum.store.contact_pages import suppressions_page
from vantum.store.contacts import UNSAID, Contacts, Suppressed
from vantum.web.rest.house import House
from vantum.web.rest.lists import Region
from vantum.web.rest.paging import Paged, cut, place
from vantum.web.rest.route import Route, route
from vantum.web.rest.uploads import Upload

ROOT: Final = "/api/v1/suppressions"
ONE: Final = f"{ROOT}/{{phone}}"
Number = Annotated[str, Meta(max_length=40)]
Reason = Annotated[str, Meta(min_length=1, max_length=500)]


class NewSuppression(Struct, frozen=True, forbid_unknown_fields=True):
    """A number that is to be called no more, such as +15550100123."""

    phone: Number
    reason: Reason = UNSAID


class SuppressionFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a file of such numbers is read; `reason` is that of rows which give none."""

    reason: Reason = UNSAID
    region: Region | None = None


class Lift(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a number may be called again, and who has decided it; both stay on record."""

    reason: Reason
    by: Annotated[str, Meta(min_length=1, max_length=200)]


class SuppressionsPage(Struct, frozen=True):
    """Suppressed numbers, in their order."""

    items: list[Suppressed]
    next: str | None  # `after` of the next page


class Forget(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to forget. `only_contacts`: what is known of their calls stays."""

    phone: Number
    only_contacts: bool = False


class Forgotten(Struct, frozen=True):
    """How much of a person is gone, and what is kept all the same."""

    gone: Erasure
    kept: tuple[str, ...]


class SuppressionDoors:
    """The doors."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._contacts = Contacts(house.database)

    async def list(self, query: Paged) -> SuppressionsPage:
        """Every number that is not to be called."""
        after = place(query, str)
        found = await suppressions_page(self._house.database, query.limit + 1, after)
        return SuppressionsPage(*cut(found, query, lambda one: one.phone))

    async def add(self, body: NewSuppression) -> Suppressed:
        """Have a number called no more by any campaign; one that was so already stays as it was."""
        phone = await _number(body.phone)
        await self._contacts.suppress(phone, self._house.now(), body.reason)
        return await self._known(phone)

    async def bring(self, query: SuppressionFile, file: Upload) -> Report:
        """Have the numbers of a CSV file called no more: columns `phone` and, if need be, `reason`.

        What was read is kept even where the file ends badly; the same may be sent again.
        """
        report = await import_suppressions(
            file, query.region, query.reason, contacts=self._contacts, now=self._house.now
        )
        if not report.good:
            raise RequestError(f"No row is good, so nothing is suppressed; {why(report)}")
        return report

    async def look(self, phone: str) -> Suppressed:
        """Since when and why a number is not to be called; 404 where it may be."""
        return await self._known(await _recorded(phone))

    async def lift(self, phone: str, body: Lift, caller: Caller) -> None:
        """Let a number be called again."""
        phone = await _recorded(phone)
        token = f"token {caller.token_id}" if caller.token_id else "the installation's token"
        who = f"{body.by} ({token})"
        now = self._house.now()
        if not await self._contacts.unsuppress(phone, by=who, why=body.reason, now=now):
            raise _not_suppressed(phone)

    async def forget(self, body: Forget) -> Forgotten:
        """Forget a person: contacts, words, recordings and findings with their number.

        The number stays suppressed, or a later list would have it called again. While a call with
        it is not over this is refused.
        """
        phone, house = await _recorded(body.phone), self._house
        now, new_id = house.now(), house.new_id()
        if body.only_contacts:
            contacts = await self._contacts.erase(phone, now, new_id)
            return Forgotten(Erasure(contacts, 0, 0, 0, 0, 0), KEPT_OF_CONTACTS)
        gone = await erase(house.database, house.data_dir, phone, now=now, new_id=new_id)
        return Forgotten(gone, KEPT)

    async def _known(self, phone: str) -> Suppressed:
        found = await self._contacts.suppression_of(phone)
        if found is None:
            raise _not_suppressed(phone)
        return found


async def _number(text: str) -> str:
    # On a thread: what knows of numbers is loaded with the first, and calls may be live.
    return await asyncio.to_thread(number_of, text)


async def _recorded(text: str) -> str:
    return await asyncio.to_thread(recorded_number, text)  # as above


def _not_suppressed(phone: str) -> RequestError:
    return RequestError(f"{phone} is not suppressed", code="NOT_FOUND")


def routes(house: House) -> tuple[Route, ...]:
    """The routes about suppressed numbers, and about forgetting."""
    doors = SuppressionDoors(house)
    return (
        route("GET", ROOT, "operator", doors.list),
        route("POST", ROOT, "operator", doors.add, 201),
        route("GET", ONE, "operator", doors.look),
        route("POST", f"{ROOT}/import", "operator", doors.bring),
        route("POST", f"{ONE}/lift", "admin", doors.lift, 204),
        route("POST", "/api/v1/erasures", "admin", doors.forget),
    )
