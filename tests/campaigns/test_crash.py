"""Processes of a campaign are killed at random moments; the carrier counts what was dialled.

The long version is `python -m benchmarks.campaign_crash`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.campaign_crash import Wanted, crash
from benchmarks.postgres import Postgres

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("kind", "kills", "workers"), [("sqlite", 2, 1), ("postgresql", 4, 3)])
async def test_nobody_is_called_twice_for_one_attempt_and_nobody_is_lost(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, kills: int, workers: int
) -> None:
    url = f"sqlite:///{tmp_path}/vantum.db"
    if kind == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.new_database()
    wanted = Wanted(
        kills=kills,
        contacts=60,
        workers=workers,
        pause_s=(1.0, 3.0),
        stops=False,
        deadline_s=150,
        seed=3,
    )
    found = await crash(tmp_path, url, wanted, None)
    assert found.wrong == []
    assert found.contacts >= 60
    assert found.dials + found.unknown - found.unknown_dialed == found.attempts
