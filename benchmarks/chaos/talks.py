"""The live calls that must not suffer: what is said in them, and whether they were good."""

from __future__ import annotations

from typing import Any, Final

from benchmarks.capacity.measuring import LINES
from benchmarks.soak.crowd import HELLO, Crowd, Planned, number_of

LINE_S: Final = 15.0  # what is said, and its answer, about


def scripts(lines: int) -> dict[str, list[dict[str, Any]]]:
    """Hello, so many lines, each behind an answer, and goodbye behind the last one."""
    told = [LINES[n % len(LINES)] for n in range(lines)]
    acts = [act for text in told for act in ({"act": "wait"}, {"act": "say", "text": text})]
    return {"talks": [*HELLO, *acts, {"act": "wait"}]}


def talks(seconds: float, at_once: int, lines: int) -> list[Planned]:
    """As many as it takes, so many at once for so long."""
    count = max(at_once, round(at_once * seconds / (LINE_S * (lines + 1))))
    return [Planned(number=f"+155503{n:05}", inbound=True, script="talks") for n in range(count)]


async def heard(crowd: Crowd, plan: list[Planned], lines: int, silence_s: float) -> dict[str, Any]:
    """Which of them ended early, and how long their callers waited, as their ears measured it."""
    ours = {one.number for one in plan}
    legs = [leg for leg in await crowd.legs(20_000) if number_of(leg) in ours]
    early, too_long, waits = [], [], [0.0]
    for leg in legs:
        told = (await crowd.carrier.get(f"/simulator/calls/{leg['sid']}")).json()
        if len(told["said"]) < 1 + lines:
            early.append(f"{number_of(leg)} is {leg['status']} after {len(told['said'])} lines")
        measures = told["measures"] or {"waits_s": [], "longest_silence_s": 0.0}
        waits += measures["waits_s"]
        if measures["longest_silence_s"] > silence_s:
            too_long.append(f"{number_of(leg)}: {measures['longest_silence_s']:.2f} s")
    return {
        "talks": len(legs),
        "early": early,
        "turns": len(waits) - 1,
        "longest_s": round(max(waits), 2),
        "too_long": too_long,
    }
