"""What was aimed at first beside what is measured, at rest and with many calls.

    uv run python -m benchmarks.targets [--calls 10,50,100] [--store]

Takes five minutes. `--store` keeps the figures in benchmarks/results and writes docs/targets.md.
The server runs on the first core; simulator (vendors, carrier, callers) and this program on the
last. Delays of the doors come from a phone and a recogniser of this program's own; those of answers
from the simulated callees' ears and the server's own metrics.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Final

import httpx

from benchmarks.calibration import headline
from benchmarks.capacity.measuring import RING_PER_S, calls_of, hang_up, measure, ring, script
from benchmarks.capacity.programs import CORES, PROGRAMS, Program, simulator, vantum
from benchmarks.kept import keep, this_run
from benchmarks.parts import frames_resampled, per_operation_us
from benchmarks.ports import free_port
from benchmarks.targets.figures import (
    Doors,
    Measured,
    Waits,
    lines,
    page,
    spread,
)
from benchmarks.targets.phone import FRAMES, Ear, Visit, listening, page_connects, phone_visits
from vantum.agents.schema import FILES

NAME: Final = "targets"
PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "targets.md"
VISITS: Final = 15
SECONDS: Final = 30.0  # in which everybody is answered twice
TALK_S: Final = 30.0
GREETED_S: Final = 8.0  # after which those who called first have heard the greeting out
WORD_S: Final = 0.3  # no voice is later than this, between a machine and itself


def doors(many: int) -> list[Doors]:
    """Connecting, and sound's way, at rest and among many."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, simulator() as vendors:
        # Nothing but the greeting is said, so that each voice that begins is known by its moment.
        agent = Path(folder) / "silent.yaml"
        text = (FILES / "sales.yaml").read_text("utf-8")
        agent.write_text(re.sub("nudge_after_s: .*", "nudge_after_s: 600", text), "utf-8")
        settings = {"DEEPGRAM_BASE_URL": f"http://127.0.0.1:{port}", "VANTUM_AGENT": str(agent)}
        with vantum(**settings)(vendors.url) as server:
            return asyncio.run(_doors(vendors, server, port, many))


async def _doors(vendors: Program, server: Program, port: int, many: int) -> list[Doors]:
    async with listening(port) as ear, httpx.AsyncClient(timeout=60) as http:
        numbers = count(0, FRAMES)  # of the first frame of each visit
        found = [await _visited(ear, http, vendors, server, numbers, calls=0)]
        with httpx.Client(base_url=vendors.url, timeout=30) as door:
            sids = await asyncio.to_thread(ring, door, server, many, script(0.0))
            await asyncio.sleep(GREETED_S)
            found.append(await _visited(ear, http, vendors, server, numbers, calls=many))
            await asyncio.to_thread(hang_up, door, sids)
    return found


async def _visited(
    ear: Ear,
    http: httpx.AsyncClient,
    vendors: Program,
    server: Program,
    numbers: Iterator[int],
    *,
    calls: int,
) -> Doors:
    pages = [await page_connects(server.url) for _ in range(VISITS)]
    await phone_visits(http, server.url, next(numbers))  # which opens what stays open
    tried = [await _visit(http, server, next(numbers)) for _ in range(VISITS)]
    visits = [visit for visit in tried if visit is not None]
    moments = (await http.get(f"{vendors.url}/simulator/moments")).json()
    sent = {number: at for visit in visits for number, at in visit.sent.items()}
    return Doors(
        calls=calls,
        refused=len(tried) - len(visits),
        page=spread(pages),
        phone=spread(visit.connected_s for visit in visits),
        inward=spread(
            ear.arrived[number] - at for number, at in sent.items() if number in ear.arrived
        ),
        outward=spread(_outward(visits, moments)),
    )


async def _visit(http: httpx.AsyncClient, server: Program, number: int) -> Visit | None:
    visit = await phone_visits(http, server.url, number)
    await asyncio.sleep(0.2 if visit else 2.0)
    return visit


def _outward(visits: list[Visit], moments: list[tuple[float, str]]) -> Iterator[float]:
    """From when the voice began to when the phone heard it."""
    begun = [at for at, what in moments if what == "sound_begun"]
    for visit in visits:
        before = [at for at in begun if visit.heard_at - WORD_S < at < visit.heard_at]
        if before:
            yield visit.heard_at - before[-1]


def waits(calls: int) -> Waits:
    """How long callers wait with vendors as slow as they are."""
    with (
        simulator("typical") as vendors,
        vantum()(vendors.url) as server,
        httpx.Client(base_url=vendors.url, timeout=30) as door,
    ):
        sids = ring(door, server, calls, script(TALK_S + calls / RING_PER_S))
        time.sleep(TALK_S)
        legs = [one for one in calls_of(door, sids) if one["measures"]]
        metrics = httpx.get(f"{server.url}/metrics").text
        hang_up(door, sids)
    mean = {
        stage: _mean_ms(metrics, stage)
        for stage in ("decided", "token", "segment", "audio", "sound")
    }
    turns = re.search(r'stage_seconds_count\{stage="sound"\} (\S+)', metrics)
    assert turns is not None
    return Waits(
        calls=calls,
        turns=int(float(turns[1])),
        decided=mean["decided"],
        token=mean["token"] - mean["decided"],
        audio=mean["audio"] - mean["segment"],
        sound=mean["sound"],
        heard=spread(wait for leg in legs for wait in leg["measures"]["waits_s"][1:]),
    )


def _mean_ms(metrics: str, stage: str) -> float:
    told = [
        re.search(rf'vantum_turn_stage_seconds_{what}{{stage="{stage}"}} (\S+)', metrics)
        for what in ("sum", "count")
    ]
    total, count = (float(one[1]) if one else 0.0 for one in told)
    return round(1000 * total / count, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", action="store_true")
    parser.add_argument("--calls", default="10,50,100")
    given = parser.parse_args()
    steps = sorted(map(int, given.calls.split(",")))
    os.sched_setaffinity(0, {CORES[-1]})
    print(headline(), flush=True)
    measured = Measured(
        run=this_run(),
        resample_us=round(per_operation_us(frames_resampled), 1),
        doors=doors(steps[-1]),
        waits=[waits(calls) for calls in (steps[0], steps[-1])],
        rows=[measure("vantum", PROGRAMS["vantum"], calls, SECONDS) for calls in steps],
    )
    print("\n".join(line.told for line in lines(measured)))
    print(headline())
    if given.store:
        keep(NAME, measured)
        PAGE.write_text(page(measured), "utf-8")


if __name__ == "__main__":
    main()
