"""A process that delivers the webhooks of a database: `python one_delivery.py URL NOW`."""

from __future__ import annotations

import asyncio
import sys

from vantum.campaigns.hooks import Telling
from vantum.campaigns.jobs import work_once
from vantum.store.database import Database
from vantum.store.hooks import JOB, Hooks
from vantum.store.jobs import Jobs
from vantum.telemetry import server_log


async def deliver(url: str, now: float) -> None:
    database = Database(url)
    telling = Telling(Hooks(database), lambda: now, server_log())
    await work_once(Jobs(database, "the process"), JOB, telling.work, lambda: now)
    await telling.close()
    await database.close()


if __name__ == "__main__":
    asyncio.run(deliver(sys.argv[1], float(sys.argv[2])))
