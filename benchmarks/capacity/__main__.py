"""How many phone calls one core carries, and at what cost and delay, beside a bare relay.

    uv run python -m benchmarks.capacity [--calls 10,40,80] [--seconds 40] [--only relay,vantum]
                                         [--store]

Callers say a sentence, hear the answer out and say the next. What is measured runs on the first
core; simulator (`--profile bench`) and driver on the last: a row counts where that is busy for less
than 0.85 of the time, and nobody else is at work on either. Delay is what the callers' ears waited
longer than the vendors' own times sum to, in the 20 ms steps of their clock; CPU is by process
accounting, in milliseconds for each second of a call. `--store` keeps the rows in
benchmarks/results. Where a program's CPU has grown by more than a fifth against the relay's since
the kept run it says so, keeps nothing, and exits with 1.
"""

from __future__ import annotations

import argparse
import os
import sys

from benchmarks.calibration import headline
from benchmarks.capacity.measuring import measure
from benchmarks.capacity.programs import CORES, PROGRAMS
from benchmarks.capacity.rows import NAME, Row, Stored, grown, ratios
from benchmarks.kept import keep, kept, refusal, this_run


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
            rows.append(measure(name, PROGRAMS[name], calls, given.seconds))
            print(rows[-1].told, flush=True)
    print(headline())
    for (name, calls), ratio in ratios(rows).items():
        print(f"{name}, {calls} calls: {ratio:.2f} times the relay's CPU")
    known = kept(NAME, Stored)
    worse = grown(rows, known.rows) if known else []
    print("\n".join(f"GROWN {one}" for one in worse) or "nothing has grown")
    if given.store and worse:
        print(refusal(NAME))
    elif given.store:
        keep(NAME, Stored(this_run(), rows))
    return bool(worse)


if __name__ == "__main__":
    sys.exit(main())
