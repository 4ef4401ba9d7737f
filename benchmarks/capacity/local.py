"""How many phone calls this machine hears and speaks to with its own models, and on how much CPU.

    uv run python -m benchmarks.capacity.local [--seconds 30] [--crowd 30] [--only 1,2,at-once]
                                               [--store]

The server is on the first core, and the speech helper where its library puts its threads, which ask
nobody; carrier, callers and a language model (answers begun within 0.2 s) are simulated on the
last. Callers speak with a voice, hear
the answer out and go on. First one call, two and four; then a crowd which calls one after another,
and one which calls at once: whom the server refuses is counted, and nobody else may hear a stutter.
Exits with 1 where somebody did, or was hung up on. `--store` keeps the rows in benchmarks/results.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from typing import Any, Final

import httpx
from msgspec import Struct

from benchmarks.calibration import headline
from benchmarks.capacity.measuring import (
    RING_PER_S,
    calls_of,
    hang_up,
    lend,
    lost_of,
    ring,
    script,
    shares,
    used_s,
)
from benchmarks.capacity.programs import CORES, simulator, vantum
from benchmarks.capacity.rows import BUSY, NONE
from benchmarks.kept import Run, keep, this_run
from benchmarks.peers.voices import voices
from benchmarks.percentile import percentile

NAME: Final = "local_calls"  # of the results
START: Final = vantum(STT_PROVIDER="local", TTS_PROVIDER="local", VAD="auto")
AFTER_S: Final = 4.0  # the pace of a crowd in which one calls after another


class Local(Struct, frozen=True):
    """What became of so many who called."""

    called: str  # how
    calls: int
    refused: int
    lost: int  # were hung up on
    turns: int
    wait_p50_s: float  # from their last word to the first of the answer
    wait_p95_s: float
    gaps: int  # stutters
    longest_gap_s: float
    cpu: float  # cores, of server and helper
    others: float  # of theirs

    @property
    def waited(self) -> str:
        """Median and 95 %."""
        return f"{self.wait_p50_s:.2f}, {self.wait_p95_s:.2f} s" if self.turns else NONE

    @property
    def told(self) -> str:
        return (
            f"{self.called:24} {self.calls:3} calls  {self.refused:3} refused  {self.lost} lost"
            f"  {self.turns:4} turns  waited {self.waited}"
            f"  stutters {self.gaps} (longest {self.longest_gap_s:.2f} s)"
            f"  cores {self.cpu:.2f}  others {self.others:.2f}"
            f"{'' if self.others < BUSY else '  (does not count: the callers were too busy)'}"
        )

    @property
    def is_well(self) -> bool:
        return not self.lost and not self.gaps


class Stored(Struct, frozen=True):
    """Rows of a run, and where and when it was."""

    run: Run
    rows: list[Local]


def measure(
    called: str, calls: int, seconds: float, per_s: float, said: Mapping[str, bytes]
) -> Local:
    """Have so many people call at this pace, and all that are let in talk for so long."""
    with (
        simulator() as vendors,
        START(vendors.url) as program,
        httpx.Client(base_url=vendors.url, timeout=30) as door,
    ):
        lend(door, said)
        talk = script(seconds + calls / per_s, tuple(said))
        sids = ring(door, program, calls, talk, per_s)
        cpu, others, *_ = shares(seconds, lambda: used_s(program, vendors))
        legs = calls_of(door, sids)
        hang_up(door, sids)
    return judged(called, legs, cpu, others)


def judged(called: str, legs: list[dict[str, Any]], cpu: float, others: float) -> Local:
    """What the callers' ears say."""
    heard = [leg for leg in legs if leg["measures"] and leg["measures"]["sound_s"]]
    waits = [wait for leg in heard for wait in leg["measures"]["waits_s"]]
    gaps = [gap["length_s"] for leg in heard for gap in leg["measures"]["gaps"]]
    return Local(
        called=called,
        calls=len(legs),
        refused=len(legs) - len(heard),
        lost=lost_of(heard),
        turns=len(waits),
        wait_p50_s=percentile(waits, 50) if waits else 0.0,
        wait_p95_s=percentile(waits, 95) if waits else 0.0,
        gaps=len(gaps),
        longest_gap_s=max(gaps, default=0.0),
        cpu=round(cpu, 2),
        others=round(others, 2),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--crowd", type=int, default=30)
    parser.add_argument("--only", default="1,2,4,after-another,at-once")
    parser.add_argument("--store", action="store_true")
    given = parser.parse_args()
    os.sched_setaffinity(0, {CORES[-1]})
    print(headline())
    said, rows = voices(), []
    for name in given.only.split(","):
        calls = int(name) if name.isdigit() else given.crowd
        per_s = 1 / AFTER_S if name == "after-another" else RING_PER_S
        rows.append(measure(name, calls, given.seconds, per_s, said))
        print(rows[-1].told, flush=True)
    print(headline())
    if given.store:
        keep(NAME, Stored(this_run(), rows))
    return not all(row.is_well for row in rows)


if __name__ == "__main__":
    sys.exit(main())
