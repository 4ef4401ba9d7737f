"""Who interrupts, and who only nods? The whole core on speech, in virtual time.

    uv run python -m benchmarks.interruptions [--local] [--cases 30] [--store] [--recordings FOLDER]

For each variant of the line so many back-channels and so many interruptions are said into an
answer of the agent, and a quarter as many answers to its questions, numbers and addresses. The
words are known beforehand; with `--local` the local recogniser hears them. At last the time from
speech at the socket to the carrier's buffer being cleared. Where fewer than 95 % are right (words
known) or the clearing takes too long it says where, and exits with 1. `--store` keeps the figures
in benchmarks/results.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
import structlog

from benchmarks.calibration import calibrate, headline
from benchmarks.interruptions.barge_in import barge_ins
from benchmarks.interruptions.calls import Case, Course, LineKind, run_all
from benchmarks.interruptions.corpus import RECORDINGS, Kind, clips
from benchmarks.interruptions.judging import HELD_S, why_wrong
from benchmarks.interruptions.lines import Surroundings, VirtualLoop
from benchmarks.percentile import percentile
from vantum.providers.local import engine

STORED: Final = Path(__file__).parent.parent / "results" / "interruptions.json"
ECHO_S: Final = (0.05, 0.2)
NOISES_DB: Final = (20.0, 15.0, 10.0)
SHARES: Final[dict[Kind, float]] = {"nod": 1, "interruption": 1, "answer": 0.25, "dictation": 0.25}
RIGHT: Final = 0.95  # of each kind in each variant, where the words are known beforehand
BARGE_INS: Final = 40  # calls in each mode
VARIANTS: Final[dict[str, LineKind]] = {
    "clean, 16 kHz": "page",
    "phone": "phone",
    "phone, noise": "phone",
    "phone, echo": "phone",
    "phone, noise and echo": "phone",
}


def cases(
    variant: str,
    count: int,
    folder: Path = RECORDINGS,
    shares: Mapping[Kind, float] = SHARES,
) -> list[Case]:
    """The calls of one variant, the same each time."""
    dice = random.Random(variant)
    made: list[Case] = []
    for kind, share in shares.items():
        for clip in clips(kind, max(1, round(count * share)), dice, folder):
            around = Surroundings(
                noise_db=dice.choice(NOISES_DB) if "noise" in variant else None,
                echo_delay_s=dice.uniform(*ECHO_S) if "echo" in variant else None,
                seed=len(made),
            )
            made.append(Case(len(made), variant, VARIANTS[variant], clip, around, dice.random()))
    return made


def played(chosen: list[Case], decode: engine.Recognise | None = None) -> list[Course]:
    """Run them in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(run_all(chosen, decode))


class Row(msgspec.Struct):
    """One variant and kind."""

    variant: str
    kind: Kind
    count: int
    right: int
    held_p95_ms: float | None
    held_in_time: float | None  # share of those that were held at all
    held_alone: int  # holds while nobody spoke

    @property
    def rate(self) -> float:
        return self.right / self.count


def row(variant: str, kind: Kind, courses: list[Course], wrong: list[str]) -> Row:
    # only dictation is said while the agent is silent
    held = [one.held_s for one in courses if one.held_s is not None and kind != "dictation"]
    return Row(
        variant,
        kind,
        len(courses),
        sum(not why for why in wrong),
        round(1000 * percentile(held, 95), 1) if held else None,
        round(sum(one <= HELD_S for one in held) / len(courses), 3) if held else None,
        sum(course.held_before for course in courses),
    )


def report(variant: str, courses: list[Course]) -> list[Row]:
    rows = []
    for kind in SHARES:
        mine = [course for course in courses if course.case.clip.kind == kind]
        wrong = [why_wrong(course) for course in mine]
        rows.append(made := row(variant, kind, mine, wrong))
        held = "-" if made.held_p95_ms is None else f"{made.held_p95_ms:.0f}"
        print(
            f"{variant:<22}{kind:<13}{made.right:4}/{made.count:<4}{made.rate:7.1%}"
            f"   held p95 {held:>4} ms, {made.held_in_time or 0:.0%} in time,"
            f" {made.held_alone} without a caller"
        )
        misses = Counter(
            f"{course.case.clip.text!r}: {why}"
            for course, why in zip(mine, wrong, strict=True)
            if why
        )
        for text, count in misses.most_common(12):
            print(f"      {count} x {text}")
    return rows


