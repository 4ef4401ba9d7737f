"""Words to stage a campaign in the database with: contacts, a plan, workers, and settled calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import insert, select, update

from vantum.dialing.candidate import Candidate, Decide, DueDial, Go, Wait
from vantum.dialing.pacing import Shares
from vantum.dialing.plan import Plan
from vantum.store.attempts import Attempts
from vantum.store.campaigns import Campaign, Campaigns, Reported
from vantum.store.claims import Claims
from vantum.store.database import Database
from vantum.store.schema import ATTEMPTS, CALLS, CONSENTS, CONTACTS, LISTS, WORKERS

NOW = 1_800_000_000.0
PLAN = Plan(caller_ids=("+15550199999",), calls_per_s=8, at_once=100)


def anybody(candidate: Candidate, at: float) -> Go | Wait:
    """May be called at any time."""
    return Go("{}")


@dataclass
class Staged:
    """One campaign, and the time."""

    database: Database
    campaign: Campaign
    now: float = NOW
    workers: dict[str, Claims] = field(default_factory=dict)

    @property
    def campaigns(self) -> Campaigns:
        return Campaigns(self.database)

    @property
    def attempts(self) -> Attempts:
        return Attempts(self.database, "another")

    async def takes(
        self,
        worker: str = "one",
        *,
        decide: Decide = anybody,
        per_s: float = 1_000.0,
        shares: Shares | None = None,
    ) -> list[DueDial]:
        claims = self.workers.setdefault(worker, Claims(self.database, worker))
        return await claims.take(decide, per_s, shares or Shares(), self.now)

    async def rings(self, dial: DueDial, sid: str) -> None:
        """The carrier has told its name for the call."""
        await self._change(dial.candidate.attempt_id, sid=sid)

    async def ends(
        self, dial: DueDial, outcome: str, at: float | None = None, **known: object
    ) -> None:
        """The call is settled."""
        ended_at = self.now if at is None else at
        word = msgspec.json.encode({"outcome": outcome, **known}).decode()
        await self._change(dial.candidate.attempt_id, outcome=word, ended_at=ended_at)

    async def _change(self, call_id: str, **values: object) -> None:
        async with self.database.writing() as connection:
            await connection.execute(
                update(CALLS).where(CALLS.c.call_id == call_id).values(**values)
            )

    async def state(self, attempt_id: str) -> str:
        async with self.database.reading() as connection:
            query = select(ATTEMPTS.c.state).where(ATTEMPTS.c.attempt_id == attempt_id)
            return str((await connection.execute(query)).scalar_one())

    async def report(self) -> list[Reported]:
        return await self.campaigns.report(self.campaign.campaign_id)

    async def known(self) -> Campaign:
        found = await self.campaigns.named(self.campaign.name)
        assert found is not None
        return found


async def serves(database: Database, boot_id: str, room: int, seen_at: float = NOW) -> None:
    """A process that carries calls."""
    async with database.writing() as connection:
        values = {"boot_id": boot_id, "kind": "serve", "seen_at": seen_at, "room": room}
        await connection.execute(insert(WORKERS).values(values))


async def stage(
    database: Database,
    phones: Sequence[str],
    plan: Plan = PLAN,
    *,
    name: str = "spring",
    starts: bool = True,
    placed: bool = False,
    now: float = NOW,
) -> Staged:
    """A list of these numbers, and a campaign that calls them; `placed`: all in New York."""
    async with database.writing() as connection:
        await connection.execute(
            insert(LISTS).values(
                list_id=f"list-{name}", name=name, source="", imported_at=now, good=0, bad=0
            )
        )
        if phones:
            people = enumerate(phones, 2)
            rows = [_contact(name, line, phone, placed=placed) for line, phone in people]
            await connection.execute(insert(CONTACTS), rows)
    campaign = Campaign(
        campaign_id=f"c-{name}",
        name=name,
        agent="sales",
        list_id=f"list-{name}",
        plan=plan,
        state="draft",
        reason="",
        created_at=now,
        changed_at=now,
        version=1,
    )
    staged = Staged(database, campaign)
    await staged.campaigns.create(campaign)
    if starts:
        staged.campaign = await staged.campaigns.put(campaign, "running", now)
    return staged


async def agree(database: Database, phones: Sequence[str]) -> None:
    """All of them have agreed to be called."""
    consent = {"kind": "written", "source": "a form", "given_at": NOW - 400 * 86_400}
    async with database.writing() as connection:
        rows = [{"consent_id": phone, "phone": phone, **consent} for phone in phones]
        await connection.execute(insert(CONSENTS), rows)


def _contact(name: str, line: int, phone: str, *, placed: bool) -> dict[str, object]:
    return {
        "contact_id": f"{name}-{line}",
        "list_id": f"list-{name}",
        "line": line,
        "phone": phone,
        "name": f"Number {line}",
        "company": "",
        "address": "1 Main Street, New York, NY 10001" if placed else "",
        "timezone": "America/New_York" if placed else "",
        "variables": "{}",
        "erased_at": None,
    }


def numbers(count: int, first: int = 0) -> list[str]:
    """So many telephone numbers."""
    return [f"+1555010{number:04d}" for number in range(first, first + count)]
