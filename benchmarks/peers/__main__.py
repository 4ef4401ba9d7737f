"""Other frameworks for phone agents beside ours, on the same calls in the same run.

    uv run python -m benchmarks.peers [--calls 5,10,20,40,80,120] [--seconds 18]
                                      [--only vantum,pipecat] [--store | --write]

Each peer is installed into `.peers/` when it is first asked for. Every program answers the callers
of `benchmarks.capacity`, here with real voices, who cut into three answers of four. Each round has
more of them, until a program does not keep up: an answer in twenty comes later by 150 ms than with
the fewest calls, a call is lost, sentences have holes, or its core is full. `--only` takes the
beginnings of names. `--store` keeps the rows in benchmarks/results and writes docs/performance.md
with its picture; `--write` only writes these again.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Final

from benchmarks.calibration import headline
from benchmarks.capacity.measuring import measure
from benchmarks.capacity.programs import CORES
from benchmarks.capacity.rows import Row
from benchmarks.kept import keep, kept, this_run
from benchmarks.peers.page import NAME, PAGE, PICTURE, Report, page
from benchmarks.peers.plot import picture
from benchmarks.peers.programs import PROGRAMS, python_of, versions
from benchmarks.peers.verdicts import keeps_up, of
from benchmarks.peers.voices import voices

CALLS: Final = "5,10,20,40,80,120"


def run(names: list[str], calls: list[int], seconds: float) -> list[Row]:
    """Round by round, each program until it does not keep up."""
    rows: list[Row] = []
    left, said = list(names), voices()
    for number in calls:
        for name in tuple(left):
            row = measure(name, PROGRAMS[name], number, seconds, cut=True, voices=said)
            rows.append(row)
            print(row.told, flush=True)
            if not keeps_up(row, of(name, rows)[0]):
                print(f"{name} does not keep up with {number} calls", flush=True)
                left.remove(name)
    return rows


def write(report: Report) -> None:
    """The page and its picture."""
    PAGE.write_text(page(report), "utf-8")
    PICTURE.write_text(picture(report.rows), "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", default=CALLS)
    parser.add_argument("--seconds", type=float, default=18.0)
    parser.add_argument("--only", default="", help="beginnings of names")
    parser.add_argument("--store", action="store_true")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    if given.write:
        report = kept(NAME, Report)
        assert report is not None, "run benchmarks.peers --store first"
        write(report)
        return 0
    names = [name for name in PROGRAMS if name.startswith(tuple(given.only.split(",")))]
    if not names:
        parser.error(f"--only: none of {', '.join(PROGRAMS)} begins so")
    peers = versions(names)
    for peer in peers:
        python_of(peer)
    os.sched_setaffinity(0, {CORES[-1]})
    print(headline(), flush=True)
    rows = run(names, [int(number) for number in given.calls.split(",")], given.seconds)
    print(headline())
    if given.store:
        report = Report(this_run(), rows, given.seconds, peers)
        keep(NAME, report)
        write(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
