"""The page about targets is what the kept measurements come to."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from benchmarks.kept import kept
from benchmarks.targets.__main__ import NAME, PAGE
from benchmarks.targets.figures import Measured, Spread, lines, page, spread


@pytest.fixture
def measured() -> Measured:
    found = kept(NAME, Measured)
    assert found is not None
    return found


def test_the_page_is_what_the_measurements_come_to(measured: Measured) -> None:
    assert page(measured) == PAGE.read_text("utf-8"), "run python -m benchmarks.targets --store"


def test_what_misses_its_aim_is_said_to(measured: Measured) -> None:
    assert "| 400 µs | 400 µs | yes |" in page(replace(measured, resample_us=400.0))
    assert "| 1500 µs | 1500 µs | **no** |" in page(replace(measured, resample_us=1_500.0))
    late = [replace(one, page=Spread(10.0, 120.0, 15)) for one in measured.doors]
    assert "| 10.0, 95 % 120.0 ms | 10.0, 95 % 120.0 ms | **no** |" in page(
        replace(measured, doors=late)
    )


@pytest.mark.parametrize(
    ("calls", "lost", "sessions", "chunks"),
    [(50, 0, True, True), (50, 1, False, False), (49, 0, False, True), (19, 0, False, False)],
)
def test_sessions_and_chunks_hold_only_with_as_many_calls_as_were_aimed_at(
    measured: Measured, calls: int, lost: int, sessions: bool, chunks: bool
) -> None:
    rows = [*measured.rows[:-1], replace(measured.rows[-1], calls=calls, lost=lost)]
    full = {
        name: [getattr(measured, name)[0], replace(getattr(measured, name)[-1], calls=calls)]
        for name in ("doors", "waits")
    }
    found = {one.what: one.holds for one in lines(replace(measured, rows=rows, **full))}
    assert (found["sessions held"], found["chunks"]) == (sessions, chunks)


def test_a_spread_is_the_median_and_the_worst_of_twenty() -> None:
    assert spread(one / 1_000 for one in range(1, 101)) == Spread(50.5, 95.0, 100)
    with pytest.raises(ValueError, match="nothing was measured"):
        spread([])
