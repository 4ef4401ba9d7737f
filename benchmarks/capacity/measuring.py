"""How a program is measured while people call it: who calls, what they say, what it costs."""

from __future__ import annotations

import os
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import httpx
import psutil

from benchmarks.calibration import calibrate
from benchmarks.capacity.programs import CORES, Program, Start, simulator
from benchmarks.capacity.rows import Row
from benchmarks.percentile import percentile
from vantum.simulator.customer import OUR_NUMBER

ENDPOINTING_S: Final = 0.1
# And the first token, the two tokens of the first clause, the first audio.
SUM_S: Final = ENDPOINTING_S + 0.2 + 0.02 + 0.1
RING_PER_S: Final = 8.0
SETTLE_S: Final = 6.0
FIRST_S: Final = 7.0
PAUSE_S: Final = 1.0  # callers are silent for longer before they go on; no stutter is so long
CUT_AFTER_S: Final = 2.0
HEARD_OUT: Final = 4  # one answer in so many, where callers cut in
LINES: Final = (
    "We are twelve people in sales.",
    "What does it cost?",
    "How does it work with our calendar?",
    "That sounds good to me.",
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
        # What is loaded and opened with the first call stays: it hears the greeting, and an answer.
        first = ring(door, program, 1, script(0.0))
        time.sleep(FIRST_S)
        hang_up(door, first)
        time.sleep(1)
        idle_mb = program.memory_mb()
        talk = script(seconds + calls / RING_PER_S, tuple(voices or LINES), cut=cut)
        sids = ring(door, program, calls, talk)
        cpu, others, *more = shares(seconds, lambda: used_s(program, vendors))
        mb = program.memory_mb()
        legs = calls_of(door, sids)
        hang_up(door, sids)
    return Row(
        program=name,
        calls=calls,
        cpu_ms=1000 * cpu / calls,
        idle_mb=idle_mb,
        call_mb=(mb - idle_mb) / calls,
        lost=lost_of(legs),
        others_share=others,
        calibration_ms=round(1000 * calibrate(), 1),
        neighbours_share=round(max(more), 2),
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


def shares(seconds: float, used: Callable[[], Sequence[float]]) -> list[float]:
    """Of the time, once calls have settled: what of each `used` tells of was used in so many."""
    time.sleep(SETTLE_S)
    began, before = time.monotonic(), used()
    time.sleep(seconds)
    took_s, after = time.monotonic() - began, used()
    return [(now - then) / took_s for then, now in zip(before, after, strict=True)]


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
    *,
    first: int = 0,
) -> list[str]:
    """So many people call, one after another, the first of them from this number."""
    sids = []
    for number in range(first, first + calls):
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


def calls_of(door: httpx.Client, sids: list[str]) -> list[dict[str, Any]]:
    """These, as the carrier knows them."""
    return [one for one in door.get("/simulator/calls").json()["calls"] if one["sid"] in sids]


def lost_of(legs: list[dict[str, Any]]) -> int:
    """How many ended before they should."""
    return sum(leg["status"] != "in-progress" for leg in legs)


def hang_up(door: httpx.Client, sids: list[str]) -> None:
    for sid in sids:
        door.delete(f"/simulator/calls/{sid}")
