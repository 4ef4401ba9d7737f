"""What planning the calls of a long list costs, and how long others wait to write meanwhile.

`python -m benchmarks.campaign_making [--contacts N] [--database URL]` records a list, makes a
campaign of it, and prints how long that took and the longest that another process waited for its
write.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import random
import tempfile
import time
from collections.abc import Iterator
from typing import Final

from sqlalchemy import insert

from benchmarks.calibration import headline
from benchmarks.contacts_import import longest_stall, tell, write_beside
from vantum.campaigns.making import Wanted, make_of_list
from vantum.dialing.plan import Plan
from vantum.simulator.customer import OUR_NUMBER
from vantum.store.database import Database
from vantum.store.schema import CONTACTS, LISTS

AT_A_TIME: Final = 10_000
WANTED: Final = Wanted("spring", "sales", Plan(caller_ids=(OUR_NUMBER,)))


def contacts(count: int) -> Iterator[list[dict[str, object]]]:
    """So many, their numbers in no order, as lists have them."""
    numbers = random.Random(0).sample(range(2_000_000_000, 10_000_000_000), count)
    blank = dict.fromkeys(("name", "company", "address", "timezone"), "")
    for at in range(0, count, AT_A_TIME):
        yield [
            {
                **blank,
                "contact_id": f"list-{line}",
                "list_id": "list",
                "line": line,
                "phone": f"+1{number}",
                "variables": "{}",
            }
            for line, number in enumerate(numbers[at : at + AT_A_TIME], at + 2)
        ]


async def recorded(url: str, count: int) -> None:
    """Record a list of so many contacts."""
    database = Database(url)
    await database.set_up()
    for some in contacts(count):
        async with database.writing() as connection:
            await connection.execute(insert(CONTACTS), some)
    one = {"list_id": "list", "name": "spring", "source": "", "imported_at": 0.0, "bad": 0}
    async with database.writing() as connection:
        await connection.execute(insert(LISTS).values(good=count, **one))
    await database.close()


async def made(url: str) -> tuple[int, float, float]:
    """Calls planned, seconds that it took, and the longest that our own loop was held up."""
    database = Database(url)
    await database.set_up()
    stalls = asyncio.create_task(longest_stall())
    began = time.monotonic()
    _, planned = await make_of_list(database, WANTED, "spring", new_id="c", now=time.time())
    took_s = time.monotonic() - began
    stalls.cancel()
    await database.close()
    return planned, took_s, await stalls


def main() -> None:
    """Make a campaign while another process writes, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--database", default="")
    given = parser.parse_args()
    print(headline())
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as named:
        url = given.database or f"sqlite:///{named}/vantum.db"
        asyncio.run(recorded(url, given.contacts))
        begun, ended, told = spawn.Event(), spawn.Event(), spawn.Queue()
        urls = (url, f"sqlite:///{named}/alone.db")
        beside = spawn.Process(target=write_beside, args=(urls, begun, ended, told))
        beside.start()
        begun.wait()
        planned, took_s, stall_s = asyncio.run(made(url))
        ended.set()
        waited, alone = told.get()
        beside.join()
    print(f"{planned} calls planned in {took_s:.1f} s, {planned / took_s:.0f} a second")
    print(f"another process waited for its writes: {tell(waited)}")
    print(f"the same where nobody else writes:     {tell(alone)}")
    print(f"the loop that plans was held up: {stall_s * 1000:.0f} ms at most")


if __name__ == "__main__":
    main()
