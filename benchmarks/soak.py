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
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final, Literal

import httpx
import psutil
from msgspec import Struct
from sqlalchemy import func, select

from benchmarks.calibration import headline
from benchmarks.campaign_crash import database_of
from benchmarks.campaign_house import House
from benchmarks.kept import this_run
from benchmarks.many_phones import OVER, held
from benchmarks.reliability import (
    Soaked,
    SoakSample,
    failed,
    grown,
    store,
    verdicts_of_soak,
)
from vantum.agents.schema import FILES
from vantum.limits import STALE_CALL_S
from vantum.recording.files import FOLDER, KIND, unfinished
from vantum.simulator.customer import OUR_NUMBER
from vantum.store.database import Database
from vantum.store.schema import CALLS, UNSETTLED
from vantum.telephony.settled import OUTCOMES
from vantum.web.access import TOKEN_FILE

ASK: Final = "What does it cost?"
HELLO: Final[list[dict[str, Any]]] = [
    {"act": "pause", "seconds": 0.3},
    {"act": "say", "text": "Hello?"},
]
QUESTION: Final[list[dict[str, Any]]] = [
    {"act": "interrupt", "after_s": 0.5, "patience_s": 4.0},
    {"act": "say", "text": ASK},
    {"act": "interrupt", "after_s": 0.6, "patience_s": 4.0},
]
SCRIPTS: Final[dict[str, list[dict[str, Any]]]] = {
    "asks": HELLO + QUESTION,
    "asks twice": HELLO + QUESTION + QUESTION[1:],
    "only listens": [*HELLO, {"act": "interrupt", "after_s": 1.0, "patience_s": 4.0}],
    "says nothing": [{"act": "pause", "seconds": 2.5}],
}
CUT_S: Final = (0.0, 4.0)  # by then most calls are over by themselves
CUT_SHARE: Final = 0.25
RECORDED: Final = 20  # every so many-th call: making an Opus file takes a process of its own
LOOK_S: Final = 0.4
SAMPLE_S: Final = 30.0
PATIENCE_S: Final = 90.0  # for one call, though a machine stalls
# Who hangs up while we are about to answer is known to be gone only when the carrier is asked.
SWEPT_S: Final = 1.5 * STALE_CALL_S + PATIENCE_S
WARM_UP: Final = 0.1  # of the calls


class Planned(Struct, frozen=True):
    """One call that is to be made."""

    number: str  # of the other side; nobody has it twice
    inbound: bool
    script: str  # one of SCRIPTS
    recorded: bool = False
    cut_after_s: float | None = None  # from its being placed
    cut_by: Literal["them", "us"] = "them"


def planned(seed: int, calls: int, cut_s: tuple[float, float] = CUT_S) -> list[Planned]:
    """The calls; the same for the same seed."""
    dice = random.Random(seed)
    plan = []
    for n in range(calls):
        inbound, recorded = dice.random() < 0.5, n % RECORDED == 0
        cut = dice.uniform(*cut_s) if dice.random() < CUT_SHARE else None
        plan.append(
            Planned(
                number=f"+15550{300_000 + n:06}",
                inbound=inbound and not recorded,
                script=dice.choice(list(SCRIPTS)),
                recorded=recorded,
                cut_after_s=cut,
                cut_by="them" if inbound and not recorded else "us",
            )
        )
    return plan


def lost(
    plan: list[Planned], legs: list[dict[str, Any]], rows: list[tuple[str, str, str, bool]]
) -> list[str]:
    """Calls that somebody knows nothing of: the carrier's legs against our rows.

    A row is number, carrier's name, status and whether its outcome is known.
    """
    found = []
    by_number = {number_of(leg): leg for leg in legs}
    ours = {row[0]: row for row in rows}
    for one in plan:
        leg, row = by_number.get(one.number), ours.get(one.number)
        if leg is None or row is None:
            who = "the carrier" if leg is None else "we"
            found.append(f"{one.number}: {who} know nothing of it")
        elif leg["status"] not in OVER:
            found.append(f"{one.number}: the carrier has it still {leg['status']}")
        elif row[1] != leg["sid"] or row[2] != leg["status"] or not row[3]:
            found.append(f"{one.number}: {leg['status']} at the carrier, {row[2]} in our records")
    if len(legs) != len(plan) or len(rows) != len(plan):
        found.append(f"{len(plan)} calls, {len(legs)} legs, {len(rows)} rows")
    return found


