"""A deploy while people talk: servers behind a proxy and workers are restarted one after the other.

    python -m benchmarks.rolling_restart --calls 60

So many people are on the phone all the time, half of whom have called us, and a campaign runs. Each
process is ended by SIGTERM, left to finish its calls, and begun anew. The simulated carrier and its
callees judge: was a call dropped, a callback not answered, somebody dialled twice or forgotten?
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from benchmarks.calibration import headline
from benchmarks.campaign_crash import PLAN, begin, is_done
from benchmarks.campaign_house import PREFIX, House, Program
from benchmarks.campaign_tally import Tally, tally
from benchmarks.many_phones import OVER
from benchmarks.postgres import running_postgres
from vantum.simulator.callee_acts import HangUp, Interrupt, Pause, Say, Script, Wait
from vantum.simulator.customer import OUR_NUMBER
from vantum.store.campaigns import Campaigns
from vantum.store.database import Database
from vantum.telephony.settled import FILE
from vantum.web.access import TOKEN_FILE

# The campaign's people; some of them take a stream for a moment.
MIX: Final = {
    "shares": {"hangs_up": 0.2, "brief": 0.1, "no_answer": 0.3, "busy": 0.3, "unheard": 0.1}
}
LOOK_S: Final = 1.0
ORDER_S: Final = 60.0
WATCHED: Final = 400  # calls, the newest: those of a minute and more
BEGUN_PER_S: Final = 6.0
DRAIN_S: Final = 120.0  # no talk here lasts so long
TALK_S: Final = 180.0
ALL_TALK_S: Final = 120.0
MOST: Final = 0.9  # somebody has just left, and the next one rings
MOST_TALKS: Final = 10_000  # numbers from +15551000000 to +15551999900, which are no campaign's
GOODBYE: Final = "Thank you, goodbye."
LINES: Final = ("Hello?", "Yes, I have a minute.", "We are twelve people in sales.")
FRESH: Final = httpx.Limits(max_keepalive_connections=0)


class Wanted(Struct, frozen=True):
    """How much there is of everything."""

    calls: int = 60  # live at any time
    servers: int = 3
    workers: int = 2
    contacts: int = 200  # a campaign; others follow until the last process has been restarted
    dials_per_s: float = 3.0
    lines: int = 3  # of a talk, before its goodbye
    deadline_s: float = 900.0


class Restarted(Struct, frozen=True):
    """What became of one process."""

    name: str
    calls: int  # that it carried when it was told to end
    live: int  # on all of them
    seconds: float  # until another was ready in its place
    exit_code: int


class Found(Struct, frozen=True):
    """What the carrier and its callees say."""

    restarted: list[Restarted]
    legs: list[dict[str, Any]]  # of the live calls
    refused: dict[str, int]  # orders of ours that were not answered with a call, by the answer
    late_ticks: int
    tally: Tally
    wrong: list[str]


class Talkers:
    """People who are on the phone with us all the time: who leaves is followed by the next."""

    def __init__(
        self, house: House, token: str, carrier: httpx.AsyncClient, script: Script
    ) -> None:
        self.legs: list[dict[str, Any]] = []
        self.wrong: list[str] = []
        self.live: set[str] = set()  # who talk, by the carrier's name for the call
        self.refused = Counter[str]()  # orders that were not answered with a call, by what was
        self.enough = asyncio.Event()
        self._house = house
        self.carrier = carrier
        self._script = msgspec.to_builtins(script)
        self._token = {"Authorization": f"Bearer {token}"}
        self._statuses: dict[str, str] = {}
        self._sids: dict[str, str] = {}  # of what was dialled, by number
        self._dials_seen = 0

    async def line(self, first: int, step: int) -> None:
        """One call after the other."""
        await asyncio.sleep(first / BEGUN_PER_S)
        number = first
        while not self.enough.is_set():
            await self._talk(their_number(number), inbound=number % 2 == 0)
            number += step

    async def _talk(self, number: str, *, inbound: bool) -> None:
        ends = time.monotonic() + TALK_S
        sid = await (self._rings(number) if inbound else self._is_called(number))
        while time.monotonic() < ends:
            await asyncio.sleep(LOOK_S)
            status = self._statuses.get(sid, "")
            if status == "in-progress":
                self.live.add(sid)
            if status in OVER:
                self.live.discard(sid)
                self.legs.append((await self.carrier.get(f"/simulator/calls/{sid}")).json())
                return
        self.wrong.append(f"{sid} is not over in time")

    async def watch(self) -> None:
        """How all calls stand, for ever; to hear out what was said on each costs the carrier far
        more.
        """
        while True:
            page = (await self.carrier.get(f"/simulator/calls?newest={WATCHED}")).json()
            self._statuses |= {call["sid"]: call["status"] for call in page["calls"]}
            await asyncio.sleep(LOOK_S)

    async def _rings(self, number: str) -> str:
        url = self._house.public_url
        order = {
            "from": number,
            "to": OUR_NUMBER,
            "voice_url": f"{url}/twilio/voice",
            "status_url": f"{url}/twilio/status",
            "script": self._script,
        }
        answer = await self.carrier.post("/simulator/calls", json=order)
        return str(answer.raise_for_status().json()["sid"])

    async def _is_called(self, number: str) -> str:
        """Who is refused by a server that stops, or gets no answer, looks whether the call was
        placed, and asks again where it was not.
        """
        who = {"number": number, "script": self._script}
        (await self.carrier.post("/simulator/callees", json=who)).raise_for_status()
        while number not in self._sids:
            try:
                async with httpx.AsyncClient(base_url=self._house.public_url) as http:
                    url, body = "/api/v1/calls", {"to": number}
                    answer = await http.post(url, json=body, headers=self._token, timeout=ORDER_S)
                    answer.raise_for_status()
            except httpx.HTTPStatusError as error:
                self.refused[str(error.response.status_code)] += 1
                await asyncio.sleep(LOOK_S)
            except httpx.TransportError as error:
                self.refused[type(error).__name__] += 1
                await asyncio.sleep(LOOK_S)
            await self._read_dials()
        return self._sids[number]

    async def _read_dials(self) -> None:
        seen = self._dials_seen
        page = (await self.carrier.get(f"/simulator/dials?first={seen}")).json()
        self._dials_seen = max(self._dials_seen, page["total"])
        self._sids |= {dial["to"]: dial["sid"] for dial in page["dials"]}


def their_number(talk: int) -> str:
    """Of this talk alone: who was called before is known by an old call. None is a campaign's."""
    if talk >= MOST_TALKS:
        raise ValueError("there is no further number")
    return f"+1555{MOST_TALKS + talk}00"


