"""Lists of contacts: how one comes into being, and what is in it.

A list is there as a whole or not at all. Its contacts are written a few hundred at a time, so that
who writes beside (calls do) never waits for long: SQLite has one writer. Until the last of them is
written the list has no name, nothing that looks for contacts or consents sees what belongs to it,
and an import that has died leaves only what `tidy` takes away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from vantum.dialing.contacts import BadRow, Contact, without_doubles
from vantum.errors import RequestError
from vantum.limits import IMPORT_DEAD_S, IMPORT_ROWS
from vantum.store.database import Database, or_nothing
from vantum.store.schema import BAD_ROWS, CAMPAIGNS, CONSENTS, CONTACTS, IMPORTS, LISTS

PAGE: Final = 500
_DEAD: Final = 0.0
_ALIVE: Final = IMPORTS.c.seen_at > _DEAD


class ContactList(Struct, frozen=True, kw_only=True):
    """A list; `good` and `bad` are rows of the file that it came from."""

    list_id: str
    name: str
    source: str
    imported_at: float
    good: int
    bad: int


class Listed(Struct, frozen=True, kw_only=True):
    """A contact as it is recorded. Of one that was erased nothing is left but its place."""

    contact_id: str
    list_id: str
    line: int
    phone: str
    name: str
    company: str
    address: str
    timezone: str
    variables: dict[str, str]
    erased_at: float | None


class Lists:
    """The records of lists. All methods raise RecordsError where the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def named(self, name: str) -> ContactList | None:
        """The list of this name, or with this id."""
        key = (LISTS.c.name == name) | (LISTS.c.list_id == name)
        async with self._database.reading() as connection:
            row = (await connection.execute(select(LISTS).where(key))).first()
        return None if row is None else ContactList(**row._mapping)

    async def all(self) -> list[ContactList]:
        """Every list, the newest first."""
        query = select(LISTS).order_by(LISTS.c.imported_at.desc(), LISTS.c.name)
        async with self._database.reading() as connection:
            return [ContactList(**row._mapping) for row in await connection.execute(query)]

    async def contacts(self, list_id: str, after_line: int = 0, most: int = PAGE) -> list[Listed]:
        """Contacts of a list in the order of its file, behind a line of it."""
        there = LISTS.c.list_id == CONTACTS.c.list_id
        query = select(CONTACTS).join(LISTS, there)
        query = query.where(CONTACTS.c.list_id == list_id, CONTACTS.c.line > after_line)
        async with self._database.reading() as connection:
            found = await connection.execute(query.order_by(CONTACTS.c.line).limit(most))
            return [listed_in(row) for row in found]

    async def bad_rows(self, list_id: str, after_line: int = 0, most: int = PAGE) -> list[BadRow]:
        """Rows of its file that are no contacts, behind a line of it."""
        there = LISTS.c.list_id == BAD_ROWS.c.list_id
        query = select(BAD_ROWS.c.line, BAD_ROWS.c.reason, BAD_ROWS.c.column_name).join(
            LISTS, there
        )
        query = query.where(BAD_ROWS.c.list_id == list_id, BAD_ROWS.c.line > after_line)
        async with self._database.reading() as connection:
            found = await connection.execute(query.order_by(BAD_ROWS.c.line).limit(most))
            return [BadRow(row.line, row.reason, row.column_name) for row in found]

    # How a list comes into being: begin, add as often as needed, then finish or discard.

    async def begin(self, list_id: str, now: float) -> None:
        """Take down that a list is being read."""
        async with self._database.writing() as connection:
            await connection.execute(insert(IMPORTS).values(list_id=list_id, seen_at=now))

    async def add(
        self, list_id: str, contacts: Sequence[Contact], bad: Sequence[BadRow], now: float
    ) -> list[BadRow]:
        """Write some rows; the bad ones, and with them those whose number the list has already.

        Raises RequestError where the import was taken for dead and discarded.
        """
        known = await self._lines(list_id, contacts)
        good, doubles = without_doubles(contacts, known)
        bad = sorted([*bad, *doubles], key=lambda row: row.line)
        async with self._database.writing_a_part() as connection:
            alive = update(IMPORTS).where(IMPORTS.c.list_id == list_id, _ALIVE)
            _still_ours((await connection.execute(alive.values(seen_at=now))).rowcount)
            for table, rows in (
                (CONTACTS, [_contact(list_id, contact) for contact in good]),
                (CONSENTS, [*_consents(list_id, good)]),
                (BAD_ROWS, [_bad(list_id, row) for row in bad]),
            ):
                if rows:
                    await connection.execute(insert(table), rows)
        return bad

    async def _lines(self, list_id: str, contacts: Sequence[Contact]) -> dict[str, int]:
        """The lines of those of these numbers that the list has."""
        # Not by the index of lists: PostgreSQL takes one that grows for short, and reads all of it.
        these = CONTACTS.c.list_id.concat("") == list_id
        these &= CONTACTS.c.phone.in_([contact.phone for contact in contacts])
        query = select(CONTACTS.c.phone, CONTACTS.c.line).where(these)
        async with self._database.reading() as connection:
            return {row.phone: row.line for row in await connection.execute(query)}

    async def finish(self, made: ContactList) -> None:
        """From here on the list is there.

        Raises RequestError where there is one of this name, or the import was taken for dead.
        """
        try:
            async with self._database.writing() as connection:
                await connection.execute(insert(LISTS).values(msgspec.structs.asdict(made)))
                over = delete(IMPORTS).where(IMPORTS.c.list_id == made.list_id, _ALIVE)
                _still_ours((await connection.execute(over)).rowcount)
        except IntegrityError as error:
            raise name_taken(made.name) from error

    async def discard(self, list_id: str) -> None:
        """Take away what was written of a list that does not come into being."""
        this = IMPORTS.c.list_id == list_id
        async with self._database.writing() as connection:  # who still adds to it finds it dead
            await connection.execute(update(IMPORTS).where(this).values(seen_at=_DEAD))
        for table, key in ((CONTACTS, CONTACTS.c.contact_id), (BAD_ROWS, BAD_ROWS.c.line)):
            ours = table.c.list_id == list_id
            some = select(key).where(ours).limit(IMPORT_ROWS)
            while True:
                async with self._database.reading() as connection:
                    keys = (await connection.execute(some)).scalars().all()
                if not keys:
                    break
                async with self._database.writing_a_part() as connection:
                    await connection.execute(delete(table).where(ours, key.in_(keys)))
                    if table is CONTACTS:  # a consent has the id of its contact
                        # One that was revoked stays so, or a later file would bring it back.
                        these = CONSENTS.c.consent_id.in_(keys) & CONSENTS.c.revoked_at.is_(None)
                        await connection.execute(delete(CONSENTS).where(these))
        async with self._database.writing() as connection:
            await connection.execute(delete(IMPORTS).where(this))

    async def remove(self, list_id: str) -> None:
        """Take a list away. Raises RequestError where a campaign calls it."""
        using = select(CAMPAIGNS.c.name).where(CAMPAIGNS.c.list_id == list_id)
        async with self._database.writing() as connection:
            await hold(connection, list_id)
            if name := (await connection.execute(using.limit(1))).scalar():
                raise RequestError(
                    f'The campaign "{name}" calls this list: it stays, as its report names'
                    " whom it called; single people can be erased",
                    code="INVALID_STATE",
                )
            await connection.execute(delete(LISTS).where(LISTS.c.list_id == list_id))
            # From here on as an import that has died: should this end midway, the next one tidies.
            dead = or_nothing(connection, IMPORTS).values(list_id=list_id, seen_at=_DEAD)
            await connection.execute(dead)
        await self.discard(list_id)

    async def tidy(self, now: float) -> int:
        """Discard what imports have left that have died; how many there were."""
        dead = select(IMPORTS.c.list_id).where(IMPORTS.c.seen_at < now - IMPORT_DEAD_S)
        async with self._database.reading() as connection:
            found = (await connection.execute(dead)).scalars().all()
        for list_id in found:
            await self.discard(list_id)
        return len(found)


