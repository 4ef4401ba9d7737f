"""Many thousand short phone calls, one after another: is anything left behind, or anybody lost?

    python -m benchmarks.soak [--calls 10000] [--at-once 50] [--seed 1] [--store]

Half of the people call us, half are called. All hear a greeting, most ask something and hear some
of the answer; a quarter of the calls is cut at a random moment, by them or by us. Of every 20th the
sound is kept. Server and simulator (`--profile bench`) run in processes of their own. What the
server holds is read after a tenth of the calls, which warm it up, and after all of them, each time
once nobody is on the phone. Whatever does not hold is told, and the exit code is 1; `--store` keeps
the figures and writes docs/reliability.md. 10,000 calls take about 20 minutes on two cores.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import psutil

from benchmarks.calibration import headline
from benchmarks.campaign_crash import database_of
from benchmarks.campaign_house import House
from benchmarks.kept import this_run
from benchmarks.many_phones import held
from benchmarks.reliability import (
    Soaked,
    SoakSample,
    failed,
    grown,
    store,
    verdicts_of_soak,
)
from benchmarks.soak.accounts import accounts, unsettled
from benchmarks.soak.crowd import PATIENCE_S, Crowd, Planned, planned
from vantum.agents.schema import FILES
from vantum.limits import STALE_CALL_S
from vantum.recording.files import FOLDER, unfinished
from vantum.store.database import Database
from vantum.web.access import TOKEN_FILE

SAMPLE_S: Final = 30.0
# Who hangs up while we are about to answer is known to be gone only when the carrier is asked.
SWEPT_S: Final = 1.5 * STALE_CALL_S + PATIENCE_S
WARM_UP: Final = 0.1  # of the calls


async def soak(folder: Path, url: str, plan: list[Planned], *, at_once: int, seed: int) -> Soaked:
    """Have all calls, and find out what is left of them; `seed` is told only."""
    database = Database(url)
    await database.set_up()
    house = House(folder, url, 0, 1.0, profile="bench", vendors=True, more=_two_agents(folder))
    warm = max(1, round(WARM_UP * len(plan)))
    try:
        house.start()
        token = (house.data / TOKEN_FILE).read_text("ascii")
        crowd = Crowd(house.url, house.carrier_url, token, at_once)
        began = time.monotonic()
        samples = [await sample(crowd, house.server.pid, 0.0)]
        sampling = asyncio.create_task(_sample_on(crowd, house, samples, began), name="sampling")
        parts = plan[:warm], plan[warm:]
        for part in parts:
            await crowd.have(part)
            await _quiet(crowd, house, database if part is parts[-1] else None, samples[0])
            samples.append(
                await sample(crowd, house.server.pid, time.monotonic() - began, quiet=True)
            )
        seconds = time.monotonic() - began
        sampling.cancel()
        found = await accounts(plan, crowd, database, house)
        late = (await crowd.carrier.get("/simulator/calls?newest=0")).json()["late_ticks"]
        await crowd.close()
        return Soaked(
            run=this_run(),
            calls=len(plan),
            at_once=at_once,
            seed=seed,
            seconds=seconds,
            database="SQLite" if database.is_file else "PostgreSQL",
            samples=samples,
            late_ticks=late,
            **found,
        )
    finally:
        house.end()
        await database.close()


def _two_agents(folder: Path) -> dict[str, str]:
    """One whose calls are recorded, and one whose are not, since it does not announce it."""
    known = (FILES / "sales.yaml").read_text("utf-8")
    place = folder / "agents"
    place.mkdir()
    (place / "sales.yaml").write_text(known, "utf-8")
    quiet = [line for line in known.splitlines(True) if "announce_recording:" not in line]
    (place / "quiet.yaml").write_text("".join(quiet), "utf-8")
    return {"RECORDING": "on", "VANTUM_AGENT": str(place / "quiet.yaml")}


async def sample(crowd: Crowd, pid: int, at_s: float, *, quiet: bool = False) -> SoakSample:
    process = psutil.Process(pid)
    tasks = (await held(crowd.us))["tasks"]
    return SoakSample(
        calls=crowd.done,
        at_s=round(at_s, 1),
        quiet=quiet,
        tasks=round(tasks),
        files=process.num_fds(),
        sockets=len(process.net_connections("all")),
        threads=process.num_threads(),
        memory_mb=round(process.memory_info().rss / 1e6, 2),
        sessions=(await crowd.us.get("/health")).json()["sessions"]["total"],
    )


async def _sample_on(crowd: Crowd, house: House, samples: list[SoakSample], began: float) -> None:
    """On the way, too."""
    while True:
        await asyncio.sleep(SAMPLE_S)
        samples.append(await sample(crowd, house.server.pid, time.monotonic() - began))
        print(samples[-1], file=sys.stderr, flush=True)


async def _quiet(crowd: Crowd, house: House, records: Database | None, first: SoakSample) -> None:
    """Until recordings are made, kept connections have gone and, by the `records`, all settled."""
    ends = time.monotonic() + SWEPT_S
    while time.monotonic() < ends:
        one = await sample(crowd, house.server.pid, 0.0)
        waits = one.sessions or unfinished(house.data / FOLDER)
        waits = waits or (records is not None and await unsettled(records))
        if not waits and not grown(first, one):
            return
        await asyncio.sleep(1)


def run(kind: str, *, calls: int, at_once: int, seed: int) -> Soaked:
    """In a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="soak-") as named:
        folder = Path(named)
        with database_of(kind, folder) as (url, _):
            return asyncio.run(soak(folder, url, planned(seed, calls), at_once=at_once, seed=seed))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--at-once", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--store", action="store_true")
    given = parser.parse_args()
    print(headline())
    found = run(given.database, calls=given.calls, at_once=given.at_once, seed=given.seed)
    print(headline())
    print("\n".join([found.told, *found.lost[:20], *found.mute[:20]]))
    if given.store:
        store("soak", found)
    return failed(verdicts_of_soak(found))


if __name__ == "__main__":
    sys.exit(main())
