"""How `docs/performance.md` is made of a stored run and of page.md. Pure but for reading that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import fill
from typing import Final

from msgspec import Struct

from benchmarks.capacity.rows import NONE, Row
from benchmarks.kept import Run
from benchmarks.peers.programs import MISSING, PROGRAMS, ROOT, WHAT
from benchmarks.peers.verdicts import (
    BAR_MS,
    BARE,
    LATE_MS,
    carried,
    counts,
    of,
    share,
    within_bar,
)

PAGE: Final = ROOT / "docs" / "performance.md"
PICTURE: Final = ROOT / "docs" / "performance.svg"
NAME: Final = "peers"  # of the results
TEMPLATE: Final = Path(__file__).with_suffix(".md")
WIDTH: Final = 120


class Report(Struct, frozen=True):
    """A run that is kept."""

    run: Run
    rows: list[Row]
    seconds: float  # each row lasted
    versions: dict[str, str]  # of the peers


def page(report: Report) -> str:
    """All of it."""
    rows = report.rows
    names = _names(rows)
    return TEMPLATE.read_text("utf-8").format(
        summary="\n".join([*_summary(rows), *_footnote(rows)]),
        first=min(row.calls for row in rows),
        late=f"{LATE_MS:.0f} ms",
        bar=f"{BAR_MS:.0f} ms",
        set="\n".join(_point(f"**{name}**: {WHAT[name]}.") for name in names),
        missing="\n".join(_point(told) for told in MISSING),
        rounds="\n".join(_rounds(rows)),
        measured=_measured(report),
        command=_command(report),
    )


def _point(text: str) -> str:
    return fill(f"- {text}", WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def _names(rows: list[Row]) -> list[str]:
    there = {row.program for row in rows}
    return [name for name in PROGRAMS if name in there]


def _summary(rows: list[Row]) -> Iterator[str]:
    yield (
        "| | added delay, median and 95 % | heard on, median and 95 % | CPU for a call-second "
        f"| memory | carried | within {BAR_MS:.0f} ms |"
    )
    yield "| --- " * 7 + "|"
    relay = {row.calls: row.cpu_ms for row in of(BARE, rows)}
    for name in _names(rows):
        own = of(name, rows)
        first, kept = own[0], carried(own)
        times = f" ({first.cpu_ms / relay[first.calls]:.1f} times)" if first.calls in relay else ""
        mb = (kept or own)[-1].call_mb
        within = NONE if name == BARE else _most(within_bar(own), own)
        yield (
            f"| {name}{_mark(first, rows)} | {_delays(first)} | {_heard_on(first)} "
            f"| {first.cpu_ms:.1f} ms{times} | {first.idle_mb:.0f} MB, {mb:.1f} MB "
            f"| {_most(kept, own)} | {within} |"
        )


def _delays(row: Row) -> str:
    return NONE if row.program == BARE else row.added


def _heard_on(row: Row) -> str:
    if row.program == BARE or not row.cuts:
        return NONE
    return f"{row.heard_on_p50_ms:.0f}, {row.heard_on_p95_ms:.0f} ms"


def _most(kept: list[Row], own: list[Row]) -> str:
    if not kept:
        return f"below {own[0].calls}"
    return f"{'at least ' if kept[-1] is own[-1] else ''}{kept[-1].calls}"


def _rounds(rows: list[Row]) -> Iterator[str]:
    yield (
        "| calls | | turns | added delay, median and 95 % | heard on, median and 95 % "
        "| CPU for a call-second | of its core | gaps | lost | the others' core |"
    )
    yield "| --- " * 10 + "|"
    for row in sorted(rows, key=lambda row: row.calls):
        gaps = NONE if row.program == BARE else row.gaps
        yield (
            f"| {row.calls} | {row.program}{_mark(row, rows)} | {row.turns} | {_delays(row)} "
            f"| {_heard_on(row)} | {row.cpu_ms:.1f} ms | {share(row):.2f} "
            f"| {gaps} | {row.lost} | {row.others_share:.2f} |"
        )


def _mark(row: Row, rows: list[Row]) -> str:
    return "" if counts(row, min(one.calibration_ms for one in rows)) else " †"


def _footnote(rows: list[Row]) -> Iterator[str]:
    if any(_mark(row, rows) for row in rows):
        yield "\n† does not count: something else was at work, or the machine slower by a quarter."


def _command(report: Report) -> str:
    calls = ",".join(str(number) for number in sorted({row.calls for row in report.rows}))
    options = f"--calls {calls} --seconds {report.seconds:g}"
    return f"tools/uv.sh run python -m benchmarks.peers {options} --store"


def _measured(report: Report) -> str:
    run = report.run
    fastest = min(row.calibration_ms for row in report.rows)
    slowest = max(row.calibration_ms for row in report.rows)
    return (
        f"Measured on {run.date} at `{run.commit}` on {run.machine} (load {run.load}; calibration "
        f"{fastest:.0f} to {slowest:.0f} ms),\n{report.seconds:.0f} s a row, with "
        f"{', '.join(report.versions.values()) or 'no peer'}."
    )
