"""A campaign over the simulated carrier: a server that carries calls, and a worker that dials."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog
from campaign import Staged, agree, serves, stage
from msgspec.structs import replace
from phone import PERSON, Phone, telephone
from receiver import receiving
from served import eventually
from sqlalchemy import func, select, text, update

from benchmarks.postgres import Postgres
from vantum import limits
from vantum.agents.schema import FILES
from vantum.campaigns.law import law_of, of_campaigns
from vantum.campaigns.running import say_if_not_alone, work
from vantum.dialing.candidate import Candidate, Decide, Go, Wait
from vantum.dialing.plan import Plan, Retry
from vantum.settings import load_settings
from vantum.simulator.customer import OUR_NUMBER, carrier_settings
from vantum.simulator.faults import Fault
from vantum.store.campaigns import Campaigns, Reported
from vantum.store.database import Database
from vantum.store.hooks import Hook, Hooks
from vantum.store.processes import Processes
from vantum.store.schema import CONTACTS, FINDINGS, RECEIPTS
from vantum.telemetry import server_log
from vantum.telephony.account import account_of
from vantum.upkeep import HouseUpkeep

pytestmark = pytest.mark.anyio

PLAN = Plan(
    caller_ids=(OUR_NUMBER,),
    calls_per_s=50,
    attempts=2,
    retries={"busy": Retry(0.2, 1), "no_answer": Retry(0.2, 1)},
)
PEOPLE = ["+15550100108", "+15550100101", "+15550100102", "+15550100208", "+15550100308"]


@dataclass
class Installed:
    """A server and a worker on one database."""

    phone: Phone
    database: Database

    async def calls(
        self, *numbers: str, plan: Plan = PLAN, agreed: bool = True, **people: str
    ) -> list[Reported]:
        """Run a campaign to its end; what came of each contact, in order.

        `people` are columns of all of them.
        """
        name = f"campaign-{time.monotonic_ns()}"
        if agreed:
            await agree(self.database, numbers)
        staged = await stage(
            self.database, numbers, plan, name=name, now=time.time(), placed=True, starts=False
        )
        if people:
            async with self.database.writing() as connection:
                await connection.execute(update(CONTACTS).values(**people))
        await staged.campaigns.put(staged.campaign, "running", time.time())
        campaigns = Campaigns(self.database)
        async with asyncio.timeout(60):
            while (await staged.known()).state != "done":  # noqa: ASYNC110 - others write it
                await asyncio.sleep(0.05)
        return await campaigns.report(staged.campaign.campaign_id)


@asynccontextmanager
async def working(phone: Phone, url: str, decide: Decide | None = None) -> AsyncIterator[Database]:
    """A worker beside the server, with its own connections."""
    given = {
        **carrier_settings(phone.simulator.url),
        "PUBLIC_URL": phone.url,
        "DATABASE_URL": url,
        "VANTUM_DATA_DIR": str(phone.data),
        "CARRIER_CALLS_PER_S": "50",
    }
    settings, log = load_settings(given), server_log()
    database, upkeep = Database(url), HouseUpkeep(log)
    carrier = account_of(settings).carrier()
    decide = decide or of_campaigns(law_of(settings))
    async with upkeep.open():
        await work(settings, decide, database=database, carrier=carrier, upkeep=upkeep, log=log)
        yield database
    await carrier.close()
    await database.close()


async def until(holds: Callable[[], Awaitable[object]]) -> None:
    """It does, within a minute."""
    async with asyncio.timeout(60):
        while not await holds():  # noqa: ASYNC110 - others write it
            await asyncio.sleep(0.02)


async def dialled(installed: Installed) -> list[dict[str, Any]]:
    """What the carrier has accepted; its clock is this machine's."""
    async with installed.phone.http.get(f"{installed.phone.simulator.url}/simulator/dials") as page:
        found: list[dict[str, Any]] = (await page.json())["dials"]
        return found


def agent_file(folder: Path, greeting: str) -> Path:
    """The shipped agent, but for how it greets whom it knows."""
    text = (FILES / "sales.yaml").read_text("utf-8")
    begin, end = text.index("greeting: >-"), text.index("silence:")
    own = f'columns: [city]\nplain_greeting: Hi there. Is now good?\ngreeting: "{greeting}"\n\n'
    path = folder / "sales.yaml"
    again = next(line for line in text.splitlines() if line.startswith("  again: "))
    path.write_text((text[:begin] + own + text[end:]).replace(again, '  again: ""'), "utf-8")
    return path


@pytest.fixture
async def installed(database_url: str, tmp_path: Path) -> AsyncIterator[Installed]:
    async with (
        telephone(tmp_path, database_url=database_url) as phone,
        working(phone, database_url) as database,
    ):
        yield Installed(phone, database)


