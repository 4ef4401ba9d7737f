"""What Vantum adds to its providers' own times, one call at a time, on simulated vendors.

    uv run python -m benchmarks.added_delay [--turns 20]

The simulator (`--profile bench`: endpointing 100 ms, first token 200 ms, 100 tokens/s, first audio
100 ms) and the server run in processes of their own. The simulator notes when it told something and
when it was asked for something; what lies between is the server's: from the end of the turn to the
question, from the first clause to its sound's request, from the first sound to the caller's ear.
Once more with Flux, which tells early that a turn may be over, with speculation off and on: there
the caller's wait counts, from the last speech sent to the first sound received.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from benchmarks.calibration import headline
from benchmarks.one_call import heard_at
from benchmarks.percentile import percentile
from vantum.talk import CHUNK_S, Caller
from vantum.wire.events import EVENTS, SUBPROTOCOL

RATE_HZ: Final = 16_000
SPEECH_CHUNKS: Final = 40
PATIENCE_S: Final = 15.0
# Endpointing, first token, the two tokens of the first clause, first audio.
SUM_MS: Final = 100 + 200 + 20 + 100


@contextmanager
def started(*words: str, announces: str, **settings: str) -> Iterator[str]:
    """A `vantum` command in a process of its own; yields the address that it announces."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "vantum", *words, "--port", "0"],
            env={**os.environ, **settings, "VANTUM_DATA_DIR": folder, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            assert process.stdout is not None
            found = (re.search(announces, line) for line in process.stdout)
            yield next(match for match in found if match).group(1)
        finally:
            process.terminate()
            process.wait(10)


async def one_call(port: str, turns: int) -> list[tuple[float, float]]:
    """For each turn, when the last speech was sent and when the first sound came."""
    loop = asyncio.get_running_loop()
    url = f"ws://127.0.0.1:{port}/ws"
    waits: list[tuple[float, float]] = []
    async with connect(url, subprotocols=[Subprotocol(SUBPROTOCOL)], max_size=None) as socket:
        caller = Caller(socket)
        reading = asyncio.ensure_future(caller.read())
        await caller.until(lambda: caller.is_greeted, PATIENCE_S)
        await caller.send(EVENTS.audio.input.START, {"samplingRate": RATE_HZ})
        size = round(RATE_HZ * CHUNK_S)
        loud, quiet = b"\x00\x30\x00\xd0" * (size // 2), bytes(2 * size)
        left, spoke_until, due = 0, 0.0, loop.time()
        while len(waits) < turns:
            due += CHUNK_S
            await asyncio.sleep(max(0.0, due - loop.time()))
            await caller.send(EVENTS.audio.input.CHUNK, {"audio": loud if left else quiet})
            if left == 1:
                spoke_until = loop.time()
            left = max(0, left - 1)
            at = heard_at(caller, spoke_until) if spoke_until else None
            if at is not None and caller.state == "RESPONDING":
                waits.append((spoke_until, at))
                spoke_until = 0.0
                await caller.send(EVENTS.user.action.INTERRUPT, {"timestamp": 0})
            if not left and not spoke_until and caller.state == "LISTENING":
                left = SPEECH_CHUNKS
        reading.cancel()
    return waits


def added_ms(moments: list[tuple[float, str]], heard_at: float) -> float | None:
    """The server's share of the turn whose first sound came at `heard_at`."""

    def last(what: str, until: float) -> float:
        return max((at for at, name in moments if name == what and at <= until), default=0.0)

    def first(what: str, since: float) -> float:
        return min((at for at, name in moments if name == what and at > since), default=0.0)

    asked = last("answer_asked", heard_at)
    sound_asked = first("sound_asked", asked)
    ended, written = last("turn_ended", asked), last("tokens_written", sound_asked)
    begun = first("sound_begun", sound_asked)
    if not (ended and written > asked and begun):
        return None
    return 1000 * ((asked - ended) + (sound_asked - written) + (heard_at - begun))


def summary(name: str, figures: list[float]) -> str:
    p95 = percentile(figures, 95)
    return f"{name}: p50 {statistics.median(figures):.1f} ms  p95 {p95:.1f} ms  n {len(figures)}"


def measure(simulator: str, turns: int, **settings: str) -> list[tuple[float, float]]:
    given = {
        "LLM_PROVIDER": "openai",
        "TTS_PROVIDER": "cartesia",
        "DEEPGRAM_BASE_URL": simulator,
        "OPENAI_BASE_URL": f"{simulator}/v1",
        "CARTESIA_BASE_URL": simulator,
    } | settings
    with started("serve", announces=r'"port": (\d+)', **given) as port:
        return asyncio.run(one_call(port, turns))


def main(turns: int) -> None:
    print(headline())
    # The caller's clock is the event loop's; the simulator's is the machine's.
    offset = time.monotonic() - asyncio.new_event_loop().time()
    with started("simulate", "--profile", "bench", announces=r"played on (\S+)") as simulator:
        waits = measure(simulator, turns, STT_PROVIDER="deepgram", LLM_SPECULATION="0")
        moments = [(at, what) for at, what in httpx.get(f"{simulator}/simulator/moments").json()]
        added = [added_ms(moments, heard_at + offset) for _, heard_at in waits]
        print(summary("added by Vantum", [figure for figure in added if figure is not None]))
        for number in ("0", "1"):
            waits = measure(simulator, turns, STT_PROVIDER="deepgram-flux", LLM_SPECULATION=number)
            name = f"waited, Flux, speculation {number} (the providers' sum is {SUM_MS} ms)"
            print(summary(name, [1000 * (at - until) for until, at in waits]))
    print(headline())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=20)
    main(parser.parse_args().turns)
