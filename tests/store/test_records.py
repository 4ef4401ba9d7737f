"""What processes agree on about phone calls, in SQLite and in PostgreSQL alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from a_call import phone_call
from benchmarks.postgres import Postgres
from vantum.errors import SettingsError
from vantum.store.contacts import Contacts, Suppressed
from vantum.store.database import Database
from vantum.store.phone_calls import Command, PhoneCalls
from vantum.telephony.gateway import behind

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000.125
CALL = phone_call(NOW)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[PhoneCalls]:
    """The records as one process has them."""
    database = Database(url)
    try:
        await database.set_up()
        yield PhoneCalls(database)
    finally:
        await database.close()


async def answers(url: str, *statements: str) -> list[tuple[object, ...]]:
    """What the database says to the last of these."""
    database = Database(url)
    async with database.reading() as connection:
        *first, last = (text(statement) for statement in statements)
        for statement in first:
            await connection.execute(statement)
        found = [tuple(row) for row in await connection.execute(last)]
    await database.close()
    return found


@pytest.fixture
async def records(database_url: str) -> AsyncIterator[PhoneCalls]:
    async with opened(database_url) as found:
        yield found


@pytest.fixture
async def other(records: PhoneCalls, database_url: str) -> AsyncIterator[PhoneCalls]:
    """Those of another process."""
    async with opened(database_url) as found:
        yield found


@pytest.fixture
async def contacts(database_url: str) -> AsyncIterator[Contacts]:
    database = Database(database_url)
    yield Contacts(database)
    await database.close()


async def test_a_call_is_found_as_it_was_recorded(records: PhoneCalls, other: PhoneCalls) -> None:
    known = replace(CALL, sid="CA1", sequence=3, answered_at=NOW + 0.001, outcome='{"a": "é\\n"}')
    assert await records.add(known)
    assert await other.by_id("call-1") == await other.by_sid("CA1") == known
    assert await other.by_id("call-2") is None
    assert await other.by_sid("CA2") is None


async def test_a_call_is_recorded_once(records: PhoneCalls) -> None:
    assert await records.add(replace(CALL, sid="CA1"))
    assert not await records.add(replace(CALL, sid="CA1", call_id="call-2"))
    assert not await records.add(replace(CALL, sid="CA2"))
    # What was refused is forgotten, and hinders nothing.
    assert await records.add(replace(CALL, sid="CA2", call_id="call-2"))
    assert await records.add(replace(CALL, call_id="call-3"))
    assert await records.add(replace(CALL, call_id="call-4"))  # several have no sid yet
    assert len(await records.live()) == 4


async def test_the_same_call_told_to_all_at_once_is_recorded_once(
    records: PhoneCalls, other: PhoneCalls
) -> None:
    told = [replace(CALL, sid="CA1", call_id=str(n)) for n in range(8)]
    tries = [(records, other)[n % 2].add(call) for n, call in enumerate(told)]
    assert sorted(await asyncio.gather(*tries)) == [False] * 7 + [True]
    assert len(await records.live()) == 1


async def test_a_token_lets_one_stream_in(records: PhoneCalls, other: PhoneCalls) -> None:
    await records.add(CALL)
    tries = [(records, other)[n % 2].join("call-1", "once", f"w{n}", NOW + 1) for n in range(8)]
    assert sorted(await asyncio.gather(*tries)) == [False] * 7 + [True]
    call = await records.by_id("call-1")
    assert call is not None
    assert (call.worker[0], call.news_at) == ("w", NOW + 1)
    # Refused again, however often, and the records still work.
    assert not await records.join("call-1", "once", "late", NOW + 2)
    assert (await records.by_id("call-1")) == call


async def test_tokens_of_one_call_let_one_stream_in(records: PhoneCalls, other: PhoneCalls) -> None:
    await records.add(CALL)
    tries = [(records, other)[n % 2].join("call-1", f"t{n}", f"w{n}", NOW) for n in range(8)]
    assert sorted(await asyncio.gather(*tries)) == [False] * 7 + [True]


async def test_a_token_refused_for_one_call_is_used_up(records: PhoneCalls) -> None:
    assert not await records.join("no such call", "nonce", "w", NOW)
    await records.add(CALL)
    assert not await records.join("call-1", "nonce", "w", NOW)
    assert await records.join("call-1", "another", "w", NOW)


async def test_nobody_joins_a_call_that_is_over(records: PhoneCalls) -> None:
    await records.add(replace(CALL, ended_at=NOW))
    assert not await records.join("call-1", "nonce", "w", NOW)


async def test_an_outcome_is_settled_once(records: PhoneCalls, other: PhoneCalls) -> None:
    await records.add(CALL)
    tries = [(records, other)[n % 2].settle("call-1", f"outcome {n}") for n in range(8)]
    settled = await asyncio.gather(*tries)
    assert settled.count(True) == 1
    call = await other.by_id("call-1")
    assert call is not None
    assert call.outcome == f"outcome {settled.index(True)}"


async def test_a_wish_not_to_be_called_is_kept_with_the_outcome_that_is_kept(
    records: PhoneCalls, contacts: Contacts
) -> None:
    await records.add(CALL)
    wish = Suppressed(phone=CALL.their_number, since=NOW, reason="said so", call_id="call-1")
    assert await records.settle("call-1", "outcome", wish)
    assert await contacts.suppression_of(CALL.their_number) == wish
    await contacts.unsuppress(CALL.their_number, by="pat", why="a mistake", now=NOW + 1)
    # Settled late, by a process that was thought dead: what was decided since then stays.
    assert not await records.settle("call-1", "another", wish)
    assert await contacts.suppression_of(CALL.their_number) is None


async def test_a_wish_that_was_written_during_the_call_stays_as_it_was(
    records: PhoneCalls, contacts: Contacts
) -> None:
    await records.add(CALL)
    await contacts.suppress(CALL.their_number, NOW, "said so", "call-1")
    wish = Suppressed(phone=CALL.their_number, since=NOW + 9, reason="later", call_id="call-1")
    assert await records.settle("call-1", "outcome", wish)
    found = await contacts.suppression_of(CALL.their_number)
    assert found is not None
    assert (found.since, found.reason) == (NOW, "said so")


async def test_calls_that_nobody_has_heard_of_are_stale(records: PhoneCalls) -> None:
    await records.add(CALL)
    await records.add(replace(CALL, call_id="call-2", worker="here"))
    await records.add(replace(CALL, call_id="call-3", ended_at=NOW))  # its outcome is missing
    await records.add(replace(CALL, call_id="call-4", ended_at=NOW, outcome="known"))
    await records.alive("here", NOW + 60)
    await records.alive("elsewhere", NOW + 60)
    assert await records.stale(NOW) == []
    stale = {call.call_id for call in await records.stale(NOW + 1)}
    assert stale == {"call-1", "call-3"}
    assert {call.call_id for call in await records.live()} == {"call-1", "call-2"}


async def test_calls_are_found_without_reading_those_that_are_over(
    records: PhoneCalls, database_url: str
) -> None:
    """As the database says that it would look for them."""
    is_file = database_url.startswith("sqlite")
    # PostgreSQL reads an empty table rather than any index.
    explain = "EXPLAIN QUERY PLAN" if is_file else "SET enable_seqscan = off; EXPLAIN"
    for unfinished in ("ended_at IS NULL", "outcome = ''"):
        query = f"SELECT * FROM phone_calls WHERE {unfinished} AND news_at < 1"
        assert "phone_calls_" in str(await answers(database_url, *f"{explain} {query}".split("; ")))


async def test_news_that_was_overtaken_changes_nothing(records: PhoneCalls) -> None:
    await records.add(CALL)
    talks, rings = behind("in-progress"), behind("ringing")
    await records.news("call-1", "in-progress", talks, NOW, 2)
    await records.news("call-1", "ringing", rings, NOW + 1, 1)
    await records.news("call-1", "ringing", rings, NOW + 1, 3)
    await records.news("call-1", "ringing", rings, NOW + 1)
    await records.news("call-1", "in-progress", talks, NOW + 2, 1)
    expected = replace(CALL, status="in-progress", sequence=2, answered_at=NOW, news_at=NOW)
    assert await records.by_id("call-1") == expected
    await records.end("call-1", status="completed", ended_at=NOW + 1)
    await records.news("call-1", "in-progress", talks, NOW + 3, 3)
    await records.news("call-1", "in-progress", talks, NOW + 3)
    expected = replace(expected, status="completed", ended_at=NOW + 1)
    assert await records.by_id("call-1") == expected


async def test_of_several_dials_to_a_number_at_once_one_is_made(
    records: PhoneCalls, other: PhoneCalls
) -> None:
    calls = [replace(CALL, call_id=f"call-{n}") for n in range(6)]
    tries = [(records, other)[n % 2].add_alone(one) for n, one in enumerate(calls)]
    assert sorted(await asyncio.gather(*tries)) == [False] * 5 + [True]
    [made] = await records.live()
    await records.end(made.call_id, status="busy", ended_at=NOW)
    assert await records.add_alone(replace(CALL, call_id="later"))


async def test_a_call_that_the_carrier_has_named_is_not_taken_for_lost(records: PhoneCalls) -> None:
    await records.add(CALL)
    await records.placed("call-1", "CA1", NOW)
    assert not await records.end("call-1", unnamed=True, status="unknown", ended_at=NOW)
    found = await records.by_id("call-1")
    assert found is not None
    assert found.ended_at is None


async def test_a_caller_is_handed_over_once(records: PhoneCalls, other: PhoneCalls) -> None:
    await records.add(CALL)
    colleagues = [replace(CALL, call_id=f"call-{n}", for_call="call-1") for n in range(2, 10)]
    for colleague in colleagues:
        await records.add(colleague)
    tries = [(records, other)[n % 2].hand_over(one, NOW + n) for n, one in enumerate(colleagues)]
    done = await asyncio.gather(*tries)
    assert sorted(done) == [False] * 7 + [True]
    shown = {call.call_id: call.handed_over_at for call in await records.live()}
    to = colleagues[done.index(True)]
    when = {shown.pop("call-1"), shown.pop(to.call_id)}
    assert (len(when), set(shown.values())) == (1, {None})
    await other.take_back(to)
    assert not any(call.handed_over for call in await records.live())


async def test_nobody_is_handed_over_to_who_has_left(records: PhoneCalls) -> None:
    await records.add(CALL)
    gone = replace(CALL, call_id="call-2", for_call="call-1", ended_at=NOW)
    await records.add(gone)
    assert not await records.hand_over(gone, NOW)
    assert await records.by_id("call-1") == CALL


async def test_columns_are_changed_and_taken_back(records: PhoneCalls) -> None:
    await records.add(CALL)
    await records.change("call-1", status="ringing", sequence=1, answered_at=NOW + 5, sid="CA1")
    expected = replace(CALL, status="ringing", sequence=1, answered_at=NOW + 5, sid="CA1")
    assert await records.by_id("call-1") == expected
    await records.change("call-1", answered_at=None)
    assert await records.by_id("call-1") == replace(expected, answered_at=None)


async def test_a_command_is_given_once_and_in_order(records: PhoneCalls, other: PhoneCalls) -> None:
    said = Command("call-1", "machine", "human"), Command("call-1", "hang_up")
    for command in said:
        await records.command(command, "there")
    await records.command(said[1], "elsewhere")
    assert tuple(await other.commands("there")) == said
    assert await other.commands("there") == []
    assert await records.commands("elsewhere") == [said[1]]


async def test_what_nobody_asks_for_any_more_is_forgotten(
    records: PhoneCalls, database_url: str
) -> None:
    await records.add(CALL)
    await records.add(replace(CALL, call_id="call-2", ended_at=NOW + 1))
    await records.join("call-1", "old", "w", NOW)
    await records.join("call-1", "new", "w", NOW + 5)
    for call_id in ("call-1", "call-2"):  # of a process that died before it could obey
        await records.command(Command(call_id, "hang_up"), "w")
    await records.tidy(NOW + 2)
    assert await answers(database_url, "SELECT nonce FROM used_tokens") == [("new",)]
    assert await records.commands("w") == [Command("call-1", "hang_up")]


async def test_an_error_undoes_all_of_a_change(records: PhoneCalls, database_url: str) -> None:
    database = Database(database_url)
    await records.add(CALL)
    with suppress(ZeroDivisionError):
        async with database.writing() as connection:
            await connection.execute(text("UPDATE phone_calls SET status = 'lost'"))
            raise ZeroDivisionError
    await database.close()
    assert await records.by_id("call-1") == CALL


async def test_processes_that_start_together_set_up_together(database_url: str) -> None:
    databases = [Database(database_url) for _ in range(6)]
    await asyncio.gather(*(database.set_up() for database in databases))
    assert await PhoneCalls(databases[5]).add(CALL)
    assert await PhoneCalls(databases[0]).by_id("call-1") == CALL
    for database in databases:
        await database.close()


async def test_records_of_another_make_are_told_at_the_start(database_url: str) -> None:
    database = Database(database_url)
    async with database.writing() as connection:
        await connection.execute(text("CREATE TABLE phone_calls (call_id TEXT)"))
    with pytest.raises(SettingsError, match=r"DATABASE_URL.*phone_calls\W+already exists"):
        await database.set_up()
    await database.close()


async def test_a_database_server_that_was_away_is_found_again(postgres: Postgres) -> None:
    url = postgres.new_database()
    async with opened(url) as records:
        await records.add(CALL)
        operator = Database(url)
        async with operator.reading() as connection:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
            mine = "current_database() AND pid <> pg_backend_pid()"
            await connection.execute(text(others + mine))
        await operator.close()
        assert await records.by_id("call-1") == CALL


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (("/test_", "/no_such_"), "does not exist"),
        (("?host=", "?host=/nowhere"), "No such file"),
        (("?host=", "?colour=blue&host="), "colour"),
        (("?host=", "?sslmode=verify-full&sslrootcert=/nowhere&host="), "sslrootcert"),
    ],
)
async def test_an_address_that_leads_nowhere_is_told(
    postgres: Postgres, wrong: tuple[str, str], says: str
) -> None:
    database = Database(postgres.new_database().replace(*wrong))
    with pytest.raises(SettingsError, match=f"DATABASE_URL.*{says}"):
        await database.set_up()
    await database.close()


async def test_the_common_word_for_encryption_is_understood(postgres: Postgres) -> None:
    async with opened(postgres.new_database() + "&sslmode=prefer") as records:
        assert await records.add(CALL)
