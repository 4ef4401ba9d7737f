"""What a number's owner wants holds everywhere, whatever lists come later."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import select, text

from vantum.dialing.consents import standing
from vantum.dialing.contacts import Contact
from vantum.dialing.dial import Consent
from vantum.errors import RequestError
from vantum.store.contacts import Contacts, Suppressed
from vantum.store.database import Database
from vantum.store.lists import ContactList, Lists
from vantum.store.schema import LIFTED

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000.0
PHONE = "+12125550123"
GIVEN = Consent(
    kind="written", source="form of Ann Lee", given_at=NOW - 9, expires_at=None, revoked_at=None
)
ANN = Contact(
    line=2,
    phone=PHONE,
    name="Ann Lee",
    company="Acme",
    address="1 Main St, Austin, TX 78701",
    timezone="America/Chicago",
    consent=GIVEN,
    variables={"plan": "gold"},
)


@pytest.fixture
def contacts(database: Database) -> Contacts:
    return Contacts(database)


async def listed(database: Database, name: str, *people: Contact) -> None:
    lists = Lists(database)
    await lists.begin(name, NOW)
    await lists.add(name, people, [], NOW)
    await lists.finish(
        ContactList(list_id=name, name=name, source="", imported_at=NOW, good=len(people), bad=0)
    )


async def counting(contacts: Contacts, now: float) -> tuple[Consent, ...]:
    """The consents that the gate would count."""
    return standing(await contacts.consents_of(PHONE), now).good


async def test_a_number_is_suppressed_once_and_the_first_time_stays(contacts: Contacts) -> None:
    assert await contacts.suppression_of(PHONE) is None
    assert await contacts.suppress(PHONE, NOW, "said so", "call-1")
    assert not await contacts.suppress(PHONE, NOW + 1, "again")
    await contacts.suppress_all({PHONE: "a list", "+12125550199": "a list"}, NOW + 2)
    await contacts.suppress_all({}, NOW + 2)
    assert await contacts.suppression_of(PHONE) == Suppressed(
        phone=PHONE, since=NOW, reason="said so", call_id="call-1"
    )
    other = await contacts.suppression_of("+12125550199")
    assert other is not None
    assert (other.since, other.reason, other.call_id) == (NOW + 2, "a list", "")


async def test_lifting_a_suppression_leaves_a_trace(contacts: Contacts, database: Database) -> None:
    await contacts.suppress(PHONE, NOW, "said so", "call-1")
    for by, why in (("", "why"), ("pat", " ")):
        with pytest.raises(RequestError, match="a name and a reason"):
            await contacts.unsuppress(PHONE, by=by, why=why, now=NOW + 1)
    assert await contacts.suppression_of(PHONE) is not None
    assert await contacts.unsuppress(PHONE, by="pat", why="signed up anew", now=NOW + 1)
    assert not await contacts.unsuppress(PHONE, by="pat", why="signed up anew", now=NOW + 2)
    assert await contacts.suppression_of(PHONE) is None
    async with database.reading() as connection:
        [row] = (await connection.execute(select(LIFTED))).all()
    assert row[1:] == (PHONE, NOW, "said so", "call-1", NOW + 1, "pat", "signed up anew")
    assert await contacts.suppress(PHONE, NOW + 3, "said so again")


async def test_a_consent_that_was_revoked_does_not_come_back_with_another_list(
    contacts: Contacts, database: Database
) -> None:
    await listed(database, "spring", ANN)
    assert await counting(contacts, NOW) == (GIVEN,)
    await contacts.erase(PHONE, NOW, "r1")
    assert await counting(contacts, NOW) == ()
    await listed(database, "summer", ANN)
    assert await counting(contacts, NOW) == ()
    assert len(await contacts.consents_of(PHONE)) == 2
    # One that is given afterwards counts, and can be revoked in turn.
    later = replace(GIVEN, given_at=NOW + 5)
    await listed(database, "autumn", replace(ANN, consent=later))
    assert await counting(contacts, NOW + 6) == (later,)
    await contacts.erase(PHONE, NOW + 7, "r2")
    assert await counting(contacts, NOW + 8) == ()


async def test_who_is_erased_before_anything_is_on_record_has_revoked(
    contacts: Contacts, database: Database
) -> None:
    await contacts.erase(PHONE, NOW, "r1")
    await contacts.erase(PHONE, NOW + 5, "r2")
    between = replace(GIVEN, given_at=NOW + 3)
    await listed(database, "spring", replace(ANN, consent=between))
    assert await counting(contacts, NOW + 6) == ()


async def test_who_is_erased_is_nowhere_any_more_and_not_called_again(
    contacts: Contacts, database: Database
) -> None:
    bob = Contact(line=3, phone="+12125550199", name="Bob")
    await listed(database, "spring", ANN, bob)
    await listed(database, "summer", ANN)
    assert await contacts.erase(PHONE, NOW, "e1") == 2
    lists = Lists(database)
    for name in ("spring", "summer"):
        gone = (await lists.contacts(name))[0]
        assert (gone.line, gone.erased_at) == (2, NOW)
        assert (gone.name, gone.company, gone.address, gone.timezone) == ("", "", "", "")
        assert gone.variables == {}
        assert gone.phone == f"erased-{gone.contact_id}"
        assert PHONE[1:] not in gone.contact_id
    assert (await lists.contacts("spring"))[1].name == "Bob"
    [consent, other] = await contacts.consents_of(PHONE)
    assert {consent.source, other.source} == {"erased"}
    # The next list has them again: the number stays suppressed, the consent revoked.
    await listed(database, "autumn", ANN)
    assert await counting(contacts, NOW) == ()
    suppression = await contacts.suppression_of(PHONE)
    assert suppression is not None
    assert suppression.reason == "erased on request"
    assert await contacts.erase(PHONE, NOW + 1, "e2") == 1
    assert await contacts.erase(PHONE, NOW + 2, "e3") == 0


async def test_nothing_of_who_was_erased_is_left_in_the_tables_but_the_number(
    contacts: Contacts, database: Database
) -> None:
    await listed(database, "spring", ANN)
    await contacts.erase(PHONE, NOW, "e1")
    async with database.reading() as connection:
        for table in ("contacts", "consents", "bad_rows", "suppressions", "lists"):
            kept = str((await connection.execute(text(f"SELECT * FROM {table}"))).all())
            for word in ("Ann", "Acme", "Main St", "Chicago", "gold"):
                assert word not in kept
            assert (PHONE in kept) == (table in {"consents", "suppressions"})


async def test_the_files_hold_nothing_of_who_was_erased(
    contacts: Contacts, database: Database, tmp_path: Path
) -> None:
    await listed(database, "spring", ANN)
    if not database.is_file:
        pytest.skip("what a server's files hold is the server's (docs/receipts.md)")

    def kept() -> bytes:
        return b"".join(file.read_bytes() for file in tmp_path.glob("vantum.db*"))

    assert b"Ann Lee" in kept()
    await contacts.erase(PHONE, NOW, "e1")
    assert b"Ann Lee" not in kept()


async def test_an_earlier_suppression_outlives_an_erasure(contacts: Contacts) -> None:
    await contacts.suppress(PHONE, NOW - 5, "said so", "call-1")
    await contacts.erase(PHONE, NOW, "e1")
    found = await contacts.suppression_of(PHONE)
    assert found is not None
    assert (found.since, found.reason, found.call_id) == (NOW - 5, "said so", "call-1")
