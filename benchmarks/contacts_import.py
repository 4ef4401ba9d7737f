"""What importing a long list costs, and how long others wait to write meanwhile.

`python -m benchmarks.contacts_import [--rows N | --bytes N] [--wide N] [--database URL]` makes a
file as a customer's system exports it, imports it as `vantum contacts import` does, and prints rows
a second, the most memory of either process and the longest that another one waited for its write.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import random
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.calibration import headline
from vantum.campaigns.importing import Report, import_list
from vantum.simulator.customer import OUR_NUMBER
from vantum.store.database import Database
from vantum.store.lists import Lists
from vantum.store.phone_calls import PhoneCall, PhoneCalls
from vantum.transports.ids import Ids

HEADER: Final = "phone,name,company,address,timezone,consent,plan,notes\n"
AREAS: Final = (212, 305, 312, 415, 512, 617, 702, 713, 818, 917)
WRITES_EVERY_S: Final = 0.02  # the other process: some forty calls' news a second
LONG_S: Final = 0.2


def rows(wide: int, seed: int = 0) -> Iterator[str]:
    """Rows with notes of so many letters.

    One in a hundred is bad, and one in two hundred has a number that was there before.
    """
    chance = random.Random(seed)
    notes = ("called before. " * wide)[:wide]
    numbers: list[str] = []
    for count in range(10**9):
        number = f"+1{chance.choice(AREAS)}{chance.randrange(2_000_000, 9_999_999)}"
        if len(numbers) < 1_000:
            numbers.append(number)
        if count % 200 == 150:
            number = chance.choice(numbers)
        if count % 100 == 50:
            number = "unknown"
        yield (
            f'{number},Pat Doe {count},"Doe & Sons, Inc.",'
            f'"{count} Main Street, Austin, TX 78701",America/Chicago,'
            f"written 2026-03-01 web form,gold,{notes}\n"
        )


def write(path: Path, most_rows: int, most_bytes: int, wide: int) -> int:
    """Make the file; how many rows it has."""
    size, count = len(HEADER), 0
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        for row in rows(wide):
            if count >= most_rows or size >= most_bytes:
                break
            file.write(row)
            size += len(row)
            count += 1
    return count


class Waits(NamedTuple):
    """The slowest writes of a process, in seconds, and how many took longer than 0.2 s."""

    most_s: float
    long: int
    writes: int


Waiting = Sequence[Waits]  # at the records, and at records of its own that nobody else writes to


def write_beside(
    urls: Sequence[str], begun: Event, ended: Event, told: multiprocessing.Queue[Waiting]
) -> None:
    """Record calls as a server does, until told to end; then say what the slowest waited.

    Each is recorded at two places in turn: what both wait for is the machine's doing.
    """

    async def writing() -> None:
        ids, waited = Ids(), ([0.0], [0.0])
        databases = [Database(url) for url in urls]
        for database in databases:
            await database.set_up()
        while not ended.is_set():
            for database, waits in zip(databases, waited, strict=True):
                call = a_call(ids.new(), time.time())
                began = time.monotonic()
                await PhoneCalls(database).add(call)
                waits.append(time.monotonic() - began)
            begun.set()
            await asyncio.sleep(WRITES_EVERY_S)
        told.put(
            [Waits(max(all_), sum(one > LONG_S for one in all_), len(all_)) for all_ in waited]
        )
        for database in databases:
            await database.close()

    asyncio.run(writing())


def a_call(call_id: str, now: float) -> PhoneCall:
    return PhoneCall(
        call_id=call_id,
        direction="outbound",
        their_number="+15550100100",
        our_number=OUR_NUMBER,
        agent="sales",
        placed_at=now,
        news_at=now,
        ended_at=now,
        outcome="{}",
    )


async def imported(url: str, path: Path) -> tuple[Report, float]:
    """The report, and the longest that this process's own loop was held up."""
    database = Database(url)
    await database.set_up()
    stalls = asyncio.create_task(longest_stall())
    report = await import_list(
        "spring", path, None, lists=Lists(database), new_id=Ids().new(), now=time.time
    )
    stalls.cancel()
    await database.close()
    return report, await stalls


async def longest_stall() -> float:
    """How late a timer of 10 ms was at worst."""
    slowest = 0.0
    try:
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.01)
            slowest = max(slowest, time.monotonic() - began - 0.01)
    except asyncio.CancelledError:
        return slowest


def tell(waits: Waits) -> str:
    rare = f"{waits.long} of {waits.writes} longer than {LONG_S * 1000:.0f} ms"
    return f"{waits.most_s * 1000:.0f} ms at most, {rare}"


def most_mb(who: int) -> float:
    return resource.getrusage(who).ru_maxrss / 1024


def main() -> None:
    """Make a file, import it while another process writes, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10**9)
    parser.add_argument("--bytes", type=int, default=10**9)
    parser.add_argument("--wide", type=int, default=10)
    parser.add_argument("--database", default="")
    given = parser.parse_args()
    print(headline())
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as named:
        path = Path(named) / "contacts.csv"
        url = given.database or f"sqlite:///{named}/vantum.db"
        count = write(path, given.rows, given.bytes, given.wide)
        print(f"{path.stat().st_size / 1e6:.0f} MB, {count} rows")
        begun, ended, told = spawn.Event(), spawn.Event(), spawn.Queue()
        urls = (url, f"sqlite:///{named}/alone.db")
        beside = spawn.Process(target=write_beside, args=(urls, begun, ended, told))
        beside.start()
        begun.wait()
        began = time.monotonic()
        report, stall_s = asyncio.run(imported(url, path))
        took_s = time.monotonic() - began
        ended.set()
        waited, alone = told.get()
        beside.join()
    lost = count - report.good - report.bad
    print(f"{report.good} contacts, {report.bad} bad rows, {lost} lost")
    print(f"{took_s:.1f} s, {count / took_s:.0f} rows/s")
    print(f"most memory: {most_mb(resource.RUSAGE_SELF):.0f} MB writing it,", end=" ")
    print(f"{most_mb(resource.RUSAGE_CHILDREN):.0f} MB reading it or beside it")
    print(f"another process waited for its writes: {tell(waited)}")
    print(f"the same where nobody else writes:     {tell(alone)}")
    print(f"the loop that imports was held up: {stall_s * 1000:.0f} ms at most")


if __name__ == "__main__":
    main()
