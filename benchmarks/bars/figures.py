"""Which bars there are for speed and size, and how what was measured stands beside them. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from benchmarks.capacity.rows import Row, worse
from benchmarks.kept import Run
from benchmarks.percentile import percentile

LATE_MS: Final = 50.0  # more than that, added to one answer in twenty, is too many calls
OURS: Final = "vantum"
LOCAL: Final = "vantum with local VAD"
COMMAND: Final = "python -m benchmarks.bars --store"
BESIDE: Final = 40  # calls of each, where a program runs beside the relay


HEAD: Final = """\
# Bars

Written by `{command}`; do not edit. `make bench` measures the same and keeps nothing. Vendors,
carrier and callers are simulated; the relay is a bare program that does no more than a call's input
and output. The program has a core of its own, but one call's delays share both cores with all that
is simulated, and recording is measured by itself. Nothing is answered on speculation unless a row
says so.
CPU stands beside the relay's with both on one core at once, {beside} calls each, the middle of
three runs: one after the other the relay alone took 1.5 to 3 ms a call-second, as the machine was
busy elsewhere. Callers speak in chords, but with a voice where local VAD listens, which would not
take chords for speech.

| what | bar | measured | met |
| --- | --- | --- | --- |
{table}

{reasons}Measured on {run}. Rows in which callers or
neighbours were too busy do not count. Silences under faults are judged by
`tests/web/test_provider_faults.py`, drift by `python -m benchmarks.phone_recording`.
"""


# Why a bar is missed, and what would be tried next; by how its line begins.
REASONS: Final = {
    "CPU of a call": (
        "four samples in ten are system calls, which the relay makes, too. Of the rest the voice's"
        " sound takes most, as each piece passes five generators. Next: hand it to the call from"
        " the vendor's socket, as the caller's sound is handed to the recogniser."
    ),
    "memory": (
        "0.1 MB of a call are the caller's last ten seconds, kept for a recogniser that breaks off,"
        " in pieces of 20 ms. Next: keep them in one buffer."
    ),
    "CPU until it serves": (
        "SQLAlchemy and aiohttp alone take more than the bar. Next: open the port before the"
        " records are, and their half of the imports with them."
    ),
    "barge-in": (
        "the second worst of 24 decides, be it late at the server or where it is measured, on a"
        " core with vendors and callers. Next: measure it in a process that does nothing else."
    ),
}


class Delays(Struct, frozen=True):
    """Milliseconds that callers wait, added to the vendors' own sum; p50 and p95."""

    nova: tuple[float, float]
    flux: tuple[float, float]
    flux_speculating: tuple[float, float]


class Beside(Struct, frozen=True):
    """Milliseconds of CPU for each second of a call."""

    program: str
    own_ms: float
    relay_ms: float
    calls: int = 20  # of each

    @property
    def ratio(self) -> float:
        """How many times the relay's."""
        return self.own_ms / self.relay_ms

    @property
    def told(self) -> str:
        both = f"{self.own_ms:.2f} beside {self.relay_ms:.2f} ms a call-second"
        return f"{self.program}, {self.calls} calls of each at once: {both}, {self.ratio:.2f} times"


class Measured(Struct, frozen=True):
    """A run of all of it."""

    run: Run
    rows: list[Row]
    delays: Delays
    start: float  # CPU time until it serves, in runs of the calibration loop
    recording_ms: float  # for each second of a call, on top
    # At 95 % of all that were tried, by what notices speech; none where more than that failed.
    barge_in_ms: dict[str, float | None]
    beside: list[Beside] = []  # CPU, against the relay's


class Line(Struct, frozen=True):
    """One bar."""

    what: str
    bar: str
    found: str
    met: bool


def lines(measured: Measured) -> Iterator[Line]:
    """Every bar, in the order of the design."""
    rows = {(row.program, row.calls): row for row in measured.rows if not row.spoiled}
    yield from _waits(rows.get((OURS, 10)), measured.delays)
    yield from _cpu({one.program: one for one in measured.beside})
    yield from _of_a_core(rows)
    yield _memory(rows.get((OURS, 40)))
    met = round(measured.start) <= 12
    bar = "12 times the calibration's loop"
    yield Line("CPU until it serves", bar, f"{measured.start:.0f} times", met)
    ms = measured.recording_ms
    yield Line("recording, CPU for a call-second", "0.3 ms on top", f"{ms:.2f} ms", ms <= 0.3)
    for mode, at_95 in measured.barge_in_ms.items():
        most = 100 if "local" in mode else 20
        what, bar = f"barge-in at 95 %, by {mode}", f"{most} ms"
        if at_95 is None:
            yield Line(what, bar, "some never cut in", met=False)
        else:
            yield Line(what, bar, f"{at_95:.0f} ms", at_95 <= most)


