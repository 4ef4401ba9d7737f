"""Speech said into an answer, through the whole core: who takes the floor, and who does not.

A few cases of `python -m benchmarks.interruptions`, which has the figures; and its judge, which is
told courses that went wrong.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from benchmarks.interruptions.__main__ import (
    BARGE_INS,
    Row,
    Time,
    cases,
    misses,
    played,
    time_of,
)
from benchmarks.interruptions.calls import Case, Course
from benchmarks.interruptions.corpus import Clip, Kind
from benchmarks.interruptions.judging import Ledger, why_wrong
from benchmarks.interruptions.lines import Surroundings
from vantum.providers.local import engine

SPEAKS = pytest.mark.skipif(
    bool(engine.missing_packages()), reason="callers speak with the local voice"
)
EACH: Final = 6
SHARES: Final[dict[Kind, float]] = {"nod": 1, "interruption": 1, "answer": 0.5, "dictation": 0.5}
ANSWER: Final = np.random.default_rng(0).integers(0, 255, 24_000, np.uint8).tobytes()  # 3 s


def course(kind: Kind, *spans_s: tuple[float, float], turns: tuple[str, ...] = ()) -> Course:
    """The caller heard these stretches of the answer, 20 ms at a time."""
    clip = Clip(kind, ("wait",), ())
    case = Case(0, "phone", "phone", clip, Surroundings(), 0.0)
    heard = [
        (at / 8_000, ANSWER[at : at + 160])
        for begin_s, end_s in spans_s
        for at in range(round(begin_s * 8_000), round(end_s * 8_000), 160)
    ]
    return Course(case, answer=ANSWER, heard=heard, turns=list(turns), began=True)


def test_an_answer_heard_to_its_end_is_right_behind_a_nod() -> None:
    assert why_wrong(course("nod", (0.0, 3.0))) == ""


def test_a_seam_may_lose_or_repeat_a_frame_and_no_word() -> None:
    assert why_wrong(course("nod", (0.0, 1.0), (0.98, 3.0))) == ""
    assert Ledger(course("nod", (0.0, 1.0), (0.98, 3.0))).jumps_s == pytest.approx([-0.02])
    assert "+300 ms" in why_wrong(course("nod", (0.0, 1.0), (1.3, 3.0)))
    assert "-300 ms" in why_wrong(course("nod", (0.0, 1.0), (0.7, 3.0)))


def test_a_nod_is_no_turn_and_ends_no_answer() -> None:
    assert "taken for a turn" in why_wrong(course("nod", (0.0, 3.0), turns=("wait",)))
    assert "stopped" in why_wrong(course("nod", (0.0, 2.0)))


def test_an_interruption_ends_the_answer_and_becomes_a_turn() -> None:
    assert why_wrong(course("interruption", (0.0, 2.0), turns=("wait",))) == ""
    assert "went on" in why_wrong(course("interruption", (0.0, 3.0)))
    assert "no turn" in why_wrong(course("interruption", (0.0, 2.0)))
    assert "words lost" in why_wrong(course("interruption", (0.0, 2.0), turns=("what",)))


def test_what_is_dictated_is_one_turn() -> None:
    assert "cut into 2" in why_wrong(course("dictation", turns=("five", "six")))


def row(kind: Kind, right: int) -> Row:
    return Row("phone", kind, 100, right, held_p95_ms=None, held_in_time=None, held_alone=0)


def cleared(mode: str, after_ms: float) -> Time:
    return time_of(mode, [after_ms] * BARGE_INS)


def test_what_falls_short_of_its_bar_is_named() -> None:
    met = [row(kind, 95) for kind in SHARES]
    in_time = [cleared("local voice activity", 100.0), cleared("Flux's event", 20.0)]
    assert misses(met, in_time, scripted=True) == []
    [few] = misses([row("nod", 94), *met], in_time, scripted=True)
    assert few == "phone, nod: 94.0% right, not 95%"
    assert misses([row("nod", 94)], in_time, scripted=False) == []
    slow = [cleared("local voice activity", 101.0), cleared("Flux's event", 21.0)]
    assert misses(met, slow, scripted=True) == [
        "local voice activity: p95 101 ms, not 100 ms",
        "Flux's event: p95 21 ms, not 20 ms",
    ]
    never = [time_of("local voice activity", [50.0])]
    assert misses(met, never, scripted=True) == [
        f"local voice activity: 1 of {BARGE_INS} calls were cleared"
    ]


@SPEAKS
@pytest.mark.parametrize("variant", ["phone, noise", "phone, echo"])
def test_callers_are_told_apart_by_what_they_say(variant: str) -> None:
    courses = played(cases(variant, EACH, shares=SHARES))
    assert all(one.began and one.heard for one in courses)
    assert {one.case.clip.kind for one in courses} == set(SHARES)
    assert [(one.case.clip.text, why) for one in courses if (why := why_wrong(one))] == []
    alone = sum(one.held_before for one in courses)
    assert alone <= len(courses), "the agent falls silent for its own voice"
