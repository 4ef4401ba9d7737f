"""Campaigns whose processes are killed at random moments: is anybody called twice, or forgotten?

    python -m benchmarks.campaign_crash --database postgresql --kills 200

One process of each kind at least: a server that the carrier talks to, and workers that dial. They
are killed with SIGKILL and begun again; on PostgreSQL workers are also stopped and continued, and
the database is restarted once. The simulated carrier, which nobody kills, counts.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct
from sqlalchemy import insert

from benchmarks.campaign_house import CALLER_ID, PREFIX, House
from benchmarks.campaign_tally import Tally, tally
from benchmarks.postgres import Postgres, running_postgres
from vantum.dialing.plan import Plan, Retry
from vantum.errors import RecordsError, RequestError
from vantum.store.campaigns import Campaign, Campaigns
from vantum.store.database import Database
from vantum.store.schema import CONSENTS, CONTACTS, LISTS

DIALS_PER_S: Final = 20.0
AGAIN_S: Final = 4.0  # nobody here waits for hours
# Without a stream for anybody: what is measured is the dialling.
MIX: Final = {
    "stays_s": 1.0,
    "shares": {
        "unheard": 0.40,
        "unheard_machine": 0.20,
        "no_answer": 0.20,
        "busy": 0.15,
        "unreachable": 0.05,
    },
}
PLAN: Final = Plan(
    caller_ids=(CALLER_ID,),
    calls_per_s=DIALS_PER_S,
    at_once=200,
    attempts=3,
    retries={
        "busy": Retry(AGAIN_S, 1),
        "no_answer": Retry(AGAIN_S, 1),
        "failed": Retry(AGAIN_S, 1),
        "unknown": Retry(AGAIN_S, 2),
    },
    breaker=None,
)


class Wanted(Struct, frozen=True):
    """What is to be done to them."""

    kills: int
    contacts: int  # a campaign; others follow while there are kills left
    workers: int
    pause_s: tuple[float, float]  # between two kills
    stops: bool  # workers are stopped for some seconds, too
    deadline_s: float
    seed: int


async def crash(folder: Path, url: str, wanted: Wanted, postgres: Postgres | None) -> Tally:
    """Run campaigns until all kills are done and nobody is left to call."""
    database = Database(url)
    await database.set_up()
    house = House(folder, url, wanted.workers, DIALS_PER_S)
    dice, ends = random.Random(wanted.seed), time.monotonic() + wanted.deadline_s
    campaigns = Campaigns(database)
    try:
        house.start(MIX)
        left, number = wanted.kills, 0
        running = await begin(database, number, wanted.contacts)
        next_kill = time.monotonic() + dice.uniform(*wanted.pause_s)
        while time.monotonic() < ends:
            await asyncio.sleep(0.05)
            house.wake()
            if left and time.monotonic() >= next_kill:
                left -= 1
                strike(house, dice, wanted)
                if postgres is not None and left == wanted.kills // 2:
                    print("the database is restarted", flush=True)
                    await asyncio.to_thread(postgres.restart)
                next_kill = time.monotonic() + dice.uniform(*wanted.pause_s)
                if left % 20 == 0:
                    print(f"{left} kills left", flush=True)
            if not await is_done(campaigns, running):
                continue
            if not left:
                break
            number += 1
            running = await begin(database, number, wanted.contacts)
        found = await tally(database, house.dials())
        if left:
            found.wrong.append(f"{left} kills were not done in time")
        return found
    finally:
        house.end()
        await database.close()


def strike(house: House, dice: random.Random, wanted: Wanted) -> None:
    """Kill one of them; stop another one, sometimes."""
    if wanted.stops and dice.random() < 0.3:
        worker = dice.choice(house.workers)
        if not worker.stopped_until:
            worker.stop(dice.uniform(1, 20))
    # Of what dials more often: it is what this is about.
    dice.choice([*house.servers, *house.workers, *house.workers]).kill()


async def is_done(campaigns: Campaigns, name: str) -> bool:
    """Nobody is left to call. A database that is away leaves that open.

    Who talked with a server that was killed was abandoned: a campaign that pauses for them goes on.
    """
    try:
        campaign = await campaigns.named(name)
        if campaign is not None and campaign.state == "paused":
            await campaigns.put(campaign, "running", time.time())
    except (RecordsError, RequestError):
        return False
    return campaign is not None and campaign.state == "done"


async def begin(database: Database, number: int, contacts: int, plan: Plan = PLAN) -> str:
    """A list, and a campaign that calls it; its name."""
    now, name = time.time(), f"crash-{number}"
    first = number * contacts
    phones = [f"{PREFIX}{n:05d}" for n in range(first, first + contacts)]
    async with database.writing() as connection:
        row = {"list_id": name, "name": name, "source": "", "imported_at": now}
        await connection.execute(insert(LISTS).values(row | {"good": contacts, "bad": 0}))
        await connection.execute(
            insert(CONTACTS),
            [
                {
                    "contact_id": f"{name}-{line}",
                    "list_id": name,
                    "line": line,
                    "phone": phone,
                    "name": "",
                    "company": "",
                    "address": "1 Main Street, New York, NY 10001",
                    "timezone": "America/New_York",
                    "variables": "{}",
                }
                for line, phone in enumerate(phones, 2)
            ],
        )
        consent = {"kind": "written", "source": "benchmark", "given_at": now - 86_400}
        await connection.execute(
            insert(CONSENTS), [{"consent_id": phone, "phone": phone, **consent} for phone in phones]
        )
    campaign = Campaign(
        campaign_id=name,
        name=name,
        agent="sales",
        list_id=name,
        plan=plan,
        state="draft",
        reason="",
        created_at=now,
        changed_at=now,
        version=1,
    )
    campaigns = Campaigns(database)
    await campaigns.create(campaign)
    await campaigns.put(campaign, "running", now)
    return name


@contextmanager
def database_of(kind: str, folder: Path) -> Iterator[tuple[str, Postgres | None]]:
    """An empty database, and its server where there is one."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/vantum.db", None
        return
    with running_postgres() as server:
        yield server.new_database(), server


def run(kind: str, wanted: Wanted) -> Tally:
    """In a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="crash-") as named:
        folder = Path(named)
        with database_of(kind, folder) as (url, server):
            return asyncio.run(crash(folder, url, wanted, server))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--contacts", type=int, default=400)
    parser.add_argument("--workers", type=int, default=0, help="by default 1 on SQLite, else 3")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=30)
    given = parser.parse_args()
    on_server = given.database == "postgresql"
    wanted = Wanted(
        kills=given.kills,
        contacts=given.contacts,
        workers=given.workers or (3 if on_server else 1),
        pause_s=(1.0, 8.0),
        stops=on_server,
        deadline_s=given.minutes * 60,
        seed=given.seed,
    )
    began = time.monotonic()
    found = run(given.database, wanted)
    print(f"{given.kills} kills, {found.contacts} contacts, {time.monotonic() - began:.0f} s")
    print(f"attempts {found.attempts}, dials at the carrier {found.dials}")
    print(
        f"unknown {found.unknown}, of which the carrier was asked too late {found.unknown_dialed}"
    )
    print("states", found.states, "outcomes", found.outcomes)
    print("\n".join(["wrong:", *found.wrong[:20]]) if found.wrong else "nobody twice, nobody lost")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