def within_95(times_ms: list[float], tried: int) -> float | None:
    """How long 95 % of all that were tried took, where so many came to an end."""
    at = percentile([*times_ms, *[math.inf] * (tried - len(times_ms))], 95)
    return None if math.isinf(at) else at


def _not_measured(what: str, bar: str) -> Line:
    """A row is missing or spoiled: nobody can say that the bar is met."""
    return Line(what, bar, "not measured", met=False)


def _memory(row: Row | None) -> Line:
    what, bar = "memory after a first call, and for each of 40 calls", "120 MB, 0.5 MB"
    if row is None:
        return _not_measured(what, bar)
    found = f"{row.idle_mb:.0f} MB, {row.call_mb:.2f} MB"
    return Line(what, bar, found, row.idle_mb <= 120 and row.call_mb <= 0.5)


def _waits(ten: Row | None, delays: Delays) -> Iterator[Line]:
    what, bar = "delay added to an answer, 10 calls", "p50 10, p95 25 ms"
    if ten is None or not ten.turns:
        yield _not_measured(what, bar)
    else:
        p50, p95 = ten.added_p50_ms, ten.added_p95_ms
        found, met = f"{ten.added}, in steps of 20", p50 <= 10 and p95 <= 25
        yield Line(what, bar, found, met)
    p50, p95 = delays.nova
    met = p50 <= 10 and p95 <= 25
    yield Line("the same, one call", "as above", f"{p50:.1f}, {p95:.1f} ms", met)
    p50, p95 = delays.flux_speculating
    found = f"{p50:.1f}, {p95:.1f} ms (without: {delays.flux[0]:.1f}, {delays.flux[1]:.1f})"
    yield Line("the same by Flux with speculation", "p50 below 0", found, p50 < 0)


def _cpu(known: dict[str, Beside]) -> Iterator[Line]:
    for name, most in ((OURS, 1.7), (LOCAL, 3.0)):
        what, bar = f"CPU of a call, {name}", f"{most} times the relay"
        if name in known:
            one = known[name]
            found = f"{one.ratio:.2f} times ({one.own_ms:.1f} ms a call-second)"
            yield Line(what, bar, found, round(one.ratio, 2) <= most)
        else:
            yield _not_measured(what, bar)


def grown(found: list[Beside], known: list[Beside]) -> list[str]:
    """Whose CPU has grown by more than a fifth against the relay's."""
    now, before = ({one.program: one.ratio for one in run} for run in (found, known))
    return worse(now, before)


def _of_a_core(rows: dict[tuple[str, int], Row]) -> Iterator[Line]:
    for name, least in ((OURS, 150), (LOCAL, 80)):
        pause_ms = _pause_ms(name, rows)
        good, bad = _carried(name, rows, pause_ms)
        found = f"{good}, not {bad}" if bad else f"{good}, the most that counted"
        beyond = f" of its rule of turns' {pause_ms:.0f} ms" if pause_ms else ""
        what = f"calls on a core with p95 within {LATE_MS:.0f} ms{beyond}, {name}"
        bar = f"{least}"
        yield Line(what, bar, found, good >= least) if good or bad else _not_measured(what, bar)


def _pause_ms(name: str, rows: dict[tuple[str, int], Row]) -> float:
    """What our own rule of turns waits, where no recogniser says when one is over."""
    few = min((calls for program, calls in rows if program == name), default=0)
    return max(0.0, rows[name, few].added_p50_ms) if few and name == LOCAL else 0.0


def _carried(name: str, rows: dict[tuple[str, int], Row], pause_ms: float) -> tuple[int, int]:
    """The most calls that were answered in time, and the fewest that were not, if any."""
    good, bad = 0, 0
    for calls in sorted(calls for program, calls in rows if program == name):
        row = rows[name, calls]
        if row.turns and row.added_p95_ms <= pause_ms + LATE_MS and not row.lost:
            good = calls
        else:
            bad = calls
            break
    return good, bad


def page(measured: Measured) -> str:
    """The table as a document."""
    found = list(lines(measured))
    table = "\n".join(
        f"| {one.what} | {one.bar} | {one.found} | {'yes' if one.met else '**no**'} |"
        for one in found
    )
    missed = [one.what for one in found if not one.met]
    told = [
        f"- **{what}**: {why}"
        for what, why in REASONS.items()
        if any(one.startswith(what) for one in missed)
    ]
    reasons = "\n".join(["Why not, and what is next:\n", *told, "", ""]) if told else ""
    run = measured.run.told
    beside = max((one.calls for one in measured.beside), default=BESIDE)
    return HEAD.format(command=COMMAND, table=table, reasons=reasons, run=run, beside=beside)
