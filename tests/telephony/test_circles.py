"""A phone call that is over holds memory no longer: nothing of ours waits for the collector.

It comes seldom, since it takes a millisecond for every 2,000 objects of live calls: 2,500 calls one
after another had grown a server by 48 MB before it came.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from circles import no_collector
from phone import telephone
from served import eventually

from benchmarks.soak.crowd import Crowd, planned
from vantum.recording.files import FOLDER, unfinished

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("uncovered")]

CALLS = 40  # in and out, recorded and not, a quarter of them cut
CONVERTED_S = 180.0  # one after another, each by a process that lets all others go first


@pytest.mark.parametrize("vad", ["off", "local"])
async def test_calls_that_are_over_wait_for_no_collector(tmp_path: Path, vad: str) -> None:
    async with telephone(tmp_path, vendors=True, recording="on", vad=vad) as phone:
        crowd = Crowd(phone.url, phone.simulator.url, phone.token, at_once=CALLS)
        try:
            await crowd.have(planned(seed=1, calls=4))
            with no_collector() as waiting:
                await crowd.have(planned(seed=2, calls=CALLS))
                await phone.is_quiet()
                await eventually(lambda: not unfinished(tmp_path / FOLDER), CONVERTED_S)
                assert not waiting()
        finally:
            await crowd.close()