class Crowd:
    """Everybody who calls or is called."""

    def __init__(self, server_url: str, carrier_url: str, token: str, at_once: int) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._url = server_url
        self.us = httpx.AsyncClient(base_url=server_url, headers=headers, timeout=60)
        self.carrier = httpx.AsyncClient(base_url=carrier_url, timeout=60)
        self._lines = asyncio.Semaphore(at_once)
        self._at_once = at_once
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self.done = 0

    async def close(self) -> None:
        await self.us.aclose()
        await self.carrier.aclose()

    async def have(self, plan: list[Planned]) -> None:
        """All of these calls, from the first to the end of the last."""
        looking = asyncio.create_task(self._look(), name="look")
        try:
            async with asyncio.TaskGroup() as group:
                for one in plan:
                    await self._lines.acquire()
                    group.create_task(self._call(one), name=one.number)
        finally:
            looking.cancel()

    async def _call(self, one: Planned) -> None:
        over = self._waiting[one.number] = asyncio.get_running_loop().create_future()
        try:
            name = await (self._rings_us(one) if one.inbound else self._is_rung(one))
            cut_s = PATIENCE_S if one.cut_after_s is None else one.cut_after_s
            try:
                await asyncio.wait_for(asyncio.shield(over), cut_s)
            except TimeoutError:
                if one.cut_after_s is None:
                    return  # it is among the lost
                await self._cut(one, name)
                await asyncio.wait([over], timeout=PATIENCE_S)
        finally:
            del self._waiting[one.number]
            self.done += 1
            self._lines.release()

    async def _rings_us(self, one: Planned) -> str:
        asked = {
            "to": OUR_NUMBER,
            "from": one.number,
            "voice_url": f"{self._url}/twilio/voice",
            "status_url": f"{self._url}/twilio/status",
            "script": SCRIPTS[one.script],
        }
        answer = await self.carrier.post("/simulator/calls", json=asked)
        return str(answer.raise_for_status().json()["sid"])

    async def _is_rung(self, one: Planned) -> str:
        who = {"number": one.number, "script": SCRIPTS[one.script]}
        (await self.carrier.post("/simulator/callees", json=who)).raise_for_status()
        asked = {"to": one.number} | ({"agent": "sales"} if one.recorded else {})
        answer = await self.us.post("/api/v1/calls", json=asked)
        return str(answer.raise_for_status().json()["id"])

    async def _cut(self, one: Planned, name: str) -> None:
        if one.cut_by == "them":
            await self.carrier.delete(f"/simulator/calls/{name}")
        else:
            await self.us.post(f"/api/v1/calls/{name}/hang-up")

    async def _look(self) -> None:
        """Ask the carrier again and again which calls are over."""
        while True:
            await asyncio.sleep(LOOK_S)
            for leg in await self.legs(6 * self._at_once):
                over = self._waiting.get(number_of(leg))
                if over is not None and not over.done() and leg["status"] in OVER:
                    over.set_result(None)

    async def legs(self, newest: int) -> list[dict[str, Any]]:
        """The carrier's newest calls."""
        told = (await self.carrier.get(f"/simulator/calls?newest={newest}")).json()
        found: list[dict[str, Any]] = told["calls"]
        return found


