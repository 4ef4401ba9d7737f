"""Every bar for speed and size beside what is measured now, on one core with all else on another.

    uv run python -m benchmarks.bars [--seconds 25] [--turns 15] [--store]

Takes about eighteen minutes. `--store` keeps the figures in benchmarks/results and writes
docs/bars.md, unless CPU grew by a fifth since the kept run: that would be the measure of the next.
Exits with 1 where it did, or a bar is not met.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Final

import httpx

from benchmarks import added_delay
from benchmarks.bars.beside import beside_relay
from benchmarks.bars.figures import (
    LOCAL,
    OURS,
    Beside,
    Delays,
    Measured,
    grown,
    lines,
    page,
    within_95,
)
from benchmarks.calibration import calibrate, headline
from benchmarks.capacity.measuring import measure
from benchmarks.capacity.programs import CORES, PROGRAMS, simulator, vantum
from benchmarks.capacity.rows import Row
from benchmarks.interruptions.barge_in import barge_ins
from benchmarks.kept import keep, kept, refusal, this_run
from benchmarks.peers.voices import voices
from benchmarks.percentile import percentile
from benchmarks.recording import costs

NAME: Final = "bars"
PAGE: Final = Path(__file__).resolve().parent.parent.parent / "docs" / "bars.md"
ROUNDS: Final = (10, 40, 80, 120, 150, 180)  # of calls, until a program is late
BARGE_INS: Final = 24
GIVEN_UP_MS: Final = 450.0  # late by any measure: more calls would only be later


def rounds(seconds: float) -> list[Row]:
    """More and more calls, for each program as long as it is in time."""
    rows: list[Row] = []
    left, said = [OURS, LOCAL], {LOCAL: voices()}
    for calls in ROUNDS:
        for name in tuple(left):
            row = measure(name, PROGRAMS[name], calls, seconds, voices=said.get(name))
            print(row.told, flush=True)
            rows.append(row)
            if row.added_p95_ms > GIVEN_UP_MS or row.lost:
                left.remove(name)
    return rows


def beside(seconds: float) -> list[Beside]:
    """What a call costs beside the relay's."""
    found = (beside_relay(OURS, seconds, None), beside_relay(LOCAL, seconds, voices()))
    return [one for one in found if one is not None]


def delays(turns: int) -> Delays:
    """Of one call at a time."""
    offset = time.monotonic() - asyncio.new_event_loop().time()
    bench = ("simulate", "--profile", "bench")
    with added_delay.started(*bench, announces=r"played on (\S+)") as vendors:
        waits = added_delay.measure(vendors, turns, STT_PROVIDER="deepgram", LLM_SPECULATION="0")
        told = httpx.get(f"{vendors}/simulator/moments").json()
        moments = [(float(at), str(what)) for at, what in told]
        nova = [added_delay.added_ms(moments, heard_at + offset) for _, heard_at in waits]
        flux = {}
        for guesses in ("0", "1"):
            given = {"STT_PROVIDER": "deepgram-flux", "LLM_SPECULATION": guesses}
            waits = added_delay.measure(vendors, turns, **given)
            flux[guesses] = [1000 * (at - until) - added_delay.SUM_MS for until, at in waits]
    return Delays(
        nova=_spread([one for one in nova if one is not None]),
        flux=_spread(flux["0"]),
        flux_speculating=_spread(flux["1"]),
    )


def _spread(figures: list[float]) -> tuple[float, float]:
    return percentile(figures, 50), percentile(figures, 95)


def start() -> float:
    """CPU time until a server for cloud vendors serves, in runs of the calibration loop."""
    with simulator() as vendors:
        best = float("inf")
        for _ in range(3):
            with vantum()(vendors.url) as program:
                best = min(best, program.cpu_s() / calibrate())
    return best


def barge_in_ms() -> dict[str, float | None]:
    """At 95 %, by what notices speech."""
    return {mode: within_95(times, BARGE_INS) for mode, times in barge_ins(BARGE_INS).items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=25.0)
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--store", action="store_true")
    given = parser.parse_args()
    print(headline(), flush=True)
    spoken, (plain, recorded, _), interrupted = delays(given.turns), costs(), barge_in_ms()
    os.sched_setaffinity(0, {CORES[-1]})
    measured = Measured(
        run=this_run(),
        rows=rounds(given.seconds),
        beside=beside(given.seconds),
        delays=spoken,
        start=start(),
        recording_ms=recorded - plain,
        barge_in_ms=interrupted,
    )
    found = list(lines(measured))
    for one in found:
        print(f"{'met ' if one.met else 'NOT '} {one.what}: {one.found} (bar: {one.bar})")
    known = kept(NAME, Measured)
    worse = grown(measured.beside, known.beside) if known else []
    print("\n".join(f"GROWN {one}" for one in worse) or "nothing has grown")
    print(headline())
    if given.store and worse:
        print(refusal(NAME))
    elif given.store:
        keep(NAME, measured)
        PAGE.write_text(page(measured), "utf-8")
    return bool(worse) or not all(one.met for one in found)


if __name__ == "__main__":
    sys.exit(main())