async def hold(connection: AsyncConnection, list_id: str) -> bool:
    """Keep others from removing or calling a list until the commit; False where there is none."""
    query = select(LISTS.c.list_id).where(LISTS.c.list_id == list_id).with_for_update()
    return (await connection.execute(query)).first() is not None


def name_taken(name: str) -> RequestError:
    """Two lists cannot have one name."""
    why = f'There is a list "{name}" already: give another name'
    return RequestError(why, code="INVALID_STATE")


def _still_ours(rows: int) -> None:
    if not rows:
        raise RequestError(
            f"The import was taken for dead, as it wrote nothing for {IMPORT_DEAD_S:g} s:"
            " nothing of it is kept"
        )


def _contact_id(list_id: str, line: int) -> str:
    return f"{list_id}-{line}"


def _contact(list_id: str, contact: Contact) -> dict[str, object]:
    return {
        "contact_id": _contact_id(list_id, contact.line),
        "list_id": list_id,
        "line": contact.line,
        "phone": contact.phone,
        "name": contact.name,
        "company": contact.company,
        "address": contact.address,
        "timezone": contact.timezone,
        "variables": msgspec.json.encode(contact.variables).decode(),
        "erased_at": None,
    }


def _consents(list_id: str, contacts: Sequence[Contact]) -> Iterator[dict[str, object]]:
    for contact in contacts:
        if given := contact.consent:
            key = {"consent_id": _contact_id(list_id, contact.line), "list_id": list_id}
            yield {**key, "phone": contact.phone, **msgspec.structs.asdict(given)}


def _bad(list_id: str, row: BadRow) -> dict[str, object]:
    return {"list_id": list_id, "line": row.line, "reason": row.reason, "column_name": row.column}


def listed_in(row: Row[Any]) -> Listed:
    """The contact in a row."""
    variables = msgspec.json.decode(row.variables, type=dict[str, str])
    return Listed(**{**row._mapping, "variables": variables})
