"""Our recording of a phone call beside the simulated carrier's own: do they tell the same?

    uv run python -m benchmarks.phone_recording

Three calls at once: a person on a good line, one on a line that loses and delays, one who cuts in.
Each turn's wait is printed by our recording, by our clock, and as the carrier has it. The bars:
clocks drift by less than 0.1 %, the agent is within 20 ms of where the carrier played it beside the
caller, and our clock agrees with the recording to 20 ms. What was cleared before the callee heard
it must not be in the recording.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec

from benchmarks.added_delay import started
from benchmarks.calibration import headline
from benchmarks.many_phones import PATIENCE_S, on_the_phone, serving
from benchmarks.two_recordings import Compared, compare, read_opus, read_wav
from benchmarks.waits import Told, told, truth
from vantum.telephony.settled import Turn
from vantum.web.access import TOKEN_FILE

BAD: Final = {"jitter_s": 0.06, "burst_share": 0.005, "burst_s": 0.2, "loss_share": 0.02}
CALLS: Final = {
    "a good line": ("+15550100100", {}),
    "jitter, stalls, loss": ("+15550100200", BAD),
    "an interruption": ("+15550100110", {}),
}


async def _over(http: httpx.AsyncClient, call_id: str) -> Any:
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        call = (await http.get(f"/api/v1/calls/{call_id}")).json()
        if call["outcome"] is not None:
            return call["outcome"]
        await asyncio.sleep(0.5)
    raise TimeoutError(call_id)


def _made(path: Path) -> bytes:
    """The Opus file, which another program makes after the call."""
    ends = time.monotonic() + PATIENCE_S
    while not path.exists() and time.monotonic() < ends:
        time.sleep(0.1)
    return path.read_bytes()


def _told(name: str, one: Compared) -> str:
    least, most = (seconds * 1000 for seconds in one.apart_s)
    return (
        f"{name:<22}{one.length_s:6.1f} s  drift {one.drift:.4%}  "
        f"agent beside caller {least:+.0f} to {most:+.0f} ms  "
        f"only in ours {one.only_ours_s:.2f} s, only in the carrier's {one.only_theirs_s:.2f} s"
    )


def _waited(turn: Told) -> str:
    recorded, clocked = round(turn.recorded_s * 1000), round(turn.clocked_s * 1000)
    way = round(turn.way_s * 1000)
    return (
        f"{'':<22}waited {recorded:4} ms, {turn.recording_off_s * 1000:+.0f} beside the carrier's; "
        f"by our clock {clocked:4} + {way:2} on the way ({turn.clock_off_s * 1000:+.0f})"
    )


async def _run(carrier_url: str, server_url: str, folder: Path) -> None:
    headers = {"Authorization": f"Bearer {(folder / TOKEN_FILE).read_text('ascii')}"}
    async with (
        httpx.AsyncClient(base_url=server_url, headers=headers, timeout=60) as http,
        httpx.AsyncClient(base_url=carrier_url, timeout=60) as carrier,
    ):

        async def one(name: str, number: str, weather: dict[str, float]) -> None:
            cast = {"number": number, "weather": weather}
            if weather:
                (await carrier.post("/simulator/callees", json=cast)).raise_for_status()
            placed = (await http.post("/api/v1/calls", json={"to": number})).json()
            outcome = await _over(http, placed["id"])
            ours = read_opus(await asyncio.to_thread(_made, folder / outcome["recording"]))
            theirs = await carrier.get(f"/simulator/calls/{outcome['sid']}/recording.wav")
            print(_told(name, compare(ours, read_wav(theirs.content))))
            said = (await carrier.get(f"/simulator/calls/{outcome['sid']}")).json()["said"]
            turns = msgspec.convert(outcome.get("turns", []), list[Turn])
            for turn in told(turns, truth(read_wav(theirs.content), said)):
                print(_waited(turn))

        await asyncio.gather(*(one(name, *who) for name, who in CALLS.items()))
        print(f"late ticks {(await carrier.get('/simulator/calls')).json()['late_ticks']}")


def main() -> None:
    """Measure and print."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    print(headline())
    with (
        started("simulate", "--profile", "fast", announces=r"on (http://\S+)") as simulator,
        serving(on_the_phone(simulator) | {"RECORDING": "on"}) as (server, folder),
    ):
        asyncio.run(_run(simulator, server, folder))


if __name__ == "__main__":
    main()
