"""Every fault of every simulated vendor, one at a time, in a call: what does the caller hear?

Calls run many at once with limits divided by two, and are judged by their sound. A crowd on two
cores is late by itself, so that a call which fails there is held again among few and at last alone,
with the limits as they are, and that call decides. The table in docs/faults.md is written by this
test with VANTUM_WRITE=1, without the crowd; otherwise it is compared with what happens.
"""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from typing import cast

import pytest
from rehearsal import PROMISE_S, Course, rehearse

from vantum.simulator.faults import FAULTS, Fault, Vendor, vendors_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"
WRITES = bool(os.environ.get("VANTUM_WRITE"))
# How many at once, and what the limits are divided by; behind the first, those that have failed.
ROUNDS = ((16, 2.0), (4, 1.0), (1, 1.0), (1, 1.0))[WRITES:]
NOISE_S, CROWD_S = 0.3, 0.6  # what a machine may add to the promise, and a crowd on it
WORD_S = 0.6  # what a cut word may repeat
FILLER_S = 6.0  # both fillers, said into the sound of an answer while the voice is away

Case = tuple[Vendor, Fault]
CASES: list[Case] = [
    (vendor, fault)
    for fault in FAULTS
    for vendor in sorted(vendors_of(fault) - {"twilio"})  # a browser's call has no carrier
]

HEAD = """# Faults

One call for each row, on the vendors that `vantum simulate` plays: a greeting, a question in which
the fault strikes once, and a second question. Judged by the sound that reached the caller:
*silence* is the longest that nothing explained, from the caller's last word or inside an answer.
Without a fault an answer takes 0.4 s there. Written by

    VANTUM_WRITE=1 tools/uv.sh run pytest tests/web/test_provider_faults.py

| vendor | fault | what happens | silence | the client is told |
| --- | --- | --- | --- | --- |
"""
ROW = re.compile(r"^\| (\w+) \| (\w+) \| ([^|]+) \| [\d.]+ s \| ([^|]*) \|$", re.MULTILINE)
TABLE: dict[Case, tuple[str, set[str]]] = {
    (cast("Vendor", vendor), cast("Fault", fault)): (
        what.strip(),
        set(told.replace("`", "").split(", ")) - {""},
    )
    for vendor, fault, what, told in ROW.findall(PAGE.read_text("utf-8"))
}


def complaints(case: Case, course: Course, promise_s: float) -> list[str]:
    """What was wrong with this call, by its sound and by the table."""
    found: list[str] = []
    deaf = "cannot hear" in course.said
    if len(course.answers) != (0 if deaf else 2):
        found.append(f"{len(course.answers)} answers")
    for answer in course.answers:
        if answer.silent_s > promise_s:
            found.append(f"a silence of {answer.silent_s:.2f} s that nothing explains")
        if answer.sound_s > answer.expected_s + FILLER_S + WORD_S:
            found.append("a sentence was said twice")
        if answer.sound_s < answer.expected_s - WORD_S and course.outcome != "goes on in text":
            found.append("a sentence was lost")
    if not deaf and "Thanks, I will be quick." not in course.answers[-1].text:
        found.append("the second question was not answered as if nothing had been")
    return found if WRITES else found + against_the_table(case, course)


def against_the_table(case: Case, course: Course) -> list[str]:
    what, told = TABLE[case]
    found = []
    # Whether there is time for a filler depends on the machine.
    if course.outcome.removesuffix(" behind a filler") != what.removesuffix(" behind a filler"):
        found.append(f"the table says {what!r}, it {course.outcome!r}")
    if untold := told - {*course.told}:
        found.append(f"the client was not told {untold}")
    return found


async def all_courses(folder: Path) -> dict[Case, tuple[Course, list[str]]]:
    """Of every row its call, and what was wrong with it."""
    found = {case: (Course(), ["no call was held"]) for case in CASES}
    for number, (at_once, faster) in enumerate(ROUNDS):
        turns = asyncio.Semaphore(at_once)
        async with asyncio.TaskGroup() as group:
            tasks = {
                case: group.create_task(
                    held(case, place(folder, case, number), turns, faster),
                    name="-".join(case),
                )
                for case in CASES
                if found[case][1]
            }
        found |= {case: task.result() for case, task in tasks.items()}
    return found


def place(folder: Path, case: Case, number: int) -> Path:
    found = folder / "-".join((*case, str(number)))
    found.mkdir()
    return found


async def held(
    case: Case, folder: Path, turns: asyncio.Semaphore, faster: float
) -> tuple[Course, list[str]]:
    """One call, when its turn has come."""
    async with turns:
        try:
            course = await rehearse(*case, folder, faster=faster)
        except (AssertionError, TimeoutError) as error:
            return Course(), [str(error)]
        bar_s = PROMISE_S / faster + NOISE_S + (CROWD_S if faster > 1.0 else 0.0)
        return course, complaints(case, course, bar_s)


@pytest.fixture(scope="module")
def courses(
    uncovered: None, tmp_path_factory: pytest.TempPathFactory
) -> dict[Case, tuple[Course, list[str]]]:
    found = asyncio.run(all_courses(tmp_path_factory.mktemp("courses")))
    if WRITES:
        PAGE.write_text(HEAD + "".join(row(*case, found[case][0]) for case in CASES), "utf-8")
    return found


def row(vendor: Vendor, fault: Fault, course: Course) -> str:
    silent_s = max((answer.silent_s for answer in course.answers), default=0.0)
    told = ", ".join(f"`{name}`" for name in course.told)
    return f"| {vendor} | {fault} | {course.outcome} | {silent_s:.1f} s | {told} |\n"


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_a_call_survives_it(case: Case, courses: dict[Case, tuple[Course, list[str]]]) -> None:
    course, wrong = courses[case]
    assert not wrong, course


def test_the_table_has_a_row_for_every_fault() -> None:
    assert list(TABLE) == CASES
