"""Which figures are measured, and how they stand beside the first aims (spec §15). Pure."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeVar

from msgspec import Struct

from benchmarks.capacity.rows import NONE, Row
from benchmarks.kept import Run
from benchmarks.percentile import percentile

FRAMES_PER_S: Final = 50  # each way, of a call
TESTED: Final = 50  # calls at once, at least
CHUNKS_PER_S: Final = 1_000
COMMAND: Final = "python -m benchmarks.targets --store"


class Spread(Struct, frozen=True):
    """Milliseconds: the median, the 95th percentile, and of how many."""

    p50: float
    p95: float
    n: int

    @property
    def told(self) -> str:
        return f"{self.p50:.1f}, 95 % {self.p95:.1f} ms"


def spread(seconds: Iterable[float]) -> Spread:
    """Of some durations."""
    ms = [1000 * one for one in seconds]
    if not ms:
        raise ValueError("nothing was measured")
    return Spread(round(statistics.median(ms), 2), round(percentile(ms, 95), 2), len(ms))


class Doors(Struct, frozen=True):
    """While so many calls were on: connecting, and the way of sound through the server."""

    calls: int
    refused: int  # further calls, as the server could not keep up just then
    page: Spread  # from the first byte to the server's first word, on `/ws`
    phone: Spread  # the carrier's media socket
    inward: Spread  # from the phone's frame to the recogniser's
    outward: Spread  # from the voice's first sound to the phone's first frame


class Waits(Struct, frozen=True):
    """Of so many calls with vendors as slow as they are: means, in milliseconds."""

    calls: int
    turns: int
    decided: float  # from the last speech frame to the end of the turn: the recogniser, and we
    token: float  # from there to the model's first word
    audio: float  # from the first piece of text to the voice's first sound
    sound: float  # from the last speech frame to the first sound sent
    heard: Spread  # from the callee's last word to what their ear heard next


class Measured(Struct, frozen=True):
    """All of one run."""

    run: Run
    resample_us: float  # of a 20 ms chunk, from 48 to 16 kHz
    doors: list[Doors]
    waits: list[Waits]
    rows: list[Row]  # calls, fewest first, and what they cost with vendors of constant speed

    @property
    def few(self) -> int:
        """Calls of the table's first column."""
        return self.rows[0].calls

    @property
    def many(self) -> int:
        """Calls of its second."""
        return self.rows[-1].calls


class Line(Struct, frozen=True):
    """One line of the table."""

    what: str
    aim: str
    few: str
    many: str
    holds: bool | None  # None: nothing was aimed at

    @property
    def told(self) -> str:
        word = {True: "yes", False: "**no**", None: ""}[self.holds]
        return f"| {self.what} | {self.aim} | {self.few} | {self.many} | {word} |"


def page(measured: Measured) -> str:
    """The whole of docs/targets.md."""
    table = "\n".join(line.told for line in lines(measured))
    return f"""# Targets

Written by `{COMMAND}`; do not edit. The aims are those of the product's first
specification. Vendors, carrier and callers are simulated. A wait for a vendor is as long as their
users measure it (`--profile typical`); what is Vantum's own of it stands in a line of its own.

| what | the original aim | {measured.few} calls | {measured.many} calls | holds |
| --- | --- | --- | --- | --- |
{table}

What misses is the vendors' own time, as the line of Vantum's own shows: a recogniser's words and
end of turn, a model's first word of 0.6 s, a voice's first sound of 0.2. Next: answers that begin
before the turn is confirmed, as they do by default with what can be guessed ([bars](bars.md) has
them with Flux), and a model that begins sooner.

Measured on {measured.run.told}.
The server has one core, all else the other. Connecting and the way of sound are measured at rest
instead of with {measured.few} calls. The original alerts are in
[alerts.yaml](../deploy/alerts.yaml): CPU over 90 % for 5 min, over 10 % of calls ended by an error
for 1 min, over 5 % of turns with a provider's fault.
"""


def lines(measured: Measured) -> Iterator[Line]:
    """The table, line by line."""
    rest, full = _of(measured.doors, 0), _of(measured.doors, measured.many)
    yield _spreads("connecting a page", "< 100 ms", rest.page, full.page)
    yield _spreads("connecting a phone's media", "< 100 ms", rest.phone, full.phone)
    yield _spreads("phone's frame to the recogniser", "< 50 ms", rest.inward, full.inward)
    yield _spreads("voice's first sound to the phone", "< 50 ms", rest.outward, full.outward)
    us = f"{measured.resample_us:.0f} µs"
    yield Line("resampling a chunk of 20 ms", "< 1 ms", us, us, measured.resample_us < 1_000)
    yield from _waited(_of(measured.waits, measured.few), _of(measured.waits, measured.many))
    yield from _sessions(measured.rows)


One = TypeVar("One", Doors, Waits, Row)


def _of(ones: Sequence[One], calls: int) -> One:
    return next(one for one in ones if one.calls == calls)


def _spreads(what: str, aim: str, few: Spread, many: Spread) -> Line:
    bound = float(aim.split()[1])
    return Line(what, aim, few.told, many.told, max(few.p95, many.p95) < bound)


def _waited(few: Waits, many: Waits) -> Iterator[Line]:
    aims = {
        "end of speech to end of turn": ("decided", "STT < 500 ms", 500),
        "end of turn to the model's first word": (
            "token",
            "LLM < 2 s, first token 300-500 ms",
            2e3,
        ),
        "text to the voice's first sound": ("audio", "TTS < 1 s, first chunk 500-800 ms", 1_000),
        "end of speech to sound sent": ("sound", "< 3 s", 3_000),
        "the same, the goal": ("sound", "< 500 ms", 500),
    }
    for what, (name, aim, bound) in aims.items():
        one, other = getattr(few, name), getattr(many, name)
        holds = max(one, other) < bound
        yield Line(what, aim, f"{one:.0f} ms", f"{other:.0f} ms", holds)
    heard = max(few.heard.p50, many.heard.p50) < 3_000
    yield Line(
        "callee's last word to sound in their ear", "< 3 s", few.heard.told, many.heard.told, heard
    )


def _sessions(rows: Sequence[Row]) -> Iterator[Line]:
    few, many = rows[0], rows[-1]
    added = [
        f"{round(one.added_p50_ms)}, 95 % {round(one.added_p95_ms)} ms" if one.turns else NONE
        for one in (few, many)
    ]
    yield Line("of that, Vantum's own, in steps of 20 ms", "", added[0], added[1], None)
    held = [f"{one.calls - one.lost} of {one.calls}, {one.gaps} gaps" for one in rows]
    whole = many.calls >= TESTED and not any(one.lost for one in rows)
    aim = "10 at launch, tested 50+, goal 50-100"
    yield Line("sessions held", aim, "; ".join(held[:-1]), held[-1], whole)
    per_s = [f"{one.calls * FRAMES_PER_S}/s in" for one in (few, many)]
    enough = many.calls * FRAMES_PER_S >= CHUNKS_PER_S and not many.lost
    yield Line("chunks", "1000/s", per_s[0], per_s[1], enough)
    memory = [f"{one.call_mb:.1f} MB" for one in (few, many)]
    yield Line("memory for each session", "< 50 MB", memory[0], memory[1], many.call_mb < 50)
    cpu = [f"{one.cpu_ms / 10:.1f} %" for one in (few, many)]
    yield Line("CPU for each session, of one core", "< 5 %", cpu[0], cpu[1], few.cpu_ms < 50)
