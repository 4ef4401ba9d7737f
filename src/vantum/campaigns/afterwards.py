"""What is done about a call once it is over, and about each day: the works of a worker's jobs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from vantum.agents.schema import Agent
from vantum.campaigns.findings import Finder, finding_work
from vantum.campaigns.jobs import KEPT_S, Together, Work
from vantum.campaigns.keeping import keeping_of, retention_work
from vantum.campaigns.receipts import receipt_work
from vantum.providers.reader import reader_of
from vantum.settings import Settings
from vantum.store.attempts import Attempts
from vantum.store.database import Database
from vantum.store.jobs import Jobs, add
from vantum.store.lists import Lists
from vantum.telemetry import Log
from vantum.upkeep import HouseUpkeep

RETENTION_S: Final = 3_600.0  # between two looks whether a new day has begun


def works_of(
    settings: Settings,
    agents: Mapping[str, Agent],
    attempts: Attempts,
    *,
    database: Database,
    upkeep: HouseUpkeep,
    log: Log,
) -> dict[str, Work | Together]:
    """By the kind of job."""
    reader = reader_of(settings, agents[settings.vantum_agent.stem], upkeep)
    finder = Finder(database, attempts, agents, database.now, log, reader)
    folder = Path(settings.vantum_data_dir)
    return {
        "finding": finding_work(finder),
        "receipt": receipt_work(database),
        "retention": retention_work(database, folder, keeping_of(settings)),
    }


async def tidy(jobs: Jobs, lists: Lists, now: float) -> None:
    """Forget old jobs, and what imports have left that have died. Raises RecordsError."""
    await jobs.tidy(now - KEPT_S)
    await lists.tidy(now)


async def new_day(database: Database, now: float) -> None:
    """Have today's retention done, once for all workers. Raises RecordsError."""
    day = datetime.fromtimestamp(now, UTC).date().isoformat()
    async with database.writing() as connection:
        await add(connection, "retention", day, "", now)