async def test_everybody_on_the_list_is_called_as_often_as_is_right(installed: Installed) -> None:
    report = await installed.calls(*PEOPLE)
    assert [one.outcomes for one in report] == [
        ("disconnected",),
        ("busy", "busy"),
        ("no_answer", "no_answer"),
        ("disconnected",),
        ("disconnected",),
    ]
    calls = [dial["call"] for dial in await dialled(installed)]
    assert len(calls) == len(set(calls)) == 7


async def test_whoever_has_not_agreed_is_not_called(installed: Installed) -> None:
    [refused] = await installed.calls(PEOPLE[0], agreed=False)
    assert refused.state == "refused"
    assert refused.detail.startswith("no_consent: ")
    assert not await dialled(installed)


async def test_who_was_claimed_already_is_not_called_behind_a_pause(installed: Installed) -> None:
    people = [f"+155502{number:05}" for number in range(40)]
    await agree(installed.database, people)
    staged = await stage(
        installed.database, people, replace(PLAN, calls_per_s=8), now=time.time(), placed=True
    )
    await until(lambda: dialled(installed))
    await staged.campaigns.put(await staged.known(), "paused", time.time())
    paused_at = time.monotonic()

    await until(lambda: all_put_back(staged, installed))
    late = [dial for dial in await dialled(installed) if dial["ran_s"] > paused_at + 0.3]
    assert not late
    progress = await staged.campaigns.progress("c-spring")
    assert progress.waiting >= 20


@asynccontextmanager
async def stalled(database: Database) -> AsyncIterator[None]:
    """Nobody learns who is suppressed."""
    async with database.writing() as connection:
        await connection.execute(text("LOCK TABLE suppressions IN ACCESS EXCLUSIVE MODE"))
        yield


@pytest.mark.parametrize("closes", [False, True], ids=["no burst", "nobody behind the hour"])
async def test_what_a_slow_database_has_held_up(
    postgres: Postgres, tmp_path: Path, *, closes: bool
) -> None:
    closing = [math.inf]

    def until_closing(_: Candidate, at: float) -> Go | Wait:
        return Go("{}") if at < closing[0] else Wait("out of hours", at + 3_600)

    url = postgres.new_database()
    async with (
        telephone(tmp_path, database_url=url) as phone,
        working(phone, url, until_closing) as database,
    ):
        installed = Installed(phone, database)
        people = [f"+155502{number:05}" for number in range(60)]
        await serves(database, "another", 1_000, time.time() + 1_000)  # all may be called at once
        staged = await stage(
            database,
            people,
            replace(PLAN, calls_per_s=20, at_once=100, attempts=1),
            now=time.time(),
        )
        await until(lambda: dialled(installed))
        async with stalled(staged.database):
            await asyncio.sleep(0.5)  # of the stall itself; dials wait at the lock
            if closes:
                closing[0] = time.time()
            await asyncio.sleep(1.0)
        if closes:
            await until(lambda: all_put_back(staged, installed))
            late = [dial for dial in await dialled(installed) if dial["at"] > closing[0] + 0.25]
            assert not late
        else:
            await until(lambda: as_many(installed, len(people)))
            moments = [dial["ran_s"] for dial in await dialled(installed)]
            assert max(sum(at <= other < at + 1 for other in moments) for at in moments) <= 22


async def all_put_back(staged: Staged, installed: Installed) -> bool:
    """Nobody is claimed besides those that talk."""
    talking = len(await dialled(installed))
    return (await staged.campaigns.progress("c-spring")).calling <= talking


async def as_many(installed: Installed, count: int) -> bool:
    return len(await dialled(installed)) == count


async def test_records_that_are_away_for_a_moment_cost_nobody_their_call(
    installed: Installed,
) -> None:
    people = [f"+155502{number:05}" for number in range(12)]
    await agree(installed.database, people)
    staged = await stage(
        installed.database,
        people,
        replace(PLAN, calls_per_s=10, attempts=1),
        now=time.time(),
        placed=True,
    )
    await until(lambda: dialled(installed))
    await renamed(installed.database, "suppressions", "away")
    await asyncio.sleep(0.6)  # of the outage itself
    await renamed(installed.database, "away", "suppressions")
    await until(lambda: as_many(installed, len(people)))
    assert not [one for one in await staged.report() if one.state == "unknown"]


async def renamed(database: Database, table: str, name: str) -> None:
    async with database.writing() as connection:
        await connection.execute(text(f"ALTER TABLE {table} RENAME TO {name}"))


@pytest.mark.parametrize("fault", ["throttled", "unavailable"])
async def test_a_dial_the_carrier_has_no_time_for_is_made_later(
    installed: Installed, fault: Fault
) -> None:
    installed.phone.simulator.breaks("twilio", fault, times=1)
    [contact] = await installed.calls(PEOPLE[3], plan=replace(PLAN, attempts=1))
    assert contact.outcomes == ("disconnected",)


