"""What a program did with so many calls, which rows count, and what has grown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from benchmarks.kept import Run

BUSY: Final = 0.85
NEIGHBOURS: Final = 0.15  # of a core: what the machine itself does takes less
GROWTH: Final = 1.2
NAME: Final = "capacity"  # of the results
NONE: Final = "-"  # in the place of a figure that nothing was measured of


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
    found, before = (
        {f"{name}, {calls} calls": ratio for (name, calls), ratio in ratios(one).items()}
        for one in (rows, known)
    )
    return worse(found, before)


def worse(found: Mapping[str, float], before: Mapping[str, float]) -> list[str]:
    """Whose CPU has grown by more than a fifth against the relay's."""
    return [
        f"{what}: {ratio:.2f} times the relay's CPU, was {before[what]:.2f}"
        for what, ratio in found.items()
        if what in before and ratio > GROWTH * before[what]
    ]
