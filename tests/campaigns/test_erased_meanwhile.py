"""Who is erased while somebody works on their call stays erased: nothing is written again."""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from campaign import NOW, PLAN, numbers, stage
from sales_call import SALES
from sqlalchemy import insert, select, text

from a_call import OURS, phone_call
from a_job import about, do
from vantum.agents.findings import Ended, Finding
from vantum.agents.schema import Agent
from vantum.campaigns.erasing import erase, without_person
from vantum.campaigns.exporting import export_receipts
from vantum.campaigns.findings import Finder, finding_work
from vantum.campaigns.receipts import receipt_work
from vantum.dialing.chain import Verified, verify
from vantum.dialing.plan import Retry
from vantum.errors import RequestError
from vantum.store.attempts import NEW, Attempts
from vantum.store.contacts import Contacts
from vantum.store.database import Database
from vantum.store.erasing import CallTraces
from vantum.store.findings import Findings, Found
from vantum.store.phone_calls import PhoneCalls
from vantum.store.receipts import Receipts
from vantum.store.schema import ATTEMPTS, FINDINGS, JOBS, SALTS
from vantum.telemetry import server_log
from vantum.telephony.settled import Said, Talked, outcome_of

pytestmark = pytest.mark.anyio

TOMORROW = NOW + 86_400
SAID = "I am Pat of 1 Secret Street."


@dataclass
class Office:
    """Calls that are over, and their people, who may be erased at any moment."""

    database: Database
    folder: Path
    erasing: Database  # as another process has it

    async def settles(self, call_id: str, phone: str) -> None:
        call = phone_call(NOW, call_id, their_number=phone, ended_at=NOW + 30, status="completed")
        talked = Talked("disconnected", "person", transcript=(Said("caller", SAID),))
        await PhoneCalls(self.database).add(call)
        outcome = msgspec.json.encode(outcome_of(call, talked)).decode()
        assert await PhoneCalls(self.database).settle(call_id, outcome)

    async def erases(self, phone: str) -> None:
        await erase(self.erasing, self.folder, phone, now=NOW + 60, new_id=f"consent {phone}")

    async def knows(self) -> list[str]:
        """All that is written of people after their calls."""
        async with self.database.reading() as connection:
            salted = select(SALTS.c.phone).where(SALTS.c.phone != OURS)
            planned = select(ATTEMPTS.c.phone).where(ATTEMPTS.c.phone != "")
            told = select(JOBS.c.details).where(JOBS.c.details.contains("call.found"))
            found = select(FINDINGS.c.summary).where(FINDINGS.c.summary != "")
            queries = salted, planned, told, found
            return [one for query in queries for one in (await connection.execute(query)).scalars()]

    async def verifies(self) -> None:
        file = self.folder / "receipts.jsonl"
        await export_receipts(self.database, file, None)
        assert isinstance(verify(file.read_bytes().splitlines()), Verified)


