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
import time
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

import httpx
import psutil
from msgspec import Struct

from benchmarks.calibration import calibrate, headline
from benchmarks.capacity.programs import CORES, PROGRAMS, Program, Start, simulator
from benchmarks.kept import Run, keep, kept, refusal, this_run
from benchmarks.percentile import percentile
from vantum.simulator.customer import OUR_NUMBER

ENDPOINTING_S: Final = 0.1
# And the first token, the two tokens of the first clause, the first audio.
SUM_S: Final = ENDPOINTING_S + 0.2 + 0.02 + 0.1
RING_PER_S: Final = 8.0
SETTLE_S: Final = 6.0
BUSY: Final = 0.85
NEIGHBOURS: Final = 0.15  # of a core: what the machine itself does takes less
PAUSE_S: Final = 1.0  # callers are silent for longer before they go on; no stutter is so long
CUT_AFTER_S: Final = 2.0
HEARD_OUT: Final = 4  # one answer in so many, where callers cut in
GROWTH: Final = 1.2
NAME: Final = "capacity"  # of the results
NONE: Final = "-"  # in the place of a figure that nothing was measured of
LINES: Final = (
    "We are twelve people in sales.",
    "What does it cost?",
    "How does it work with our calendar?",
    "That sounds good to me.",
)


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
    cuts: int = 0  # how often a caller began to speak into the answer
    heard_on_p50_ms: float = 0.0  # from then to the last they heard of it
    heard_on_p95_ms: float = 0.0
    calibration_ms: float = 0.0  # of the machine, just after
    neighbours_share: float = 0.0  # of a core, whichever others used more

    @property
    def spoiled(self) -> str:
        """By what, if it was."""
        if self.others_share >= BUSY:
            return "the callers were too busy"
        return "others were at work" if self.neighbours_share > NEIGHBOURS else ""

    @property
    def added(self) -> str:
        """The added delay, median and 95 %; of no turn nothing is known."""
        if not self.turns:
            return NONE
        return f"{round(self.added_p50_ms)}, {round(self.added_p95_ms)} ms"

    @property
    def told(self) -> str:
        p50, p95 = (
            f"{ms:.1f}" if self.turns else NONE for ms in (self.added_p50_ms, self.added_p95_ms)
        )
        counts = f"  (does not count: {self.spoiled})" if self.spoiled else ""
        cut = f"  heard on p50 {self.heard_on_p50_ms:.0f} p95 {self.heard_on_p95_ms:.0f} ms"
        return (
            f"{self.program:30} {self.calls:4} calls  {self.turns:5} turns"
            f"  added p50 {p50:>6} p95 {p95:>6} ms"
            f"  CPU {self.cpu_ms:5.2f} ms a call-second  {self.idle_mb:4.0f} MB"
            f" + {self.call_mb:5.2f} MB a call  gaps {self.gaps}  lost {self.lost}"
            f"{cut if self.cuts else ''}  others {self.others_share:.2f}{counts}"
        )


def measure(
    name: str,
    start: Start,
    calls: int,
    seconds: float,
    *,
    cut: bool = False,
    voices: Mapping[str, bytes] | None = None,
) -> Row:
    """Have so many people call at once and talk for so long.

    `cut`: they let few answers end. `voices`: what they say, in turn, and how it sounds as mu-law;
    else they say LINES in chords, which no model takes for a voice.
    """
    with (
        simulator() as vendors,
        start(vendors.url) as program,
        httpx.Client(base_url=vendors.url, timeout=30) as door,
    ):
        lend(door, voices or {})
        # What is opened with the first call stays open.
        hang_up(door, ring(door, program, 1, script(0.0)))
        time.sleep(2)
        idle_mb = program.memory_mb()
        talk = script(seconds + calls / RING_PER_S, tuple(voices or LINES), cut=cut)
        sids = ring(door, program, calls, talk)
        time.sleep(SETTLE_S)
        began, before = time.monotonic(), used_s(program, vendors)
        time.sleep(seconds)
        took_s, after = time.monotonic() - began, used_s(program, vendors)
        cpu, others, *more = (then - now for now, then in zip(before, after, strict=True))
        mb = program.memory_mb()
        legs = [one for one in calls_of(door) if one["sid"] in sids]
        hang_up(door, sids)
    return Row(
        program=name,
        calls=calls,
        cpu_ms=1000 * cpu / took_s / calls,
        idle_mb=idle_mb,
        call_mb=(mb - idle_mb) / calls,
        lost=sum(leg["status"] != "in-progress" for leg in legs),
        others_share=others / took_s,
        calibration_ms=round(1000 * calibrate(), 1),
        neighbours_share=round(max(more) / took_s, 2),
        **heard([leg["measures"] for leg in legs if leg["measures"]]),
    )


