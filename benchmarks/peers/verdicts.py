"""How many calls each program carried in a run. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from benchmarks.capacity.rows import Row

LATE_MS: Final = 150.0  # later than with the fewest calls: it does not keep up
BAR_MS: Final = 50.0  # what we ask of ourselves
FULL: Final = 0.95  # of its core
BARE: Final = "relay"  # takes no turns: what is heard on and waited for says nothing of it


def share(row: Row) -> float:
    """Of its core."""
    return row.cpu_ms * row.calls / 1000


def keeps_up(row: Row, first: Row) -> bool:
    """Whether a program is about as quick as with the fewest calls, and is understood in all."""
    if row.lost or share(row) > FULL:
        return False
    late = row.added_p95_ms > first.added_p95_ms + LATE_MS
    choppy = row.gaps > row.calls
    return row.program == BARE or not (late or choppy or not row.turns)


def of(program: str, rows: Iterable[Row]) -> list[Row]:
    """Its own, by the number of calls."""
    return sorted((row for row in rows if row.program == program), key=lambda row: row.calls)


def carried(rows: list[Row]) -> list[Row]:
    """Those of one program up to where it no longer kept up."""
    kept: list[Row] = []
    for row in rows:
        if not keeps_up(row, rows[0]):
            break
        kept.append(row)
    return kept


def within_bar(rows: list[Row]) -> list[Row]:
    """Those in which nineteen answers of twenty came within the bar."""
    return [row for row in carried(rows) if row.added_p95_ms <= BAR_MS]


def counts(row: Row, best_calibration_ms: float) -> bool:
    """Whether it was spoiled by nothing else on the machine."""
    return not row.spoiled and row.calibration_ms <= 1.25 * best_calibration_ms
