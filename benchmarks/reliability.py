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
REFUSED: Final = 0.001  # of the calls: a carrier that hesitates, as this one's machine does
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
    database: str = "SQLite"
    samples: list[SoakSample]
    late_ticks: int  # of the carrier's clock, which blur what the callees' ears measured
    lost: list[str]
    statuses: dict[str, int]
    outcomes: dict[str, int]
    cut: int
    refused: int  # calls that we would not place
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
                f"the phone on average; {self.cut} were cut, {self.refused} refused; on "
                f"{self.database}",
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
        (found.refused <= REFUSED * found.calls, f"calls refused: {found.refused}"),
        (found.recordings > 0, f"recordings: {found.recordings}"),
    ]


class Chaos(Struct, frozen=True, kw_only=True):
    """What came of live calls and a campaign while faults were made."""

    run: Run
    database: str
    seed: int
    minutes: float  # of faults
    seconds: float  # until the last of them was over
    planned: dict[str, int] = {}  # faults of the house that there was all for
    done: dict[str, int]  # of these
    struck: dict[str, int]  # faults of vendors that a call has met
    back_s: dict[str, float]  # the longest until both servers were ready, by fault
    bad_inputs: dict[str, int]  # by door
    bad_answers: list[str]
    talks: int  # live calls, on the server that was left alone
    early: list[str]  # of these
    turns: int
    longest_s: float  # that a caller waited for an answer
    too_long: list[str]
    lost: list[str]
    contacts: int
    attempts: int
    dials: int
    unknown: int  # whether they rang, only the carrier can say
    wrong: list[str]
    before: SoakSample
    after: SoakSample

    @property
    def told(self) -> str:
        return "\n".join(
            [
                f"{self.seconds:.0f} s on {self.database}, seed {self.seed}",
                f"faults of the house {self.done}",
                f"ready again after (s, at most) {self.back_s}",
                f"faults of vendors {sum(self.struck.values())}: {self.struck}",
                f"bad inputs {sum(self.bad_inputs.values())}: {self.bad_inputs}",
                f"live calls {self.talks}, turns {self.turns}, longest wait {self.longest_s:.2f} s",
                f"contacts {self.contacts}, attempts {self.attempts}, dials {self.dials}, unknown "
                f"{self.unknown}",
                f"before {self.before}",
                f"after {self.after}",
            ]
        )


READY_S: Final = 30.0  # a server that is begun anew needs 3 s of a core that has nothing else to do


def verdicts_of_chaos(found: Chaos) -> Verdicts:
    """What must hold whatever is done to it."""
    more = grown(found.before, found.after)
    slowest_s = max(found.back_s.values(), default=0.0)
    planned, done, struck = (
        sum(each.values()) for each in (found.planned, found.done, found.struck)
    )
    missed = [what for what, times in found.planned.items() if found.done.get(what, 0) < times]
    bad_inputs = sum(found.bad_inputs.values())
    return [
        (not found.wrong, f"contacts dialled twice, or lost: {len(found.wrong)}"),
        (not found.lost, f"live calls lost: {len(found.lost)}"),
        (not found.early, f"live calls that ended early: {len(found.early)}"),
        (not found.too_long, f"silences over 2 s that nothing explains: {len(found.too_long)}"),
        (not found.bad_answers, f"bad inputs answered as our own fault: {len(found.bad_answers)}"),
        (slowest_s <= READY_S, f"servers ready again after {slowest_s:.1f} s at most"),
        (not more, f"tasks, files, sockets, threads are back: {', '.join(more) or 'yes'}"),
        (
            not missed and min(done, struck, bad_inputs) > 0,
            f"faults of the house done: {done} of {planned}, of vendors met: {struck}, "
            f"bad inputs: {bad_inputs}",
        ),
        (found.talks > 0 and found.dials > 0, f"live calls {found.talks}, dials {found.dials}"),
    ]


def failed(verdicts: Verdicts) -> bool:
    """Print them; whether one is bad."""
    for holds, what in verdicts:
        print(f"{'pass' if holds else 'fail'}: {what}")
    return not all(holds for holds, _ in verdicts)


def store(name: str, found: Struct) -> None:
    """Keep what was found, and write the page anew."""
    keep(name, found)
    PAGE.write_text(written(), "utf-8")


HEAD: Final = """# Reliability

What happens to many calls (`python -m benchmarks.soak`), and to calls when things break
(`python -m benchmarks.chaos`). Both commands print what is below, end with an error where something
does not hold, and write this page with `--store`. `make test` runs a short version of each.
"""


def page(soaked: Soaked | None, chaos: Chaos | None) -> str:
    """The whole page."""
    parts = [HEAD]
    if soaked is not None:
        parts.append(_soak(soaked))
    if chaos is not None:
        parts.append(_chaos(chaos))
    return "\n".join(parts)


def written() -> str:
    """The page as it must be, by the results that are kept."""
    return page(kept("soak", Soaked), kept("chaos", Chaos))


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
    command = (
        f"--calls {found.calls} --at-once {found.at_once} --seed {found.seed} "
        f"--database {found.database.lower()} --store"
    )
    verdicts = _verdicts(verdicts_of_soak(found))
    return f"""## Soak

    python -m benchmarks.soak {command}

{found.calls:,} short phone calls in {found.seconds / 60:.0f} minutes over real sockets,
{found.calls / found.seconds:.1f} a second, on average {found.talked_s / found.seconds:.0f} on the
phone; {found.cut:,} were cut at a random moment. The server held:

{table}

{verdicts}

Our records: {found.rows:,} rows in {found.database_mb} MB, {found.recordings} recordings in
{found.recordings_mb} MB. {found.run.told}.
"""


def _chaos(found: Chaos) -> str:
    command = (
        f"--seed {found.seed} --minutes {found.minutes:g} "
        f"--database {found.database.lower()} --store"
    )
    rows = [(what, count, f"{found.back_s[what]:.1f} s") for what, count in found.done.items()]
    house = _table(("fault", "times", "both servers ready again within"), sorted(rows))
    vendors = ", ".join(f"{name} ({count})" for name, count in sorted(found.struck.items()))
    strangers = ", ".join(f"{door} ({n})" for door, n in sorted(found.bad_inputs.items()))
    return f"""## Chaos

    python -m benchmarks.chaos {command}

{found.seconds:.0f} seconds of faults on {found.database}, while a campaign dialled
{found.dials:,} times for {found.contacts:,} contacts on the server that was struck, and
{found.talks} people talked with the other one ({found.turns:,} turns, the longest wait
{found.longest_s:.1f} s).

{house}

Faults of vendors that met a call, one at a time: {sum(found.struck.values())}. {vendors}.

Bad inputs tried: {sum(found.bad_inputs.values()):,}. {strangers}.

{_verdicts(verdicts_of_chaos(found))}

Of {found.unknown} attempts only the carrier knows whether they rang; none was repeated as such.
{found.run.told}.

Left out, since [faults.md](faults.md) says that they end a call or its sound: a recogniser that
refuses our key or wants to be paid, a voice whose quota is used up, the phone's own stream that
breaks off. The disk is full in that no file of these processes may grow (`RLIMIT_FSIZE`); their
clock is an hour off by a few lines of C before the C library, and the database's is not.
"""
