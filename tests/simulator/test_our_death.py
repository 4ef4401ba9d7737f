"""The carrier outlives us: it ends the calls of a server that was killed, and forgets none."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace
from our_side import rehearsing
from structlog.testing import capture_logs

from vantum.simulator.latency import PROFILES, Delay, Profile

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:twilio"),
]

PERSON, UNHEARD = "+15550100100", "+15550100113"
PROGRAM = """
import asyncio
from our_side import listening

async def main():
    async with listening() as us:
        us.twiml["/voice"] = us.connects()
        print(us.url, flush=True)
        await us.stream()
        print("stream", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@asynccontextmanager
async def our_process() -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Our side in a process of its own, and where it listens."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        cwd=Path(__file__).parent,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        yield process, (await process.stdout.readline()).decode().strip()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_calls_of_a_server_that_was_killed_come_to_an_end_and_are_all_known() -> None:
    slow = replace(PROFILES["fast"], ring=Delay(0.5))
    with capture_logs() as logs:
        await dies(slow)
    assert [line for line in logs if line["log_level"] == "error"] == []


async def dies(slow: Profile) -> None:
    """In the middle of calls that talk and ring."""
    async with (
        rehearsing(slow) as rehearsal,
        our_process() as (process, url),
        httpx.AsyncClient(base_url=rehearsal.simulator.url) as http,
    ):

        async def calls(to: str, name: str) -> str:
            voice, status = f"{url}/voice?call={name}", f"{url}/status"
            call = await rehearsal.calls(to, url=voice, status_callback=status)
            return str(call.sid)

        talking = await calls(PERSON, "talking")
        assert process.stdout is not None
        assert await process.stdout.readline() == b"stream\n"
        ringing = [await calls(UNHEARD, str(n)) for n in range(3)]
        process.kill()
        await process.wait()
        ringing.append(await calls(UNHEARD, "late"))
        for sid in (talking, *ringing):
            async with asyncio.timeout(20.0):
                while (await rehearsal.report(sid))["status"] != "completed":  # noqa: ASYNC110 - is asked
                    await asyncio.sleep(0.05)
        dials = (await http.get("/simulator/dials")).json()["dials"]
        assert [dial["sid"] for dial in dials] == [talking, *ringing]
        assert [dial["call"] for dial in dials] == ["talking", "0", "1", "2", "late"]
        report = await rehearsal.report(ringing[0])
        assert report["warnings"]["11205"] >= 1
