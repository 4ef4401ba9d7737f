"""The table of bars is what was measured, and tells what is not met."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from benchmarks.bars.__main__ import NAME, PAGE
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
from benchmarks.capacity.rows import Row
from benchmarks.kept import Run, kept


def row(program: str, calls: int, cpu_ms: float = 5.0, **given: float) -> Row:
    known: dict[str, Any] = dict.fromkeys(Row.__struct_fields__, 0)
    known |= {"program": program, "calls": calls, "cpu_ms": cpu_ms, "turns": 9}
    return Row(**{**known, **given})  # type: ignore[arg-type]


GOOD = Measured(
    run=Run("2026-01-01", "abc", "a machine", 0.5, 20.0),
    rows=[
        *(row(name, calls) for name in ("relay", OURS, LOCAL) for calls in (10, 40)),
        row(LOCAL, 80),
        row(OURS, 150),
        row(OURS, 180, added_p95_ms=60.0),
    ],
    delays=Delays((5.0, 9.0), (8.0, 20.0), (-50.0, -10.0)),
    beside=[Beside(OURS, 3.4, 2.0), Beside(LOCAL, 5.0, 2.0)],
    start=11.0,
    recording_ms=0.2,
    barge_in_ms={"local voice activity": 90.0, "Deepgram's event": 10.0},
)


def test_what_the_rule_of_turns_waits_is_not_the_number_of_calls() -> None:
    waited = [
        msgspec.structs.replace(one, added_p50_ms=240.0, added_p95_ms=280.0)
        if one.program == LOCAL
        else one
        for one in GOOD.rows
    ]
    found = list(lines(msgspec.structs.replace(GOOD, rows=waited)))
    assert all(one.met for one in found)
    [told] = [one.what for one in found if "240 ms" in one.what]
    assert told.endswith(LOCAL)


def but(changed: Row) -> list[Row]:
    """The rows of a good run with one of them in another's place."""
    asked = (changed.program, changed.calls)
    return [changed if (one.program, one.calls) == asked else one for one in GOOD.rows]


def test_the_page_is_what_the_measurements_come_to() -> None:
    measured = kept(NAME, Measured)
    assert measured is not None
    assert PAGE.read_text("utf-8") == page(measured)


def test_a_run_that_is_good_throughout_meets_every_bar() -> None:
    found = list(lines(GOOD))
    assert len(found) == 12
    assert all(one.met for one in found)
    assert "150, not 180" in page(GOOD)


@pytest.mark.parametrize(
    ("change", "missed"),
    [
        ({"start": 12.6}, "CPU until it serves"),
        ({"recording_ms": 0.31}, "recording, CPU for a call-second"),
        ({"barge_in_ms": {"Deepgram's event": 21.0}}, "barge-in at 95 %, by Deepgram's event"),
        ({"delays": Delays((5.0, 26.0), (8.0, 20.0), (-1.0, 0.0))}, "the same, one call"),
        ({"barge_in_ms": {"Deepgram's event": None}}, "barge-in at 95 %, by Deepgram's event"),
        ({"beside": [Beside(OURS, 3.5, 2.0), GOOD.beside[1]]}, "CPU of a call, vantum"),
        ({"beside": GOOD.beside[:1]}, "CPU of a call, vantum with local"),
        ({"rows": but(row(OURS, 150, lost=1))}, "calls on a core with p95 within 50 ms, vantum"),
        ({"rows": but(row(OURS, 40, idle_mb=121.0))}, "memory"),
        ({"rows": but(row(OURS, 150, turns=0))}, "calls on a core with p95 within 50 ms, vantum"),
        # What is spoiled is no measurement.
        ({"rows": but(row(OURS, 10, neighbours_share=0.9))}, "delay added to an answer, 10"),
    ],
)
def test_each_bar_is_missed_by_what_is_beyond_it(change: dict[str, object], missed: str) -> None:
    found = lines(msgspec.structs.replace(GOOD, **change))
    [bad] = [one.what for one in found if not one.met]
    assert bad.startswith(missed)


def test_calls_without_an_answer_are_no_measure_of_delay() -> None:
    [delay, *_] = lines(msgspec.structs.replace(GOOD, rows=but(row(OURS, 10, turns=0))))
    assert (delay.found, delay.met) == ("not measured", False)


def test_a_run_without_rows_meets_no_bar_of_theirs_and_leaves_none_out() -> None:
    empty = list(lines(msgspec.structs.replace(GOOD, rows=[], beside=[])))
    assert [one.what for one in empty] == [one.what for one in lines(GOOD)]
    assert sum(one.found == "not measured" and not one.met for one in empty) == 6


def test_who_could_not_cut_in_is_counted_as_the_latest() -> None:
    assert within_95([10.0] * 19, 20) == 10.0
    assert within_95([10.0] * 18, 20) is None
    assert within_95([], 12) is None


def test_a_fifth_more_cpu_than_in_the_kept_run_is_told() -> None:
    assert not grown([Beside(OURS, 4.0, 2.0)], GOOD.beside)
    [told] = grown([Beside(OURS, 4.2, 2.0), GOOD.beside[1]], GOOD.beside)
    assert told == "vantum: 2.10 times the relay's CPU, was 1.70"
    assert not grown(GOOD.beside, [])
