"""Many phone calls at once on the simulated carrier: what did those who answered hear?

    uv run python -m benchmarks.many_phones [--calls 40] [--per-s 4] [--kinds 00] [--cut]

The simulator (`--profile bench`) and the server run in processes of their own. `--kinds` names who
answers, by the last two digits, in turn, or `all`; `--cut` hangs up each call at a random moment.
Printed: what came of the calls, what the carrier and the server still hold, and as the callees'
ears measured it the time from answer to first sound, sound heard on after an interruption, gaps
over 40 ms inside a sentence; last, whether that passes. A first call warms up and is not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from benchmarks.added_delay import started
from benchmarks.calibration import headline
from benchmarks.percentile import percentile
from benchmarks.ports import free_port
from vantum.simulator.callees import BY_NUMBER
from vantum.simulator.customer import carrier_settings, speech_settings
from vantum.web.access import TOKEN_FILE

PATIENCE_S: Final = 180.0
START_S: Final = 60.0
CUT_S: Final = 20.0  # by then all but the longest talks are under way
PROGRESS_S: Final = 10.0
KEPT_S: Final = 90.0  # the model's connections are kept for a minute
SPARE: Final = 16  # tasks come and go; the pool of the database opens its files as it needs them
OVER: Final = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})  # of a leg
HOLDINGS: Final = {
    "tasks": "vantum_tasks",
    "open files": "vantum_process_open_fds",
    "memory in bytes": "vantum_process_resident_memory_bytes",
}


class Asked(argparse.Namespace):
    """The command line."""

    calls: int
    at_once: int
    kinds: str
    per_s: float
    cut: bool


async def _calls(http: httpx.AsyncClient, numbers: list[str], asked: Asked) -> Counter[str]:
    """Call everybody, so many at once; what came of each."""
    dice = random.Random(1)
    lines = asyncio.Semaphore(asked.at_once)
    done: Counter[str] = Counter()

    async def one(number: str, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        async with lines:
            done[await outcome(number)] += 1

    async def outcome(number: str) -> str:
        placed = (await http.post("/api/v1/calls", json={"to": number})).json()
        deadline = time.monotonic() + PATIENCE_S
        cut_at = time.monotonic() + dice.uniform(0.0, CUT_S) if asked.cut else deadline
        while time.monotonic() < deadline:
            call = (await http.get(f"/api/v1/calls/{placed['id']}")).json()
            if call["outcome"] is not None:
                return str(call["outcome"]["outcome"])
            if time.monotonic() > cut_at:
                await http.post(f"/api/v1/calls/{placed['id']}/hang-up")
                cut_at = deadline
            await asyncio.sleep(0.5)
        return "unsettled"

    telling = asyncio.create_task(_tell_progress(done, len(numbers)), name="progress")
    try:
        await asyncio.gather(*(one(number, n / asked.per_s) for n, number in enumerate(numbers)))
    finally:
        telling.cancel()
    return done


async def _tell_progress(done: Counter[str], calls: int) -> None:
    began = time.monotonic()
    while True:
        await asyncio.sleep(PROGRESS_S)
        after_s = time.monotonic() - began
        print(f"{after_s:.0f} s: {done.total()} of {calls} calls are over", file=sys.stderr)


def _heard(calls: list[dict[str, Any]]) -> Iterator[str]:
    """For each kind of callee, what reached their ears."""
    for kind in sorted({call["kind"] for call in calls}):
        measures = [c["measures"] for c in calls if c["kind"] == kind and c["measures"]]
        if measures:
            yield from _told(kind, measures)


def _told(kind: str, measures: list[dict[str, Any]]) -> Iterator[str]:
    gaps = [gap["length_s"] for m in measures for gap in m["gaps"]]
    longest = f", the longest {max(gaps) * 1000:.0f} ms" if gaps else ""
    yield f"{kind:12} answered {len(measures):3}, gaps over 40 ms: {len(gaps)}{longest}"
    first = [m["first_sound_s"] for m in measures if m["first_sound_s"] is not None]
    heard_on = [seconds for m in measures for seconds in m["heard_on_s"]]
    for name, values in (("first sound after answer", first), ("heard on when cut", heard_on)):
        if values:
            at_95, middle = percentile(values, 95), statistics.median(values)
            yield f"{'':12} {name}: median {middle:.2f} s, p95 {at_95:.2f}, n {len(values)}"


async def held(http: httpx.AsyncClient) -> dict[str, float]:
    """What the server holds: work, open files and sockets, memory."""
    page = (await http.get("/metrics")).text
    return {
        name: float(found[1])
        for name, pattern in HOLDINGS.items()
        if (found := re.search(rf"^{pattern} (\S+)$", page, re.MULTILINE))
    }


async def _run(simulator: str, server: str, token: str, numbers: list[str], asked: Asked) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    limits = httpx.Limits(max_connections=50, max_keepalive_connections=1)
    async with (
        httpx.AsyncClient(base_url=server, headers=headers, timeout=60, limits=limits) as http,
        httpx.AsyncClient(base_url=simulator, timeout=60) as carrier,
    ):
        await _calls(http, numbers[:1], asked)  # what a first call opens may stay open
        before, warm = await held(http), len((await _told_by(carrier))["calls"])
        print(dict(await _calls(http, numbers, asked)))
        told = await _told_by(carrier)
        legs = told["calls"][: len(told["calls"]) - warm]  # the newest come first
        print(f"the carrier's late ticks {told['late_ticks']}")
        print("\n".join(_heard(legs)))
        after = await _settled(http, before)
        print(", ".join(f"{name} {before[name]:.0f} -> {after[name]:.0f}" for name in before))
        sessions = (await http.get("/health")).json()["sessions"]["total"]
        print("\n".join(_verdicts(legs, sessions, before, after)))


async def _settled(http: httpx.AsyncClient, before: dict[str, float]) -> dict[str, float]:
    """What is held once connections that are kept for the next call have had their time."""
    ends = time.monotonic() + KEPT_S
    while True:
        after = await held(http)
        back = all(after[name] <= before[name] + SPARE for name in ("tasks", "open files"))
        if back or time.monotonic() > ends:
            return after
        await asyncio.sleep(5)


async def _told_by(carrier: httpx.AsyncClient) -> Any:
    """All calls, and how late the carrier was, which blurs every measure."""
    return (await carrier.get("/simulator/calls")).json()


def _verdicts(
    legs: list[dict[str, Any]], sessions: int, before: dict[str, float], after: dict[str, float]
) -> Iterator[str]:
    """What must hold after any number of calls, and whether it does."""
    left = sum(leg["status"] not in OVER for leg in legs)
    gaps = sum(len(leg["measures"]["gaps"]) for leg in legs if leg["measures"])
    more = {name: after[name] - before[name] for name in ("tasks", "open files") if name in after}
    told = ", ".join(f"{count:+.0f} {name}" for name, count in more.items())
    for holds, what in (
        (left == 0, f"no open leg ({left})"),
        (sessions == 0, f"no session left ({sessions})"),
        (bool(more) and max(more.values()) <= SPARE, f"tasks and files are back ({told})"),
        (gaps == 0, f"no gap over 40 ms ({gaps})"),
    ):
        yield f"{'pass' if holds else 'fail'}: {what}"


def on_the_phone(simulator: str) -> dict[str, str]:
    """The settings of a server whose carrier and providers are simulated."""
    model = {"LLM_PROVIDER": "openai", "OPENAI_BASE_URL": f"{simulator}/v1"}
    staged = carrier_settings(simulator) | speech_settings(simulator) | model
    return staged | {"LOG_LEVEL": "error"}


@contextmanager
def serving(settings: dict[str, str], cores: Collection[int] = ()) -> Iterator[tuple[str, Path]]:
    """A server of its own that calls can be asked of: its address, and its data folder.

    `cores` are what it may use; else what this process may.
    """
    cores = cores or os.sched_getaffinity(0)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "vantum", "serve", "--port", str(port)],
            env={**os.environ, **settings, "PUBLIC_URL": address, "VANTUM_DATA_DIR": folder},
            stdout=subprocess.DEVNULL,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),  # noqa: PLW1509 - one thread
        )
        try:
            ends = time.monotonic() + START_S
            while time.monotonic() < ends and not _answers(f"{address}/ready"):
                time.sleep(0.2)
            yield address, Path(folder)
        finally:
            process.terminate()
            process.wait(15)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=40)
    parser.add_argument("--kinds", default="00", help="last two digits, or all")
    parser.add_argument("--at-once", type=int, default=40)
    parser.add_argument("--per-s", type=float, default=4, help="calls placed; carriers allow 1")
    parser.add_argument("--cut", action="store_true")
    asked = parser.parse_args(namespace=Asked())
    print(headline())
    with started("simulate", "--profile", "bench", announces=r"on (http://\S+)") as simulator:
        kinds = list(BY_NUMBER) if asked.kinds == "all" else asked.kinds.split(",")
        numbers = [f"+155501{n:03}{kinds[n % len(kinds)]}" for n in range(asked.calls)]
        with serving(on_the_phone(simulator)) as (server, folder):
            token = (folder / TOKEN_FILE).read_text("ascii")
            asyncio.run(_run(simulator, server, token, numbers, asked))


if __name__ == "__main__":
    main()
