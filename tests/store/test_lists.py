"""A list is there as a whole or not at all, in SQLite and in PostgreSQL alike."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select

from vantum.dialing.contacts import BadRow, Contact
from vantum.dialing.dial import Consent
from vantum.errors import RequestError
from vantum.limits import IMPORT_DEAD_S, IMPORT_ROWS
from vantum.store.contacts import Contacts
from vantum.store.database import Database
from vantum.store.lists import ContactList, Lists
from vantum.store.schema import BAD_ROWS, CONSENTS, CONTACTS, IMPORTS

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000.0
GIVEN = Consent(
    kind="written", source="web form", given_at=NOW - 1, expires_at=NOW + 1, revoked_at=None
)
ANN = Contact(
    line=2,
    phone="+12125550123",
    name="Ann",
    company="Acme",
    address="1 Main St, Austin, TX 78701",
    timezone="America/Chicago",
    consent=GIVEN,
    variables={"plan": "gold “x”"},
)
BOB = Contact(line=4, phone="+12125550199")
SPRING = ContactList(
    list_id="l1", name="spring", source="spring.csv", imported_at=NOW, good=2, bad=1
)


@pytest.fixture
def lists(database: Database) -> Lists:
    return Lists(database)


async def rows(database: Database) -> list[int]:
    """How many there are of all that an import writes."""
    async with database.reading() as connection:
        return [
            (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for table in (CONTACTS, CONSENTS, BAD_ROWS, IMPORTS)
        ]


async def made(lists: Lists, of: ContactList = SPRING) -> None:
    await lists.begin(of.list_id, NOW)
    await lists.add(of.list_id, [ANN, BOB], [BadRow(3, "has no telephone number", "Phone")], NOW)
    await lists.finish(of)


async def test_a_list_is_found_with_all_that_its_file_had(lists: Lists, database: Database) -> None:
    await made(lists)
    assert await lists.named("spring") == await lists.named("l1") == SPRING
    assert await lists.named("autumn") is None
    ann, bob = await lists.contacts("l1")
    assert (ann.line, ann.phone, ann.name, ann.company) == (2, ANN.phone, "Ann", "Acme")
    assert (ann.address, ann.timezone, ann.variables) == (ANN.address, ANN.timezone, ANN.variables)
    assert (bob.line, bob.name, bob.variables, bob.erased_at) == (4, "", {}, None)
    assert await lists.bad_rows("l1") == [BadRow(3, "has no telephone number", "Phone")]
    assert await Contacts(database).consents_of(ANN.phone) == (GIVEN,)
    assert await Contacts(database).consents_of(BOB.phone) == ()


async def test_until_it_is_finished_nothing_of_it_is_there(
    lists: Lists, database: Database
) -> None:
    await lists.begin("l1", NOW)
    await lists.add("l1", [ANN], [BadRow(3, "has no telephone number", "Phone")], NOW)
    assert await lists.named("spring") is None
    assert await lists.all() == []
    assert (await lists.contacts("l1"), await lists.bad_rows("l1")) == ([], [])
    assert await Contacts(database).consents_of(ANN.phone) == ()
    await lists.finish(SPRING)
    assert len(await lists.contacts("l1")) == 1
    assert await Contacts(database).consents_of(ANN.phone) == (GIVEN,)


async def test_what_was_discarded_leaves_nothing_behind(lists: Lists, database: Database) -> None:
    await made(lists, replace(SPRING, list_id="kept", name="kept"))
    many = [replace(ANN, line=line, phone=f"+1212{line:07}") for line in range(2, 3 + IMPORT_ROWS)]
    await lists.begin("l1", NOW)
    await lists.add("l1", many, [BadRow(9_000 + n, "x") for n in range(IMPORT_ROWS + 1)], NOW)
    await lists.discard("l1")
    assert await rows(database) == [2, 1, 1, 0]
    with pytest.raises(RequestError, match="taken for dead"):
        await lists.add("l1", [ANN], [], NOW)
    with pytest.raises(RequestError, match="taken for dead"):
        await lists.finish(SPRING)
    assert await rows(database) == [2, 1, 1, 0]
    assert await lists.named("spring") is None


async def test_only_imports_that_have_died_are_tidied_up(lists: Lists, database: Database) -> None:
    for name, seen_at in (("dead", NOW), ("alive", NOW + 1)):
        await lists.begin(name, NOW)
        await lists.add(name, [ANN], [], seen_at)
    assert await lists.tidy(NOW + IMPORT_DEAD_S + 0.5) == 1
    assert await rows(database) == [1, 1, 0, 1]
    await lists.finish(replace(SPRING, list_id="alive"))
    assert await lists.tidy(NOW + 10 * IMPORT_DEAD_S) == 0
    assert len(await lists.contacts("alive")) == 1


async def test_a_name_is_given_once(lists: Lists, database: Database) -> None:
    await made(lists)
    await lists.begin("l2", NOW)
    await lists.add("l2", [ANN], [], NOW)
    with pytest.raises(RequestError, match='There is a list "spring" already'):
        await lists.finish(replace(SPRING, list_id="l2"))
    await lists.discard("l2")
    assert await rows(database) == [2, 1, 1, 0]


async def test_a_list_that_is_removed_leaves_its_name_and_what_was_revoked(
    lists: Lists, database: Database
) -> None:
    await made(lists)
    await Contacts(database).erase(ANN.phone, NOW, "c1")
    await lists.remove("l1")
    assert await rows(database) == [0, 1, 0, 0]
    [kept] = await Contacts(database).consents_of(ANN.phone)
    assert kept.revoked_at == NOW
    await made(lists, replace(SPRING, list_id="l2"))
    await lists.remove("l2")
    assert await rows(database) == [0, 1, 0, 0]


async def test_a_number_is_in_a_list_once_and_in_as_many_as_you_like(lists: Lists) -> None:
    await lists.begin("l1", NOW)
    assert await lists.add("l1", [ANN, replace(ANN, line=3)], [BadRow(4, "x")], NOW) == [
        BadRow(3, "has the same number as line 2"),
        BadRow(4, "x"),
    ]
    assert await lists.add("l1", [replace(ANN, line=5)], [], NOW) == [
        BadRow(5, "has the same number as line 2")
    ]
    await lists.finish(SPRING)
    assert [row.line for row in await lists.bad_rows("l1")] == [3, 4, 5]
    await made(lists, replace(SPRING, list_id="l2", name="summer"))
    assert [one.name for one in await lists.contacts("l2")] == ["Ann", ""]
    assert {one.name for one in await lists.all()} == {"spring", "summer"}


async def test_long_lists_are_read_in_pages(lists: Lists) -> None:
    people = [replace(BOB, line=line, phone=f"+1212{line:07}") for line in range(2, 27)]
    await lists.begin("l1", NOW)
    await lists.add("l1", people, [BadRow(line, "x") for line in range(100, 125)], NOW)
    await lists.finish(SPRING)
    found, line = [], 0
    while page := await lists.contacts("l1", line, most=10):
        assert len(page) <= 10
        found += page
        line = page[-1].line
    assert [one.phone for one in found] == [one.phone for one in people]
    assert [row.line for row in await lists.bad_rows("l1", 109, most=5)] == [
        110,
        111,
        112,
        113,
        114,
    ]
