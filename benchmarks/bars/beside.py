"""What a call costs in CPU beside a bare relay's: both at once, on one core.

One after the other they cannot be compared well: the relay alone took 1.5 to 3 ms a call-second, as
the machine's other guests had it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import httpx

from benchmarks.bars.figures import BESIDE, Beside
from benchmarks.capacity.measuring import (
    LINES,
    calls_of,
    hang_up,
    lend,
    lost_of,
    ring,
    script,
    shares,
    used_s,
)
from benchmarks.capacity.programs import PROGRAMS, simulator
from benchmarks.capacity.rows import BUSY

RUNS: Final = 3


def beside_relay(name: str, seconds: float, voices: Mapping[str, bytes] | None) -> Beside | None:
    """The middle of some runs, of those in which callers were quick enough and all stayed."""
    runs = [_beside_relay(name, seconds, voices or {}) for _ in range(RUNS)]
    counted = sorted((run for run in runs if run is not None), key=lambda run: run.ratio)
    return counted[len(counted) // 2] if counted else None


def _beside_relay(name: str, seconds: float, voices: Mapping[str, bytes]) -> Beside | None:
    with (
        simulator() as vendors,
        PROGRAMS["relay"](vendors.url) as relay,
        PROGRAMS[name](vendors.url) as program,
        httpx.Client(base_url=vendors.url, timeout=30) as door,
    ):
        lend(door, voices)
        talk = script(seconds + 2 * BESIDE, tuple(voices or LINES))
        sids = [
            sid
            for number in range(BESIDE)
            for one in (relay, program)
            for sid in ring(door, one, 1, talk, first=number)
        ]
        bare, own, others, *_ = shares(seconds, lambda: (relay.cpu_s(), *used_s(program, vendors)))
        lost = lost_of(calls_of(door, sids))
        hang_up(door, sids)
    found = Beside(name, 1000 * own / BESIDE, 1000 * bare / BESIDE, BESIDE)
    print(found.told + (f", {lost} lost" if lost else ""), flush=True)
    return found if others < BUSY and not lost else None
