"""A campaign of many contacts at full pace: do the limits hold in every second, and at what cost?

    python -m benchmarks.campaign_pace --contacts 10000

One server, one worker and the simulated carrier, which counts. Callees need no sound.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import psutil
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import func, select

from benchmarks.campaign_crash import DIALS_PER_S, MIX, PLAN, begin, database_of
from benchmarks.campaign_house import House
from vantum.store.campaigns import Campaigns
from vantum.store.database import Database
from vantum.store.schema import ATTEMPTS

ONCE: Final = replace(PLAN, retries={}, attempts=1, at_once=400)
WORST: Final = 22  # dials in any second
SHARE: Final = 0.10  # of a core, for the dispatcher
PATIENCE_S: Final = 120.0


class Paced(Struct, frozen=True):
    """What was measured."""

    contacts: int
    seconds: float
    dials: int
    worst_second: int
    most_at_once: int
    worker_share: float  # of one core, while it dialled
    server_share: float
    looks: int  # at the progress, compared with the rows
    wrong_looks: int


async def pace(folder: Path, url: str, contacts: int) -> Paced:
    """Run it to the end."""
    database = Database(url)
    await database.set_up()
    house = House(folder, url, 1, DIALS_PER_S)
    campaigns, dice = Campaigns(database), random.Random(1)
    try:
        house.start(MIX)
        worker, server = (psutil.Process(one.pid) for one in (house.workers[0], house.servers[0]))
        await asyncio.sleep(3)  # the worker has started, and waits
        name = await begin(database, 0, contacts, ONCE)
        began, cpu = time.monotonic(), (_cpu_s(worker), _cpu_s(server))
        looks = wrong = most = 0
        ends = began + contacts / DIALS_PER_S + PATIENCE_S
        while time.monotonic() < ends:
            await asyncio.sleep(dice.uniform(0.5, 3))
            looks += 1
            is_true, calling = await _looked(database, campaigns, name)
            wrong, most = wrong + (not is_true), max(most, calling)
            campaign = await campaigns.named(name)
            if campaign is not None and campaign.state == "done":
                break
            if campaign is not None and campaign.state == "paused":
                # Callees without sound that a slow machine lets wait for 2 s count as abandoned.
                await campaigns.put(campaign, "running", time.time())
        seconds = time.monotonic() - began
        moments = [dial["ran_s"] for dial in house.dials()]
        return Paced(
            contacts=contacts,
            seconds=seconds,
            dials=len(moments),
            worst_second=worst_second(moments),
            most_at_once=most,
            worker_share=(_cpu_s(worker) - cpu[0]) / seconds,
            server_share=(_cpu_s(server) - cpu[1]) / seconds,
            looks=looks,
            wrong_looks=wrong,
        )
    finally:
        house.end()
        await database.close()


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def _looked(database: Database, campaigns: Campaigns, name: str) -> tuple[bool, int]:
    """Whether the progress is that of the rows, unless these changed meanwhile; and calls now."""
    for _ in range(20):
        before = await _rows(database)
        progress = await campaigns.progress(name)
        if before == await _rows(database):
            told = (progress.waiting, progress.calling, progress.done, progress.unknown)
            return told == before, progress.calling
    return True, 0  # it never stood still for long enough to be compared


async def _rows(database: Database) -> tuple[int, int, int, int]:
    query = select(ATTEMPTS.c.state, func.count().label("rows")).group_by(ATTEMPTS.c.state)
    async with database.reading() as connection:
        counts = {row.state: int(row.rows) for row in await connection.execute(query)}
    calling = counts.get("dialing", 0) + counts.get("live", 0)
    return counts.get("due", 0), calling, counts.get("done", 0), counts.get("unknown", 0)


def worst_second(moments: list[float]) -> int:
    """The most dials in any second, wherever it begins."""
    worst = first = 0
    for last, at in enumerate(moments):
        while at - moments[first] >= 1.0:
            first += 1
        worst = max(worst, last - first + 1)
    return worst


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--contacts", type=int, default=10_000)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pace-") as named:
        folder = Path(named)
        with database_of(given.database, folder) as (url, _):
            found = asyncio.run(pace(folder, url, given.contacts))
    print(f"{found.dials} dials of {found.contacts} contacts in {found.seconds:.0f} s")
    print(f"worst sliding second: {found.worst_second} dials (at most {WORST})")
    print(f"worker: {found.worker_share:.1%} of a core (at most {SHARE:.0%})")
    print(f"server: {found.server_share:.1%} of a core; {found.most_at_once} calls at once")
    print(f"progress compared {found.looks} times with the rows, wrong {found.wrong_looks} times")
    good = found.dials == found.contacts and found.worst_second <= WORST
    return 0 if good and found.worker_share <= SHARE and not found.wrong_looks else 1


if __name__ == "__main__":
    sys.exit(main())
