"""The tables about capacity are what the kept measurements come to."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from benchmarks.capacity import local, records
from benchmarks.capacity.page import PAGE, renewed
from benchmarks.capacity.paper import TALK, bits_per_s, carried, need, per_minute
from benchmarks.capacity.records import Asked, counted
from benchmarks.capacity.rows import NAME, Row, Stored
from benchmarks.kept import kept
from vantum.costs import shipped_tariffs

TARIFFS = shipped_tariffs()


@pytest.fixture
def stored() -> Stored:
    found = kept(NAME, Stored)
    assert found is not None
    return found


@pytest.fixture
def asked() -> Asked:
    found = kept(records.NAME, Asked)
    assert found is not None
    return found


def row(**known: Any) -> Row:
    good = {
        "program": "vantum",
        "calls": 40,
        "idle_mb": 100.0,
        "call_mb": 1.0,
        "lost": 0,
        "turns": 9,
    }
    blank = dict.fromkeys(Row.__struct_fields__, 0.0)
    return Row(**{**blank, **good, **known})  # type: ignore[arg-type]


@pytest.fixture
def spoken() -> local.Stored:
    found = kept(local.NAME, local.Stored)
    assert found is not None
    return found


def test_the_page_is_what_the_measurements_come_to(
    stored: Stored, spoken: local.Stored, asked: Asked
) -> None:
    page = PAGE.read_text("utf-8")
    assert renewed(page, stored, spoken, asked) == page, "run python -m benchmarks.capacity.page"
    changed = replace(stored, rows=[replace(one, cpu_ms=99.9) for one in stored.rows])
    assert "99.9 ms" in renewed(page, changed, spoken, asked)
    waited = replace(spoken, rows=[replace(one, wait_p50_s=9.87) for one in spoken.rows])
    assert "9.87, " in renewed(page, stored, waited, asked)


def test_what_was_carried_is_the_most_that_came_in_time_and_counts() -> None:
    late = row(calls=80, added_p95_ms=120.0)
    lost = row(calls=160, lost=1)
    doubtful = row(calls=320, others_share=0.9)
    another = row(calls=640, program="relay")
    silent = row(calls=160, turns=0)
    assert carried([row(), late, lost, doubtful, another, silent]).calls == 40


def test_of_no_answer_no_delay_is_told(stored: Stored, spoken: local.Stored, asked: Asked) -> None:
    silent = row(calls=40, turns=0)
    assert "added p50      - p95      - ms" in silent.told
    silently = replace(stored, rows=[row(calls=10), silent])
    page = renewed(PAGE.read_text("utf-8"), silently, spoken, asked)
    assert "| vantum | 40 | - | 0.0 ms |" in page


def test_ten_times_the_calls_need_ten_times_of_all(asked: Asked) -> None:
    small, large = (need(calls, row(), asked, TARIFFS) for calls in (1_000, 10_000))
    assert (small.processes, large.processes) == (32, 313)  # 32 calls each: a fifth stays free
    for name in ("sockets", "recognisers", "contexts", "tokens_per_minute"):
        assert getattr(large, name) == 10 * getattr(small, name), name
    assert large.total == 10 * small.total
    assert large.memory_gb == pytest.approx((313 * 100 + 10_000) / 1_000)


def test_a_minute_costs_what_the_price_list_says() -> None:
    costs = per_minute(TARIFFS)
    assert costs["deepgram"] == Decimal("0.0077")
    assert costs["twilio"] == Decimal("0.014")
    silent = per_minute(TARIFFS, replace(TALK, agent_speaks=0.0))
    assert silent["cartesia"] == 0


def test_a_phones_sound_is_more_than_its_64_kbit_each_way() -> None:
    told = bits_per_s()
    assert 64_000 < told["recogniser"] < told["carrier"] < 300_000


def test_statements_are_counted_as_the_database_writes_them_down() -> None:
    log = b"""2026 LOG:  execute __asyncpg_stmt_1__: SELECT calls.call_id
2026 DETAIL:  parameters: $1 = 'INSERT'
2026 LOG:  statement: BEGIN;
2026 LOG:  execute __asyncpg_stmt_2__:   UPDATE calls SET status=$1
2026 LOG:  statement: COMMIT;
2026 LOG:  checkpoint starting: time
"""
    assert counted(log) == Counter(SELECT=1, UPDATE=1, COMMIT=1)


def leg(status: str = "in-progress", **heard: Any) -> dict[str, Any]:
    """How a caller fared at the carrier."""
    known = {"sound_s": 9.0, "waits_s": [1.0, 1.2], "gaps": []}
    return {"status": status, "measures": known | heard}


def test_who_heard_nothing_was_refused_and_who_was_hung_up_on_is_lost() -> None:
    refused = {"status": "completed", "measures": None}
    stutters = leg(gaps=[{"at_s": 3.0, "length_s": 0.2}])
    row = local.judged("at-once", [leg(), refused, leg("completed"), stutters], 0.5, 0.1)
    assert (row.calls, row.refused, row.lost, row.gaps) == (4, 1, 1, 1)
    assert (row.turns, row.waited, row.longest_gap_s) == (6, "1.00, 1.20 s", 0.2)
    assert not row.is_well
    assert local.judged("1", [leg()], 0.5, 0.1).is_well


def test_where_nobody_was_answered_no_wait_is_told() -> None:
    assert local.judged("1", [leg(waits_s=[])], 0.5, 0.1).waited == "-"
