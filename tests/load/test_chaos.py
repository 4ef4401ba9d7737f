"""Faults over live calls and a campaign: nobody twice, nobody lost, no call harmed by another's.

The long version is `python -m benchmarks.chaos`; it kills servers, too, and takes the database
away, after which what the carrier told in vain is asked for two minutes later.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from benchmarks.campaign_crash import MIX
from benchmarks.chaos.__main__ import Wanted, chaos
from benchmarks.chaos.jumping_clock import JumpingClock
from benchmarks.chaos.plan import FATAL, LASTS_S, VENDOR_FAULTS, House, lanes, planned
from benchmarks.postgres import Postgres
from benchmarks.reliability import Chaos, SoakSample, grown, verdicts_of_chaos

pytestmark = pytest.mark.anyio
SECONDS = 15.0
KINDS: tuple[House, ...] = ("worker killed", "clock ahead", "server stands still", "disk full")
# Of the carrier those that nobody has to wait for.
FAULTS = [one for one in VENDOR_FAULTS if one[0] != "twilio"]
LISTS = ("wrong", "lost", "early", "too_long", "bad_answers")
NOTHING = SoakSample(**dict.fromkeys(SoakSample.__struct_fields__, 0))  # type: ignore[arg-type]
SILENCE_S = 6.0  # two seconds, on a machine that may stall while other tests run


async def test_nobody_is_lost_and_no_call_is_harmed(tmp_path: Path, postgres: Postgres) -> None:
    wanted = Wanted(seed=7, seconds=SECONDS, talks_at_once=4, lines=1, mix=MIX, silence_s=SILENCE_S)
    blows = planned(wanted.seed, SECONDS, KINDS, FAULTS)
    found = await chaos(tmp_path, postgres.new_database(), wanted, blows, postgres)
    assert (found.wrong, found.lost, found.early) == ([], [], [])
    assert (found.too_long, found.bad_answers) == ([], [])
    assert not grown(found.before, found.after)
    assert sum(found.done.values()) >= 2
    assert found.talks >= 4
    assert sum(found.bad_inputs.values()) > 10
    assert all(holds for holds, _ in verdicts_of_chaos(replace(found, back_s={})))


def test_what_was_harmed_is_told() -> None:
    known: dict[str, Any] = dict.fromkeys(Chaos.__struct_fields__, 1)
    empty: dict[str, Any] = {name: [] for name in LISTS}
    done: dict[str, Any] = {"planned": {"disk full": 2}, "done": {"disk full": 2}}
    done |= {"struck": {"deepgram: drop": 1}, "bad_inputs": {"/ws": 1}}
    good = Chaos(**known | empty | done | {"back_s": {}, "before": NOTHING, "after": NOTHING})
    assert all(holds for holds, _ in verdicts_of_chaos(good))
    for name in LISTS:
        harmed = replace(good, **{name: ["somebody"]})
        assert sum(not holds for holds, _ in verdicts_of_chaos(harmed)) == 1
    for undone in ({"done": {"disk full": 1}}, {"done": {}}, {"struck": {}}, {"bad_inputs": {}}):
        assert sum(not holds for holds, _ in verdicts_of_chaos(replace(good, **undone))) == 1
    slow = replace(good, back_s={"server killed": 100.0})
    assert sum(not holds for holds, _ in verdicts_of_chaos(slow)) == 1


def test_every_fault_of_the_house_comes_before_any_comes_again() -> None:
    house, vendors = lanes(planned(3, 200.0))
    assert {blow.what for blow in house[: len(LASTS_S)]} == set(get_args(House))
    assert max(Counter(blow.what for blow in vendors).values()) <= 2
    assert not FATAL & {blow.what for blow in vendors}
    for before, after in pairwise(house):
        assert after.at_s > before.at_s + before.lasts_s
    assert planned(3, 200.0) == planned(3, 200.0) != planned(4, 200.0)


def test_a_clock_that_is_set_moves_the_hour_and_nothing_else(tmp_path: Path) -> None:
    clock = JumpingClock(tmp_path)
    if not clock.is_there:
        pytest.skip("no C compiler")
    clock.jump(3_600)
    asks = "import time, datetime; print(time.time(), datetime.datetime.now().timestamp(), "
    command = [sys.executable, "-c", asks + "time.monotonic())"]
    told = subprocess.run(
        command, env={**os.environ, **clock.settings}, capture_output=True, text=True, check=True
    )
    by_time, by_date, passed = map(float, told.stdout.split())
    assert by_time - time.time() == pytest.approx(3_600, abs=60)
    assert by_date - time.time() == pytest.approx(3_600, abs=60)
    assert passed == pytest.approx(time.monotonic(), abs=60)


CLOCKS = """
import asyncio, sys
from vantum.store.database import Database

async def main():
    database = Database(sys.argv[1])
    await database.set_up()
    print(database.now(), flush=True)
    sys.stdin.readline()
    print(database.now(), flush=True)

asyncio.run(main())
"""


def test_the_time_of_a_database_goes_on_while_our_clock_is_set(
    tmp_path: Path, postgres: Postgres
) -> None:
    clock = JumpingClock(tmp_path)
    if not clock.is_there:
        pytest.skip("no C compiler")
    environ = {**os.environ, **clock.settings}
    command = [sys.executable, "-c", CLOCKS, postgres.new_database()]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environ, stdin=pipe, stdout=pipe, text=True) as asked:
        assert asked.stdout is not None
        before = float(asked.stdout.readline())
        clock.jump(3_600)
        after = float(asked.communicate("\n")[0])
    assert after - before == pytest.approx(0, abs=60)