class Time(msgspec.Struct):
    """How soon the carrier's buffer was cleared in one mode."""

    mode: str
    count: int
    median_ms: float
    p95_ms: float
    bar_ms: float


def time_of(mode: str, figures: list[float]) -> Time:
    """From speech at our socket with local voice activity, else from the recogniser's event."""
    bar_ms = 100.0 if mode.startswith("local") else 20.0
    median_ms = round(statistics.median(figures), 1)
    return Time(mode, len(figures), median_ms, round(percentile(figures, 95), 1), bar_ms)


def misses(rows: list[Row], times: list[Time], *, scripted: bool) -> list[str]:
    """What falls short of its bar, and where."""
    few = [one for one in rows if scripted and one.rate < RIGHT]
    slow = [one for one in times if one.p95_ms > one.bar_ms]
    unheard = [one for one in times if one.count < RIGHT * BARGE_INS]
    return [
        *(f"{one.variant}, {one.kind}: {one.rate:.1%} right, not {RIGHT:.0%}" for one in few),
        *(f"{one.mode}: p95 {one.p95_ms:.0f} ms, not {one.bar_ms:.0f} ms" for one in slow),
        *(f"{one.mode}: {one.count} of {BARGE_INS} calls were cleared" for one in unheard),
    ]


class Stored(msgspec.Struct):
    """What is kept with the benchmarks; `heard` says by whom the words were written."""

    heard: str
    load: float
    calibration_ms: float
    rows: list[Row]
    times: list[Time]


def store(asked: Asked, rows: list[Row], times: list[Time]) -> None:
    STORED.parent.mkdir(exist_ok=True)
    heard = "the local recogniser" if asked.local else "scripted"
    old = msgspec.json.decode(STORED.read_bytes(), type=list[Stored]) if STORED.exists() else []
    kept = [one for one in old if one.heard != heard]
    figures = (round(os.getloadavg()[0], 1), round(1000 * calibrate(), 1))
    kept.append(Stored(heard, *figures, rows, times))
    STORED.write_bytes(msgspec.json.format(msgspec.json.encode(kept), indent=1) + b"\n")


class Asked(argparse.Namespace):
    local: bool
    cases: int
    store: bool
    recordings: Path


def main(asked: Asked) -> list[str]:
    """Measure; returns what falls short."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    print(headline())
    decode = engine.load_recogniser() if asked.local else None
    rows: list[Row] = []
    began = time.perf_counter()
    for variant in VARIANTS:
        rows += report(variant, played(cases(variant, asked.cases, asked.recordings), decode))
    print(headline())
    barges = barge_ins(BARGE_INS)
    times = [time_of(mode, figures) for mode, figures in barges.items()]
    for one in times:
        print(
            f"{one.mode:<22}speech to clear, {one.count} calls:"
            f" median {one.median_ms:.0f} ms, p95 {one.p95_ms:.0f} ms (bar {one.bar_ms:.0f})"
        )
    took_s = time.perf_counter() - began
    print(f"{sum(one.count for one in rows)} calls in {took_s:.0f} s")
    print(headline())
    if asked.store:
        store(asked, rows, times)
    return misses(rows, times, scripted=not asked.local)


def at_least_one(text: str) -> int:
    """Of each kind: with none there is nothing to measure."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'got "{text}", allowed is 1 or more')
    return int(text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--local", action="store_true")
    parser.add_argument("--cases", type=at_least_one, default=30)
    parser.add_argument("--store", action="store_true")
    parser.add_argument("--recordings", type=Path, default=RECORDINGS, metavar="FOLDER")
    missed = main(parser.parse_args(namespace=Asked()))
    print("\n".join(f"MISSED {one}" for one in missed) or "all bars are met")
    sys.exit(bool(missed))