def script(lines: int) -> Script:
    """A talk of so many lines."""
    first, *others = LINES[:lines]
    said = [part for line in others for part in (Wait(), Say(line))]
    return (Pause(0.7), Say(first), *said, Interrupt(), Say(GOODBYE), Pause(0.5), HangUp())


async def roll(folder: Path, url: str, wanted: Wanted) -> Found:
    """Restart everything while people talk and are called; what came of it."""
    database = Database(url)
    await database.set_up()
    more = {"DRAIN_S": f"{DRAIN_S:g}"}
    house = House(
        folder, url, wanted.workers, wanted.dials_per_s, servers=wanted.servers, more=more
    )
    try:
        await asyncio.to_thread(house.start, MIX)
        token = (folder / "data" / TOKEN_FILE).read_text("ascii")
        async with (
            # A connection that is kept may be closed just as it is used again.
            httpx.AsyncClient(base_url=house.carrier_url, timeout=60, limits=FRESH) as carrier,
            asyncio.timeout(wanted.deadline_s),
        ):
            talkers = Talkers(house, token, carrier, script(wanted.lines))
            restarted = await _restart_all(house, database, talkers, wanted)
            return await _judged(house, folder, database, talkers, restarted)
    finally:
        await asyncio.to_thread(house.end)
        await database.close()


async def _restart_all(
    house: House, database: Database, talkers: Talkers, wanted: Wanted
) -> list[Restarted]:
    restarted = []
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(talkers.watch(), name="watch")
        lines = [
            group.create_task(talkers.line(line, wanted.calls), name=f"line-{line}")
            for line in range(wanted.calls)
        ]
        campaigns = group.create_task(_campaigns(database, talkers, wanted), name="campaigns")
        for program in house.programs:
            async with asyncio.timeout(ALL_TALK_S):
                while len(talkers.live) < wanted.calls * MOST:  # noqa: ASYNC110 - they are asked
                    await asyncio.sleep(0.1)
            restarted.append(await _restart(house, program, talkers))
            print(msgspec.json.encode(restarted[-1]).decode(), flush=True)
        talkers.enough.set()
        await asyncio.wait([campaigns, *lines])
        watching.cancel()
    return restarted


