"""What a worker does and how often: it dials, ends attempts, takes over, and works off jobs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from vantum.errors import RecordsError
from vantum.telemetry import Log

DIAL_S: Final = 0.5  # half of what dials are claimed ahead
NAMES_S: Final = 0.4  # the carrier's names of calls are written together
FINISH_S: Final = 1.0
CLOSE_S: Final = 5.0
MAKE_S: Final = 15.0  # a part of a campaign is made in less, mostly
TAKE_OVER_S: Final = 2.0
INQUIRE_S: Final = 5.0
JOBS_S: Final = 0.5
TOGETHER_S: Final = 2.0  # of jobs that cost as much for many as for one
CLOCK_S: Final = 30.0  # between two looks at the clock of the database
_AWAY_S: Final = 1.0  # a database that is away is asked again


async def every(period_s: float, work: Callable[[], Awaitable[object]], log: Log) -> None:
    """Do this again and again; a database that is away is waited for."""
    while True:
        began = time.monotonic()
        try:
            await work()
        except RecordsError as error:
            log.warning("records_not_read", why=str(error))
            await asyncio.sleep(_AWAY_S)
        except Exception:  # a task root: one bad row must not end all that this loop is for
            log.exception("round_failed")
            await asyncio.sleep(_AWAY_S)
        await asyncio.sleep(max(0.0, began + period_s - time.monotonic()))
