"""A worker that rehearses: `vantum worker` at an hour at which people may be called."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Final

from vantum.campaigns.running import run_worker
from vantum.settings import load_settings

NOON_UTC: Final = 17  # in New York


def ahead_s(now: datetime) -> float:
    """How far it is to noon on the next weekday in New York, or near it in summer."""
    noon = now.replace(hour=NOON_UTC, minute=0, second=0, microsecond=0) + timedelta(days=1)
    while noon.weekday() > 3:
        noon += timedelta(days=1)
    return (noon - now).total_seconds()


if __name__ == "__main__":
    run_worker(load_settings(os.environ), ahead_s(datetime.now(UTC)))