async def soak(folder: Path, url: str, plan: list[Planned], *, at_once: int, seed: int) -> Soaked:
    """Have all calls, and find out what is left of them; `seed` is told only."""
    database = Database(url)
    await database.set_up()
    house = House(folder, url, 0, 1.0, profile="bench", vendors=True, **_two_agents(folder))
    warm = max(1, round(WARM_UP * len(plan)))
    try:
        house.start()
        token = (house.data / TOKEN_FILE).read_text("ascii")
        crowd = Crowd(house.url, house.carrier_url, token, at_once)
        began = time.monotonic()
        samples = [await _sample(crowd, house, 0.0)]
        sampling = asyncio.create_task(_sample_on(crowd, house, samples, began), name="sampling")
        parts = plan[:warm], plan[warm:]
        for part in parts:
            await crowd.have(part)
            await _quiet(crowd, house, database if part is parts[-1] else None, samples[0])
            samples.append(await _sample(crowd, house, time.monotonic() - began, quiet=True))
        seconds = time.monotonic() - began
        sampling.cancel()
        legs = await crowd.legs(2 * len(plan))
        found = await _found(plan, legs, database, house)
        late = (await crowd.carrier.get("/simulator/calls?newest=0")).json()["late_ticks"]
        await crowd.close()
        return Soaked(
            run=this_run(),
            calls=len(plan),
            at_once=at_once,
            seed=seed,
            seconds=seconds,
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


async def _sample(crowd: Crowd, house: House, at_s: float, *, quiet: bool = False) -> SoakSample:
    process = psutil.Process(house.server.pid)
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
        samples.append(await _sample(crowd, house, time.monotonic() - began))
        print(samples[-1], file=sys.stderr, flush=True)


async def _quiet(crowd: Crowd, house: House, records: Database | None, first: SoakSample) -> None:
    """Until recordings are made, kept connections have gone and, by the `records`, all settled."""
    ends = time.monotonic() + SWEPT_S
    while time.monotonic() < ends:
        one = await _sample(crowd, house, 0.0)
        waits = one.sessions or unfinished(house.data / FOLDER)
        waits = waits or (records is not None and await _unsettled(records))
        if not waits and not grown(first, one):
            return
        await asyncio.sleep(1)


async def _unsettled(records: Database) -> int:
    async with records.reading() as connection:
        query = select(func.count()).select_from(CALLS).where(UNSETTLED)
        return int((await connection.execute(query)).scalar_one())


async def _found(
    plan: list[Planned], legs: list[dict[str, Any]], database: Database, house: House
) -> dict[str, Any]:
    """What the carrier, our records and the callees' ears say of all calls."""
    columns = (CALLS.c.their_number, CALLS.c.sid, CALLS.c.status, CALLS.c.outcome)
    async with database.reading() as connection:
        read = (await connection.execute(select(*columns))).all()
    rows = [(row.their_number, row.sid or "", row.status, bool(row.outcome)) for row in read]
    outcomes = Counter(OUTCOMES.decode(row.outcome).outcome for row in read if row.outcome)
    measures = {number_of(leg): leg["measures"] for leg in legs if leg["measures"]}
    stayed = [one for one in plan if one.cut_after_s is None]
    made = list((house.data / FOLDER).glob(f"*{KIND}"))
    return {
        "lost": lost(plan, legs, rows),
        "statuses": dict(Counter(leg["status"] for leg in legs)),
        "outcomes": dict(outcomes),
        "cut": sum(one.cut_after_s is not None for one in plan),
        "mute": [
            f"{one.number}, who {one.script}"
            for one in stayed
            if one.number not in measures or not measures[one.number]["sound_s"]
        ],
        "gaps": sum(len(one["gaps"]) for one in measures.values()),
        "talked_s": round(
            sum(leg["ended_at"] - leg["answered_at"] for leg in legs if leg["answered_at"])
        ),
        "rows": len(rows),
        "recordings": len(made),
        "recordings_mb": round(sum(path.stat().st_size for path in made) / 1e6, 2),
        "database_mb": round(
            sum(path.stat().st_size for path in house.data.parent.glob("vantum.db*")) / 1e6, 2
        ),
    }


def number_of(leg: dict[str, Any]) -> str:
    """Of the other side."""
    return str(leg["from"] if leg["direction"] == "inbound" else leg["to"])


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
