"""Some short calls leave nothing behind, nobody is lost, and what is wrong would be told.

The long version is `python -m benchmarks.soak`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from benchmarks.reliability import FLAT_MB, SPARE, Soaked, SoakSample, verdicts_of_soak
from benchmarks.soak.__main__ import soak
from benchmarks.soak.accounts import lost
from benchmarks.soak.crowd import Planned, planned

pytestmark = pytest.mark.anyio
CALLS = 30
# Behind the answer: whoever hangs up before it is asked about two minutes later.
CUT_S = (1.5, 4.0)
# So few calls after the start the process still grows; a call that was kept would be half a MB.
YOUNG_MB = 0.5 * CALLS


async def test_short_calls_leave_nothing_behind_and_nobody_is_lost(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/vantum.db"
    found = await soak(tmp_path, url, planned(5, CALLS, CUT_S), at_once=10, seed=5)
    assert found.lost == []
    assert found.mute == []
    assert found.database == "SQLite"
    grown = replace(found, samples=[replace(one, memory_mb=0.0) for one in found.samples])
    assert all(holds for holds, _ in verdicts_of_soak(grown)), found.told
    assert found.last.memory_mb - found.warm.memory_mb < YOUNG_MB
    assert (found.rows, found.recordings) == (CALLS, 2)


def held(**more: float) -> SoakSample:
    known = dict.fromkeys(SoakSample.__struct_fields__, 0) | {"quiet": True}
    return SoakSample(**{**known, **more})  # type: ignore[arg-type]


def wrong(first: SoakSample, last: SoakSample) -> list[str]:
    nothing: dict[str, Any] = dict.fromkeys(Soaked.__struct_fields__, 0)
    found = Soaked(**nothing | {"lost": [], "mute": [], "recordings": 1, "samples": [first, last]})
    return [what for holds, what in verdicts_of_soak(found) if not holds]


def test_what_was_left_behind_is_told() -> None:
    assert wrong(held(), held(tasks=SPARE, memory_mb=FLAT_MB)) == []
    assert len(wrong(held(), held(tasks=SPARE + 1))) == 1
    assert len(wrong(held(), held(sockets=SPARE + 1))) == 1
    assert len(wrong(held(), held(memory_mb=FLAT_MB + 0.1))) == 1
    assert len(wrong(held(), held(sessions=1))) == 1


def leg(number: str, status: str = "completed") -> dict[str, Any]:
    return {
        "direction": "inbound",
        "from": number,
        "to": "us",
        "sid": f"CA{number}",
        "status": status,
    }


def test_a_call_that_one_side_knows_nothing_of_is_lost() -> None:
    plan = [Planned(number="1", inbound=True, script="asks")]
    row = ("1", "CA1", "completed", True)
    assert lost(plan, [leg("1")], [row]) == []
    assert lost(plan, [leg("1")], [])
    assert lost(plan, [], [row])
    assert lost(plan, [leg("1", "in-progress")], [row])
    assert lost(plan, [leg("1")], [("1", "CA1", "in-progress", True)])
    assert lost(plan, [leg("1")], [("1", "CA1", "completed", False)])
    assert lost(plan, [leg("1"), leg("2")], [row])


def test_the_same_seed_plans_the_same_calls() -> None:
    assert planned(1, 50) == planned(1, 50) != planned(2, 50)
