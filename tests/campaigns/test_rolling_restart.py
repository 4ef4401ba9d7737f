"""Processes are restarted one after the other while people talk; the carrier and they judge.

The long version is `python -m benchmarks.rolling_restart`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.postgres import Postgres
from benchmarks.rolling_restart import Wanted, roll

pytestmark = pytest.mark.anyio


async def test_a_deploy_drops_no_call_and_nobody_is_dialled_twice_or_forgotten(
    tmp_path: Path, postgres: Postgres
) -> None:
    wanted = Wanted(calls=4, servers=2, workers=1, contacts=8, lines=1, deadline_s=200)
    found = await roll(tmp_path, postgres.new_database(), wanted)
    assert found.wrong == []
    assert [one.name for one in found.restarted] == ["server 0", "server 1", "worker 0"]
    assert sum(one.calls for one in found.restarted) > 0
    assert len(found.legs) > 4
    assert found.tally.contacts >= 8
