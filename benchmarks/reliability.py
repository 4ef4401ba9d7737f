"""What the soak and the chaos found, whether that is good enough, and the page written from it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from msgspec import Struct

from benchmarks.kept import Run, keep, kept

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "reliability.md"
SPARE: Final = 16  # tasks come and go; the database's pool opens its files as it needs them
# Over the 9,000 calls behind the warm-up 0.6 KB each: a task that is forgotten holds more. Below
# it is what the allocator of a process that does nothing else moves by.
FLAT_MB: Final = 5.0
Verdicts = list[tuple[bool, str]]


class SoakSample(Struct, frozen=True):
    """What the server held at a moment."""

    calls: int  # that were over
    at_s: float
    quiet: bool  # nobody was on the phone
    tasks: int
    files: int
    sockets: int
    threads: int
    memory_mb: float
    sessions: int


class Soaked(Struct, frozen=True, kw_only=True):
    """What came of very many short calls."""

    run: Run
    calls: int
    at_once: int
    seed: int
    seconds: float
    samples: list[SoakSample]
    late_ticks: int  # of the carrier's clock, which blur what the callees' ears measured
    lost: list[str]
    statuses: dict[str, int]
    outcomes: dict[str, int]
    cut: int
    mute: list[str]  # calls that nobody cut, and in which the agent was not heard
    gaps: int
    talked_s: int
    rows: int
    recordings: int
    recordings_mb: float
    database_mb: float

    @property
    def warm(self) -> SoakSample:
        """What was held after the first calls, once they were over."""
        return next(one for one in self.samples if one.quiet)

    @property
    def last(self) -> SoakSample:
        return [one for one in self.samples if one.quiet][-1]

    @property
    def told(self) -> str:
        return "\n".join(
            [
                f"{self.calls} calls, at most {self.at_once} at once, in {self.seconds:.0f} s: "
                f"{self.calls / self.seconds:.1f} a second, {self.talked_s / self.seconds:.0f} on "
                f"the phone on average; {self.cut} were cut",
                f"at the carrier {self.statuses}, outcomes {self.outcomes}",
                f"late ticks {self.late_ticks}, gaps {self.gaps}",
                f"{self.rows} rows in {self.database_mb} MB, {self.recordings} recordings in "
                f"{self.recordings_mb} MB",
                *(f"{name}: {one}" for name, one in self.steps()),
            ]
        )

    def steps(self) -> list[tuple[str, SoakSample]]:
        """The moments that are compared."""
        return [("at the start", self.samples[0]), ("warm", self.warm), ("at the end", self.last)]


def grown(first: SoakSample, then: SoakSample) -> list[str]:
    """What there is more of than comes and goes."""
    return [
        f"{name} {getattr(first, name)} -> {getattr(then, name)}"
        for name in ("tasks", "files", "sockets", "threads")
        if getattr(then, name) > getattr(first, name) + SPARE
    ]


def verdicts_of_soak(found: Soaked) -> Verdicts:
    """What must hold after any number of calls."""
    more = grown(found.samples[0], found.last)
    more_mb = found.last.memory_mb - found.warm.memory_mb
    return [
        (not found.lost, f"lost: {len(found.lost)}"),
        (not found.last.sessions, f"sessions left: {found.last.sessions}"),
        (not more, f"tasks, files, sockets, threads are back: {', '.join(more) or 'yes'}"),
        (
            more_mb <= FLAT_MB,
            f"memory is flat: {more_mb:+.1f} MB in {found.last.calls - found.warm.calls} calls",
        ),
        (not found.mute, f"calls in which the agent was not heard: {len(found.mute)}"),
        (found.recordings > 0, f"recordings: {found.recordings}"),
    ]


def failed(verdicts: Verdicts) -> bool:
    """Print them; whether one is bad."""
    for holds, what in verdicts:
        print(f"{'pass' if holds else 'fail'}: {what}")
    return not all(holds for holds, _ in verdicts)


def store(name: str, found: Struct) -> None:
    """Keep what was found, and write the page anew."""
    keep(name, found)
    PAGE.write_text(page(kept("soak", Soaked)), "utf-8")


HEAD: Final = """# Reliability

What happens to many calls, and to calls when things break. Both commands print what is below, end
with an error where something does not hold, and write this page with `--store`. `make test` runs a
short version of each.
"""


def page(soaked: Soaked | None) -> str:
    """The whole page."""
    parts = [HEAD]
    if soaked is not None:
        parts.append(_soak(soaked))
    return "\n".join(parts)


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    lines = [[*map(str, row)] for row in rows]
    head = list(head)
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *lines])


def _verdicts(verdicts: Verdicts) -> str:
    return "\n".join(f"- {'holds' if holds else '**fails**'}: {what}" for holds, what in verdicts)


def _soak(found: Soaked) -> str:
    held = ("tasks", "files", "sockets", "threads", "memory_mb")
    rows = [
        (name, one.calls, *(getattr(one, what) for what in held)) for name, one in found.steps()
    ]
    table = _table(("", "calls over", "tasks", "files", "sockets", "threads", "MB"), rows)
    command = f"--calls {found.calls} --at-once {found.at_once} --seed {found.seed} --store"
    return f"""## Soak

    python -m benchmarks.soak {command}

{found.calls:,} short phone calls in {found.seconds / 60:.0f} minutes over real sockets,
{found.calls / found.seconds:.1f} a second, on average {found.talked_s / found.seconds:.0f} on the
phone; {found.cut:,} were cut at a random moment. The server held:

{table}

{_verdicts(verdicts_of_soak(found))}

Our records: {found.rows:,} rows in {found.database_mb} MB, {found.recordings} recordings in
{found.recordings_mb} MB. {found.run.told}.
"""
