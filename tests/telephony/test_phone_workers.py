"""Phone calls through several processes on one port: whichever takes which request."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import msgspec
import pytest
from phone import OURS
from simulated import simulating
from test_workers import own_urls, serving

from benchmarks.ports import free_port
from vantum.simulator.customer import carrier_settings
from vantum.telephony.settled import FILE, Outcome
from vantum.web.access import TOKEN_FILE

pytestmark = pytest.mark.anyio

LEAVES_SOON = "08"


async def carried(urls: list[str]) -> list[int]:
    """How many calls each process has carried to their end."""
    async with httpx.AsyncClient() as http:
        answers = [(await http.get(f"{url}/health")).json() for url in urls]
    return [answer["sessions"]["ended"] for answer in answers]


async def test_phone_calls_are_carried_whichever_process_the_carrier_reaches(
    tmp_path: Path,
) -> None:
    url = f"http://127.0.0.1:{(port := free_port())}"
    async with simulating() as simulator, httpx.AsyncClient(timeout=30) as http:
        phone = carrier_settings(simulator.url) | {"PUBLIC_URL": url, "PORT": str(port)}
        async with serving(tmp_path, VANTUM_DATA_DIR=str(tmp_path), **phone) as process:
            token = {"Authorization": f"Bearer {(tmp_path / TOKEN_FILE).read_text('ascii')}"}
            asked: list[str] = []
            async with asyncio.timeout(120):
                while not all(await carried(own_urls(process))):
                    for _ in range(4):
                        body = {"to": f"+155501{len(asked):03}{LEAVES_SOON}"}
                        call = await http.post(f"{url}/api/v1/calls", json=body, headers=token)
                        asked.append(call.raise_for_status().json()["id"])
                    while len(settled(tmp_path)) < len(asked):  # noqa: ASYNC110 - a file
                        await asyncio.sleep(0.05)
            outcomes = settled(tmp_path)
            assert {one.call_id for one in outcomes} == set(asked)
            assert {one.outcome for one in outcomes} == {"disconnected"}
            assert {one.our_number for one in outcomes} == {OURS}
            calls = (await http.get(f"{simulator.url}/simulator/calls")).json()["calls"]
            assert all(not call["warnings"] for call in calls)


def settled(folder: Path) -> list[Outcome]:
    path = folder / FILE
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [msgspec.json.decode(line, type=Outcome) for line in lines]