@pytest.mark.parametrize("fault", ["stall_first", "erred"])
async def test_a_dial_whose_answer_says_nothing_is_found_at_the_carrier(
    installed: Installed, fault: Fault
) -> None:
    installed.phone.simulator.breaks("twilio", fault, times=1)
    [contact] = await installed.calls(PEOPLE[3], plan=replace(PLAN, attempts=1))
    assert contact.outcomes == ("disconnected",)
    assert len(await dialled(installed)) == 1


async def test_a_dial_that_the_carrier_refuses_is_over_at_once(installed: Installed) -> None:
    installed.phone.simulator.breaks("twilio", "forbidden", times=1)
    [contact] = await installed.calls(PEOPLE[3], plan=replace(PLAN, attempts=1))
    assert (contact.state, contact.outcomes) == ("done", ("failed",))
    assert not await dialled(installed)


async def test_who_is_in_doubt_is_called_again_as_the_plan_says(installed: Installed) -> None:
    installed.phone.simulator.breaks("twilio", "refused", times=1)
    plan = replace(PLAN, retries={"unknown": Retry(0.2, 1)})
    [contact] = await installed.calls(PEOPLE[3], plan=plan)
    assert contact.outcomes == ("unknown", "disconnected")
    assert len(await dialled(installed)) == 1


async def test_a_carrier_that_is_slow_to_answer_keeps_nobody_waiting(installed: Installed) -> None:
    people = [f"+155502{number:05}" for number in range(24)]
    await agree(installed.database, people)
    installed.phone.simulator.breaks("twilio", "stall_first", times=2)
    plan = replace(PLAN, calls_per_s=12, at_once=100, attempts=1)
    await stage(installed.database, people, plan, now=time.time(), placed=True)
    await until(lambda: as_many(installed, len(people)))
    moments = [dial["ran_s"] for dial in await dialled(installed)]
    assert max(moments) - min(moments) < limits.CARRIER_S / 2


async def test_a_second_worker_on_one_file_is_told_of(database: Database) -> None:
    await say_if_not_alone(database, server_log())
    await Processes(database, "one", "worker").here(0, database.now())
    with structlog.testing.capture_logs() as lines:
        await say_if_not_alone(database, server_log())
    told = [line["event"] for line in lines]
    assert told == (["worker_not_alone"] if database.is_file else [])


async def test_whoever_listens_is_told_of_a_call_and_of_its_campaign(installed: Installed) -> None:
    async with receiving() as receiver:
        hook = Hook(
            hook_id="hook",
            url=receiver.url,
            secret="secret",
            events=("call.settled", "campaign.changed"),
            created_at=time.time(),
            local=True,
        )
        await Hooks(installed.database).add(hook)
        await installed.calls(PEOPLE[3], plan=replace(PLAN, attempts=1))
        await eventually(lambda: len(receiver.got) == 3)  # started, settled, done
        told = [msgspec.json.decode(got.body) for got in receiver.got]
        [call] = [one["data"] for one in told if one["type"] == "call.settled"]
        assert (call["their_number"], call["outcome"]) == (PEOPLE[3], "disconnected")
        states = {one["data"]["state"] for one in told if one["type"] == "campaign.changed"}
        assert states == {"running", "done"}


@pytest.mark.parametrize(
    ("greeting", "said"),
    [
        ("Hi {first_name}, {agent} here. Do you call from {city}?", "Hi Ann, Alex here."),
        ("Hi {first_name} of {firm}. Do you have a minute?", "Hi there."),  # of no firm we know
    ],
)
async def test_a_contact_is_greeted_by_what_the_list_tells_of_them(
    database_url: str, tmp_path: Path, greeting: str, said: str
) -> None:
    agent = agent_file(tmp_path, greeting)
    async with (
        telephone(tmp_path, database_url=database_url, vantum_agent=agent) as phone,
        working(phone, database_url) as database,
    ):
        people = {"name": "Ann\n{Lee}", "variables": '{"city": "Reno"}'}
        await Installed(phone, database).calls(PERSON, plan=replace(PLAN, attempts=1), **people)
        [outcome] = phone.outcomes()
        # Their own "hello" may fall into the greeting, which is then said again.
        heard = [line.text for line in outcome.transcript if line.who == "agent"]
        assert any(line.startswith(said) for line in heard), heard


async def test_each_call_gets_a_finding_and_a_receipt(installed: Installed) -> None:
    await installed.calls(PEOPLE[0], PEOPLE[1], plan=replace(PLAN, attempts=1))
    seen: set[tuple[int, int]] = set()

    async with asyncio.timeout(30):
        while (2, 2) not in seen:
            async with installed.database.reading() as connection:
                counted = [
                    (await connection.execute(select(func.count()).select_from(table))).scalar_one()
                    for table in (FINDINGS, RECEIPTS)
                ]
            seen.add((counted[0], counted[1]))
            await asyncio.sleep(0.05)
    assert max(seen) == (2, 2)
