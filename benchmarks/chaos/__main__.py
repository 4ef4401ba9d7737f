"""Faults on purpose, over live calls and a running campaign: does anything get lost?

    python -m benchmarks.chaos --seed 7 [--minutes 10] [--database postgresql] [--store]

Two servers, two workers, the simulated carrier and vendors, each a process of its own. By a plan
that the seed makes, the first server or a worker is killed or stands still, its disk is full, its
clock an hour off, or the database away; and every few seconds a vendor has one of its faults.
Meanwhile a campaign is dialled, people talk with the other server, and strangers send it whatever
they like. Nobody may be dialled twice or lost, no call of the other server may end early or be left
in silence for 2 s, no bad input be answered with a fault of ours. The exit code says whether all
of it holds; `--store` keeps the figures and writes docs/reliability.md.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from benchmarks.calibration import headline
from benchmarks.campaign_crash import PLAN, begin, database_of, is_done
from benchmarks.campaign_tally import tally
from benchmarks.chaos.bad_inputs import Stranger
from benchmarks.chaos.plan import LASTS_S, Blow, lanes, planned
from benchmarks.chaos.site import Site
from benchmarks.chaos.talks import heard, scripts, talks
from benchmarks.kept import this_run
from benchmarks.many_phones import KEPT_S
from benchmarks.postgres import Postgres
from benchmarks.reliability import Chaos, SoakSample, failed, grown, store, verdicts_of_chaos
from benchmarks.soak.__main__ import sample
from benchmarks.soak.accounts import lost_of, unsettled
from benchmarks.soak.crowd import Crowd, Planned
from vantum.store.campaigns import Campaigns
from vantum.store.database import Database
from vantum.web.access import TOKEN_FILE

# Who is on the list: most without sound, as the calls of this server are cut anyway.
MIX: Final[dict[str, Any]] = {
    "stays_s": 1.0,
    "shares": {
        "unheard": 0.3,
        "unheard_machine": 0.15,
        "hangs_up": 0.1,
        "brief": 0.05,
        "no_answer": 0.2,
        "busy": 0.15,
        "unreachable": 0.05,
    },
}
ATTEMPTS: Final = 1.6  # that a contact takes, about
SETTLES_S: Final = 300.0  # after the last fault: retries, and whatever the sweep has to ask
DIALS: Final = 600  # in the two minutes that a talk may last
REFUSALS: Final = frozenset({"forbidden", "unauthorized"})  # after these no call is looked for
LEAST_S: Final = 1.0  # between two faults of one kind, where the one before took long
Work = Coroutine[Any, Any, None]


class Wanted(Struct, frozen=True):
    """What is to be done to them."""

    seed: int
    seconds: float
    dials_per_s: float = 4.0
    workers: int = 2
    talks_at_once: int = 10
    lines: int = 5  # of each talk
    mix: dict[str, Any] = field(default_factory=lambda: dict(MIX))  # who is on the list
    silence_s: float = 2.3  # the promise, and what a machine adds that does much else


async def chaos(
    folder: Path, url: str, wanted: Wanted, blows: list[Blow], postgres: Postgres | None
) -> Chaos:
    """Do all of it, wait until it is over, and count."""
    database = Database(url)
    await database.set_up()
    site = Site(folder, url, postgres, workers=wanted.workers, dials_per_s=wanted.dials_per_s)
    try:
        site.start(wanted.mix)
        return await _course(site, database, wanted, blows)
    finally:
        site.end()
        await database.close()


async def _course(site: Site, database: Database, wanted: Wanted, blows: list[Blow]) -> Chaos:
    token = (site.house.data / TOKEN_FILE).read_text("ascii")
    said, at_once = scripts(wanted.lines), wanted.talks_at_once
    crowd = Crowd(
        site.other_url, site.house.carrier_url, token, at_once, scripts=said, beside=DIALS
    )
    stranger = Stranger(site.other_url, token, wanted.seed)
    plan = talks(wanted.seconds, at_once, wanted.lines)
    # A process takes a second or two for its first call, in which nine others would wait with it.
    await crowd.have([Planned("+15550400000", inbound=True, script="talks", cut_after_s=5.0)])
    before = await sample(crowd, site.other.pid, 0.0)
    contacts = round(wanted.seconds * wanted.dials_per_s / ATTEMPTS)
    campaign = await begin(database, 0, contacts, replace(PLAN, calls_per_s=wanted.dials_per_s))
    began = time.monotonic()
    house, vendors = lanes(blows)
    strikes = [_strike(site, lane, stranger, wanted, began) for lane in (house, vendors)]
    others = (stranger.run(), _go_on(Campaigns(database), campaign))
    await _beside((crowd.have(plan, site.doors_open), *strikes), others)
    seconds = time.monotonic() - began
    await _settled(Campaigns(database), campaign, database)
    struck = (await crowd.carrier.get("/simulator")).json()["struck"]
    refused = sum(vendor == "twilio" and fault in REFUSALS for vendor, fault in struck)
    told = await tally(database, site.house.dials(), refused=refused)
    found = Chaos(
        run=this_run(),
        database="SQLite" if database.is_file else "PostgreSQL",
        seed=wanted.seed,
        minutes=wanted.seconds / 60,
        seconds=round(seconds, 1),
        planned=dict(Counter(str(blow.what) for blow in house if site.can(blow.what))),
        done=dict(site.done),
        struck=dict(Counter(f"{vendor}: {fault}" for vendor, fault in struck)),
        back_s=site.back_s,
        bad_inputs=dict(stranger.sent),
        bad_answers=stranger.wrong,
        contacts=told.contacts,
        attempts=told.attempts,
        dials=told.dials,
        unknown=told.unknown,
        wrong=told.wrong,
        before=before,
        after=await _back(crowd, site, before),
        lost=await lost_of(database, plan, await crowd.legs(20_000)),
        **await heard(crowd, plan, wanted.lines, wanted.silence_s),
    )
    await stranger.close()
    await crowd.close()
    return found


async def _beside(course: Iterable[Work], others: Iterable[Work]) -> None:
    """Do what has an end, with the others beside it until then; any that dies ends all of it."""
    async with asyncio.TaskGroup() as endless:
        beside = [endless.create_task(work, name="beside") for work in others]
        async with asyncio.TaskGroup() as group:
            for work in course:
                group.create_task(work, name="course")
        for task in beside:
            task.cancel()


async def _strike(
    site: Site, lane: list[Blow], stranger: Stranger, wanted: Wanted, began: float
) -> None:
    dice = random.Random(wanted.seed)
    for blow in lane:
        await asyncio.sleep(max(LEAST_S, began + blow.at_s - time.monotonic()))
        print(f"{time.monotonic() - began:6.1f} s  {blow.what}", file=sys.stderr, flush=True)
        await site.strike(blow, stranger, dice)


async def _go_on(campaigns: Campaigns, name: str) -> None:
    """A campaign pauses for those who talked with a server that was killed: here it goes on."""
    while not await is_done(campaigns, name):  # noqa: ASYNC110 - the records are asked
        await asyncio.sleep(1)


async def _settled(campaigns: Campaigns, name: str, database: Database) -> None:
    """Until nobody is left to call, and of every call its outcome is known."""
    ends = time.monotonic() + SETTLES_S
    while time.monotonic() < ends:
        if await is_done(campaigns, name) and not await unsettled(database):
            return
        await asyncio.sleep(1)


async def _back(crowd: Crowd, site: Site, before: SoakSample) -> SoakSample:
    """What the other server holds once it has had the time to let go."""
    ends = time.monotonic() + KEPT_S
    while True:
        after = await sample(crowd, site.other.pid, 0.0, quiet=True)
        if not grown(before, after) or time.monotonic() > ends:
            return after
        await asyncio.sleep(1)


def run(kind: str, wanted: Wanted) -> Chaos:
    """In a folder of its own."""
    kinds = [what for what in LASTS_S if what != "database away" or kind == "postgresql"]
    blows = planned(wanted.seed, wanted.seconds, kinds)
    with tempfile.TemporaryDirectory(prefix="chaos-") as named:
        folder = Path(named)
        with database_of(kind, folder) as (url, server):
            return asyncio.run(chaos(folder, url, wanted, blows, server))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument("--store", action="store_true")
    given = parser.parse_args()
    print(headline())
    found = run(given.database, Wanted(seed=given.seed, seconds=60 * given.minutes))
    print(headline())
    wrong = (found.wrong, found.lost, found.early, found.too_long, found.bad_answers)
    print("\n".join([found.told, *(line for lines in wrong for line in lines[:20])]))
    if given.store:
        store("chaos", found)
    return failed(verdicts_of_chaos(found))


if __name__ == "__main__":
    sys.exit(main())