def lend(door: httpx.Client, voices: Mapping[str, bytes]) -> None:
    """Have callers say these lines with a voice, which is mu-law."""
    for text, mulaw in voices.items():
        asked = {"text": text, "mulaw": b64encode(mulaw).decode()}
        door.post("/simulator/voices", json=asked).raise_for_status()


def heard(measures: list[dict[str, Any]]) -> dict[str, Any]:
    """What callers' ears say of a row."""
    # The first answer of a call may have to wait for the greeting.
    told = (wait for one in measures for wait in one["waits_s"][1:])
    # What is heard before anybody can know that they are through is the old answer, going on.
    waits = [wait for wait in told if wait > ENDPOINTING_S]
    heard_on = [seconds for one in measures for seconds in one["heard_on_s"]]
    return {
        "turns": len(waits),
        "added_p50_ms": _ms(waits, 50, SUM_S),
        "added_p95_ms": _ms(waits, 95, SUM_S),
        # A program that sets no marks leaves the stream open between two answers.
        "gaps": sum(gap["length_s"] < PAUSE_S for one in measures for gap in one["gaps"]),
        "cuts": len(heard_on),
        "heard_on_p50_ms": _ms(heard_on, 50),
        "heard_on_p95_ms": _ms(heard_on, 95),
    }


def _ms(durations_s: list[float], percent: int, beyond_s: float = 0.0) -> float:
    """Milliseconds beyond so many seconds, at this percentile; 0 where there are none."""
    return round(1000 * (percentile(durations_s, percent) - beyond_s), 1) if durations_s else 0.0


def used_s(program: Program, vendors: Program) -> tuple[float, float, float, float]:
    """CPU: of the program, of vendors and callers, and of all else on the core of either."""
    times = os.times()
    cpu, others = program.cpu_s(), vendors.cpu_s() + times.user + times.system
    cores = psutil.cpu_times(percpu=True)
    busy = [
        one.user + one.nice + one.system + one.steal for one in (cores[CORES[0]], cores[CORES[-1]])
    ]
    return cpu, others, busy[0] - cpu, busy[1] - others


def script(
    seconds: float, lines: tuple[str, ...] = LINES, *, cut: bool = False
) -> list[dict[str, Any]]:
    """What a caller does, for at least so long."""
    script: list[dict[str, Any]] = [{"act": "pause", "seconds": 1.0}]
    for number in range(int((seconds + SETTLE_S) / 3) + 2):
        # The first of the relay's callers waits for a greeting in vain.
        waits = {"act": "wait", "silence_s": 1.1, "patience_s": 8.0 if number else 3.0}
        cuts_in = {"act": "interrupt", "after_s": CUT_AFTER_S, "patience_s": 8.0}
        script.append(cuts_in if cut and number % HEARD_OUT else waits)
        script.append({"act": "say", "text": lines[number % len(lines)]})
    return [*script, {"act": "pause", "seconds": 60.0}]


def ring(
    door: httpx.Client,
    program: Program,
    calls: int,
    script: list[dict[str, Any]],
    per_s: float = RING_PER_S,
) -> list[str]:
    """So many people call, one after another."""
    sids = []
    for number in range(calls):
        asked = {
            "to": OUR_NUMBER,
            "from": f"+1555020{number:04}",
            "voice_url": f"{program.url}/twilio/voice",
            "status_url": f"{program.url}/twilio/status",
            "script": script,
        }
        sids.append(door.post("/simulator/calls", json=asked).raise_for_status().json()["sid"])
        time.sleep(1 / per_s)
    return sids


def calls_of(door: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = door.get("/simulator/calls").json()["calls"]
    return found


def hang_up(door: httpx.Client, sids: list[str]) -> None:
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