async def _restart(house: House, program: Program, talkers: Talkers) -> Restarted:
    calls = 0
    if program in house.servers:
        async with httpx.AsyncClient() as http:
            url = house.server_urls[house.servers.index(program)]
            calls = (await http.get(f"{url}/health")).json()["sessions"]["total"]
    live, began = len(talkers.live), time.monotonic()
    code = await asyncio.to_thread(house.restart, program, DRAIN_S + 30)
    return Restarted(program.name, calls, live, round(time.monotonic() - began, 1), code)


async def _campaigns(database: Database, talkers: Talkers, wanted: Wanted) -> None:
    """One after the other, until all processes have been restarted; the last to its end."""
    number, kept = 0, Campaigns(database)
    while True:
        plan = replace(PLAN, calls_per_s=wanted.dials_per_s)
        running = await begin(database, number, wanted.contacts, plan)
        while not await is_done(kept, running):  # noqa: ASYNC110 - the records are asked
            await asyncio.sleep(LOOK_S)
        if talkers.enough.is_set():
            return
        number += 1


async def _judged(
    house: House, folder: Path, database: Database, talkers: Talkers, restarted: list[Restarted]
) -> Found:
    dials = await asyncio.to_thread(house.dials)
    ours = [dial for dial in dials if dial["to"].startswith(PREFIX)]
    counted = Counter(dial["call"] for dial in dials if not dial["to"].startswith(PREFIX))
    told = await tally(database, ours)
    everybody = (await talkers.carrier.get("/simulator/calls?newest=20000")).json()
    lines = (folder / "data" / FILE).read_bytes().splitlines()
    outcomes = {one["sid"]: one["outcome"] for one in map(msgspec.json.decode, lines)}
    wrong = [*talkers.wrong, *told.wrong]
    wrong += [f"{one.name} ended with {one.exit_code}" for one in restarted if one.exit_code]
    wrong += [f"{call} was dialled {count} times" for call, count in counted.items() if count > 1]
    for leg in talkers.legs:
        wrong += dropped(leg, outcomes.get(leg["sid"], "nothing"))
    for leg in everybody["calls"]:
        wrong += unanswered(leg)
    return Found(restarted, talkers.legs, talkers.refused, everybody["late_ticks"], told, wrong)


def dropped(leg: dict[str, Any], outcome: str) -> list[str]:
    """A talk that was not led to its end."""
    said = [one["text"] for one in leg["said"]]
    if leg["status"] == "completed" and GOODBYE in said:
        return []
    return [f"{leg['sid']} is {leg['status']}, settled as {outcome}, and said {said[-1:]}"]


def unanswered(leg: dict[str, Any]) -> list[str]:
    """What the carrier asked or told and nobody answered."""
    lost = [f"{leg['sid']}: warning {number}" for number in leg["warnings"]]
    told = (one for one in leg["events"] if not 200 <= one["answer"] < 300)
    return lost + [f"{leg['sid']}: {one['event']} was answered {one['answer']}" for one in told]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    usual = Wanted()
    parser.add_argument("--calls", type=int, default=usual.calls)
    parser.add_argument("--servers", type=int, default=usual.servers)
    parser.add_argument("--workers", type=int, default=usual.workers)
    parser.add_argument("--contacts", type=int, default=usual.contacts)
    parser.add_argument("--minutes", type=float, default=usual.deadline_s / 60)
    given = parser.parse_args()
    wanted = Wanted(
        calls=given.calls,
        servers=given.servers,
        workers=given.workers,
        contacts=given.contacts,
        deadline_s=given.minutes * 60,
    )
    print(headline())
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="roll-") as named, running_postgres() as server:
        found = asyncio.run(roll(Path(named), server.new_database(), wanted))
    print(f"{time.monotonic() - began:.0f} s, the carrier's late ticks {found.late_ticks}")
    print(
        f"{len(found.legs)} talks were led beside the restarts; "
        f"orders not answered with a call: {dict(found.refused)}"
    )
    print(f"campaigns: {found.tally.contacts} contacts, {found.tally.dials} dials")
    print("outcomes", found.tally.outcomes)
    told = ["wrong:", *found.wrong[:20], f"{len(found.wrong)} in all"]
    print("\n".join(told) if found.wrong else "no call dropped, nobody twice, nobody lost")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
