"""How many phone calls one core carries, and at what cost and delay, beside a bare relay.

    uv run python -m benchmarks.capacity [--calls 10,40,80] [--seconds 40] [--only relay,vantum]
                                         [--store]

Callers say a sentence, hear the answer out and say the next. What is measured runs on the first
core; simulator (`--profile bench`) and driver on the last: a row counts where that is busy for less
than 0.85 of the time. Delay is what the callers' ears waited longer than the vendors' own times
sum to, in the 20 ms steps of their clock; CPU is by process accounting, in milliseconds for each
second of a call. `--store` keeps the rows in benchmarks/results. Where a program's CPU has grown by
more than a fifth against the relay's since then it says so, and exits with 1.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import Any, Final

import httpx
from msgspec import Struct

from benchmarks.calibration import headline
from benchmarks.capacity.programs import CORES, PROGRAMS, Program, simulator
from benchmarks.kept import Run, keep, kept, this_run

# Endpointing, first token, the two tokens of the first clause, first audio.
SUM_S: Final = 0.1 + 0.2 + 0.02 + 0.1
RING_PER_S: Final = 8.0
SETTLE_S: Final = 6.0
BUSY: Final = 0.85
GROWTH: Final = 1.2
NAME: Final = "capacity"  # of the results
LINES: Final = (
    "We are twelve people in sales.",
    "What does it cost?",
    "How does it work with our calendar?",
    "That sounds good to me.",
)
OURS: Final = "+15550199999"


class Row(Struct, frozen=True):
    """What one program did with so many calls."""

    program: str
    calls: int
    turns: int
    added_p50_ms: float
    added_p95_ms: float
    cpu_ms: float  # for each second of a call
    idle_mb: float
    call_mb: float
    gaps: int
    lost: int  # calls that ended before they should
    others_share: float  # of their core

    @property
    def told(self) -> str:
        counts = "" if self.others_share < BUSY else "  (does not count: the callers were too busy)"
        return (
            f"{self.program:30} {self.calls:4} calls  {self.turns:5} turns"
            f"  added p50 {self.added_p50_ms:6.1f} p95 {self.added_p95_ms:6.1f} ms"
            f"  CPU {self.cpu_ms:5.2f} ms a call-second  {self.idle_mb:4.0f} MB"
            f" + {self.call_mb:5.2f} MB a call  gaps {self.gaps}  lost {self.lost}"
            f"  others {self.others_share:.2f}{counts}"
        )


def measure(name: str, calls: int, seconds: float) -> Row:
    """Have so many people call at once and talk for so long."""
    with simulator() as vendors, PROGRAMS[name](vendors.url) as program:
        with httpx.Client(base_url=vendors.url, timeout=30) as door:
            _hang_up(door, _ring(door, program, 1, 0.0))  # what is opened with the first stays open
            time.sleep(2)
            idle_mb = program.memory_mb()
            sids = _ring(door, program, calls, seconds)
            time.sleep(SETTLE_S)
            began, cpu, others = time.monotonic(), program.cpu_s(), vendors.cpu_s() + _own_s()
            time.sleep(seconds)
            took_s = time.monotonic() - began
            cpu, others = program.cpu_s() - cpu, vendors.cpu_s() + _own_s() - others
            mb = program.memory_mb()
            legs = {one["sid"]: one for one in _calls(door) if one["sid"] in sids}
            _hang_up(door, sids)
        measures = [leg["measures"] for leg in legs.values() if leg["measures"]]
        # The first answer of a call may have to wait for the greeting.
        waits = sorted(wait for one in measures for wait in one["waits_s"][1:])
        return Row(
            program=name,
            calls=calls,
            turns=len(waits),
            added_p50_ms=_at(waits, 0.5),
            added_p95_ms=_at(waits, 0.95),
            cpu_ms=1000 * cpu / took_s / calls,
            idle_mb=idle_mb,
            call_mb=(mb - idle_mb) / calls,
            gaps=sum(len(one["gaps"]) for one in measures),
            lost=sum(leg["status"] != "in-progress" for leg in legs.values()),
            others_share=others / took_s,
        )


def _at(waits: list[float], share: float) -> float:
    """Milliseconds that were waited longer than the vendors' sum, at this share of all."""
    if not waits:
        return float("nan")
    return 1000 * (waits[min(len(waits) - 1, int(share * len(waits)))] - SUM_S)


def _own_s() -> float:
    times = os.times()
    return times.user + times.system


def _ring(door: httpx.Client, program: Program, calls: int, seconds: float) -> list[str]:
    """So many people call, one after another, and talk for at least so long."""
    rounds = int((seconds + SETTLE_S + calls / RING_PER_S) / 3) + 2
    script: list[dict[str, Any]] = [{"act": "pause", "seconds": 1.0}]
    for number in range(rounds):
        # The first of the relay's callers waits for a greeting in vain.
        script.append({"act": "wait", "silence_s": 1.1, "patience_s": 8.0 if number else 3.0})
        script.append({"act": "say", "text": LINES[number % len(LINES)]})
    script.append({"act": "pause", "seconds": 60.0})
    sids = []
    for number in range(calls):
        asked = {
            "to": OURS,
            "from": f"+1555020{number:04}",
            "voice_url": f"{program.url}/twilio/voice",
            "status_url": f"{program.url}/twilio/status",
            "script": script,
        }
        sids.append(door.post("/simulator/calls", json=asked).raise_for_status().json()["sid"])
        time.sleep(1 / RING_PER_S)
    return sids


def _calls(door: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = door.get("/simulator/calls").json()["calls"]
    return found


def _hang_up(door: httpx.Client, sids: list[str]) -> None:
    for sid in sids:
        door.delete(f"/simulator/calls/{sid}")


class Stored(Struct, frozen=True):
    """Rows of a run, and where and when it was."""

    run: Run
    rows: list[Row]


def ratios(rows: list[Row]) -> dict[tuple[str, int], float]:
    """How many times the relay's CPU each program took, by its name and the number of calls."""
    relay = {row.calls: row.cpu_ms for row in rows if row.program == "relay"}
    return {
        (row.program, row.calls): row.cpu_ms / relay[row.calls]
        for row in rows
        if row.calls in relay and row.program != "relay"
    }


def grown(rows: list[Row], known: list[Row]) -> list[str]:
    """What costs more than it did."""
    before = ratios(known)
    return [
        f"{name}, {calls} calls: {ratio:.2f} times the relay's CPU, was {before[name, calls]:.2f}"
        for (name, calls), ratio in ratios(rows).items()
        if (name, calls) in before and ratio > GROWTH * before[name, calls]
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", default="10,40,80")
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--store", action="store_true")
    parser.add_argument("--only", default=",".join(PROGRAMS))
    given = parser.parse_args()
    os.sched_setaffinity(0, {CORES[-1]})
    print(headline())
    rows: list[Row] = []
    for calls in map(int, given.calls.split(",")):
        for name in given.only.split(","):
            rows.append(measure(name, calls, given.seconds))
            print(rows[-1].told, flush=True)
    print(headline())
    for (name, calls), ratio in ratios(rows).items():
        print(f"{name}, {calls} calls: {ratio:.2f} times the relay's CPU")
    known = kept(NAME, Stored)
    worse = grown(rows, known.rows) if known else []
    print("\n".join(f"GROWN {one}" for one in worse) or "nothing has grown")
    if given.store:
        keep(NAME, Stored(this_run(), rows))
    return bool(worse)


if __name__ == "__main__":
    sys.exit(main())