@pytest.fixture
async def office(database: Database, database_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    another = Database(database_url)
    yield Office(database, tmp_path, another)
    await another.close()


class SlowReader:
    """A model that reads for as long as an erasure takes."""

    name = "slow-1"

    def __init__(self, office: Office, phone: str) -> None:
        self._office = office
        self._phone = phone

    async def find(
        self, ended: Ended, agent: Agent, zone: ZoneInfo | None, rules: Finding
    ) -> Finding:
        await self._office.erases(self._phone)
        return msgspec.structs.replace(
            rules, disposition="callback", summary=ended.heard[0].content, callback_at=TOMORROW
        )


async def test_nothing_is_found_of_who_is_erased_while_a_model_reads(office: Office) -> None:
    [phone] = numbers(1)
    await office.settles("call-1", phone)
    mind = SlowReader(office, phone)
    agents, attempts = {"sales": SALES}, Attempts(office.database, "one")
    finder = Finder(office.database, attempts, agents, lambda: NOW, server_log(), mind)
    await do(finding_work(finder), "call-1")  # it is done, and not tried again
    assert await office.knows() == []


async def test_a_promise_to_who_was_erased_is_not_planned(office: Office) -> None:
    staged = await stage(office.database, numbers(1), placed=True)
    [dial] = await staged.takes()
    await staged.ends(dial, "disconnected")
    await staged.attempts.finish(NOW + 50)
    await CallTraces(office.erasing).erase(dial.candidate.phone, lambda outcome: outcome)
    assert not await staged.attempts.again(dial.candidate.attempt_id, TOMORROW, NOW + 60)
    assert await office.knows() == []


async def test_whichever_comes_first_nothing_is_kept_of_who_is_erased(office: Office) -> None:
    people = {f"call-{number}": phone for number, phone in enumerate(numbers(20))}
    for call_id, phone in people.items():
        await office.settles(call_id, phone)

    async def finds(call_id: str) -> None:
        found = Found(
            call_id=call_id,
            disposition="interested",
            summary=SAID,
            fields={},
            callback_at=None,
            found_by="slow-1",
            found_at=NOW,
        )
        await Findings(office.database).keep([found])

    receipt = receipt_work(office.database)
    await asyncio.gather(
        *(finds(call_id) for call_id in people),
        *(office.erases(phone) for phone in people.values()),
        *(receipt.do([about(call_id)]) for call_id in people),
    )
    assert await office.knows() == []
    await office.verifies()


async def waits(database: Database, count: int, unless: Future[None] | None = None) -> None:
    """So many transactions wait for others; or this, which might have, is over."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with database.reading() as looking:
        while not (unless and unless.done()):
            if (await looking.execute(waiting)).scalar_one() >= count:
                return
            await looking.rollback()


async def test_who_is_claimed_before_they_are_suppressed_is_erased_when_that_call_is_over(
    office: Office,
) -> None:
    [phone] = numbers(1)
    staged = await stage(office.database, [phone])
    [dial] = await staged.takes()
    await Contacts(office.erasing).erase(phone, NOW, "consent")  # it had looked before the claim
    with pytest.raises(RequestError, match="not over yet; try again"):
        await CallTraces(office.erasing).erase(phone, without_person)
    call = await PhoneCalls(office.database).by_id(dial.candidate.attempt_id)
    assert call is not None
    assert call.their_number == phone
    assert await staged.workers["one"].called_off([dial])
    await staged.workers["one"].give_back(dial, NOW + 9, "It was suppressed.")
    await office.erases(phone)
    assert await office.knows() == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_an_erasure_waits_for_who_claims_and_then_says_to_try_again(
    office: Office, database_url: str
) -> None:
    [phone] = numbers(1)
    staged = await stage(office.database, [phone])
    holding = Database(database_url)
    async with holding.writing() as connection:  # whoever has read who is suppressed waits here
        await connection.execute(text("LOCK TABLE phone_calls IN SHARE MODE"))
        claiming = asyncio.ensure_future(staged.takes())
        await waits(office.erasing, 1)
        erasing = asyncio.ensure_future(office.erases(phone))
        await waits(office.database, 2, unless=erasing)
    [dial] = await claiming
    with pytest.raises(RequestError, match="try again"):
        await erasing
    await holding.close()
    assert (await staged.report())[0].state == "dialing"
    assert dial.candidate.phone == phone


@asynccontextmanager
async def held_up(
    database: Database, campaign_id: str, line: int, number: int
) -> AsyncIterator[None]:
    """Whoever plans this attempt waits, in the middle of it, and then plans it."""
    attempt = {
        "attempt_id": f"{campaign_id}-{line}-{number}",
        "campaign_id": campaign_id,
        "contact_id": f"spring-{line}",
        "number": number,
    }
    with suppress(ZeroDivisionError):
        async with database.writing() as connection:
            await connection.execute(
                insert(ATTEMPTS).values(NEW | attempt | {"phone": "", "due_at": NOW})
            )
            yield
            raise ZeroDivisionError


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_who_is_erased_while_a_campaign_is_made_is_not_in_it(
    office: Office, database_url: str
) -> None:
    phones = numbers(2)
    first = await stage(office.database, phones, starts=False)
    second = msgspec.structs.replace(first.campaign, campaign_id="c-summer", name="summer")
    holding = Database(database_url)
    async with held_up(holding, "c-summer", line=3, number=1):
        making = asyncio.ensure_future(first.campaigns.create(second))
        await waits(office.erasing, 1)  # the first contact is read by then
        erasing = asyncio.ensure_future(office.erases(phones[0]))
        await waits(first.database, 2, unless=erasing)
    await asyncio.gather(making, erasing)
    await holding.close()
    assert await office.knows() == [phones[1], phones[1]]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_who_is_erased_while_their_next_call_is_planned_is_not_called_again(
    office: Office, database_url: str
) -> None:
    [phone] = numbers(1)
    plan = msgspec.structs.replace(PLAN, attempts=2, retries={"busy": Retry(1, 1)})
    staged = await stage(office.database, [phone], plan)
    [dial] = await staged.takes()
    call = phone_call(NOW, "of somebody", their_number=phone, ended_at=NOW, status="busy")
    outcome = msgspec.json.decode(msgspec.json.encode(outcome_of(call, None)))
    await staged.ends(dial, **outcome)
    holding = Database(database_url)
    async with held_up(holding, "c-spring", line=2, number=2):
        finishing = asyncio.ensure_future(staged.attempts.finish(NOW + 1))
        await waits(office.erasing, 1)  # it has ended the first
        erasing = asyncio.ensure_future(office.erases(phone))
        await waits(staged.database, 2)
    await asyncio.gather(finishing, erasing)
    await holding.close()
    assert len((await staged.report())[0].outcomes) == 1
    assert await office.knows() == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_who_is_erased_while_their_receipt_is_written_is_nobody_in_it(
    office: Office, database_url: str
) -> None:
    phones = numbers(2)
    for call_id, phone in zip(("call-1", "call-2"), phones, strict=True):
        await office.settles(call_id, phone)
    holding = Database(database_url)
    async with holding.writing() as connection:  # the calls are read by then, the salts not
        await connection.execute(text("LOCK TABLE agent_versions IN ACCESS EXCLUSIVE MODE"))
        jobs = [about("call-1"), about("call-2")]
        work = asyncio.ensure_future(receipt_work(office.database).do(jobs))
        await waits(holding, 1)
        await office.erases(phones[0])
    await work
    await holding.close()
    assert await office.knows() == [phones[1]]
    assert len([one async for one in Receipts(office.database).links()]) == 2
    await office.verifies()
