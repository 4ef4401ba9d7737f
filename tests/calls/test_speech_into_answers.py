"""Speech said into an answer, through the whole core: who takes the floor, and who does not.

A few cases of `python -m benchmarks.interruptions`, which has the figures; and its judge, which is
told courses that went wrong.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

import numpy as np
import pytest

from benchmarks.interruptions.__main__ import cases, played
from benchmarks.interruptions.calls import Case, Course
from benchmarks.interruptions.corpus import Clip, Kind
from benchmarks.interruptions.judging import Ledger, why_wrong
from benchmarks.interruptions.lines import Surroundings
from vantum.providers.local import engine

SPEAKS = pytest.mark.skipif(
    bool(engine.missing_packages()), reason="callers speak with the local voice"
)
EACH: Final = 8
RIGHT: Final[dict[Kind, float]] = {"interruption": 0.9, "dictation": 0.9}
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


@SPEAKS
@pytest.mark.parametrize("variant", ["phone, noise", "phone, echo"])
def test_callers_are_told_apart_by_what_they_say(variant: str) -> None:
    courses = played(cases(variant, EACH))
    assert all(one.began and one.heard for one in courses)
    wrong = [(one.case.clip.kind, why) for one in courses if (why := why_wrong(one))]
    count = Counter(one.case.clip.kind for one in courses)
    failed = Counter(kind for kind, _ in wrong)
    for kind, right in RIGHT.items():
        most = max(1, round((1 - right) * count[kind]))  # one of a few may be a hard one
        assert failed[kind] <= most, wrong
    alone = sum(one.held_before for one in courses)
    assert alone <= len(courses), "the agent falls silent for its own voice"
