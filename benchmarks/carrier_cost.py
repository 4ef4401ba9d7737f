"""What a call without sound costs the simulated carrier: seconds of its processor, and memory.

    uv run python -m benchmarks.carrier_cost [--calls 2000] [--per-s 40]

The carrier (`vantum simulate --profile fast`) runs in a process of its own. Numbers are answered by
the usual mix of a campaign, with signed callbacks to a server here that only says yes. Passes at
5 ms a call, with every dial counted and every call told to its end.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import time
from collections import Counter
from typing import Any, Final

import aiohttp
import psutil

from benchmarks.added_delay import started
from benchmarks.calibration import headline
from vantum.simulator.customer import OUR_NUMBER
from vantum.simulator.stage import ONE_ACCOUNT
from vantum.telephony.gateway import Order
from vantum.telephony.twilio import TwilioCarrier

MOST_S: Final = 0.005
PREFIX: Final = "+1212555"
PATIENCE_S: Final = 60.0
_TWIML: Final = b'<Response><Connect><Stream url="wss://nobody.example/"/></Connect></Response>'
_ANSWERS: Final = {
    path: b"HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ncontent-length: %d\r\n\r\n%b"
    % (len(body), body)
    for path, body in ((b"/voice", _TWIML), (b"/status", b""), (b"/amd", b""))
}


class Told:
    """What the carrier has asked us and told us."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()  # by path
        self._ends = asyncio.Semaphore(0)  # calls that were told to their end

    def add(self, path: bytes, form: bytes) -> None:
        """One more request."""
        self.asked[path.decode()] += 1
        if b"CallDuration=" in form:
            self._ends.release()

    async def ends(self, calls: int) -> None:
        """Wait for so many further ends."""
        for _ in range(calls):
            await self._ends.acquire()


class OurSide(asyncio.Protocol):
    """A connection of the carrier: says yes to everything, at hardly any cost."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._came = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It begins."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer a request as soon as it is there."""
        self._came += data
        head, gap, form = self._came.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if not gap or (length and len(form) < int(length[1])):
            return
        self._came = b""
        path = head.split(b" ", 2)[1].partition(b"?")[0]
        self._told.add(path, form)
        self._transport.write(_ANSWERS[path])


def order(number: int, url: str) -> Order:
    """A call as a campaign places it."""
    return Order(
        to=f"{PREFIX}{number:04}",
        caller_id=OUR_NUMBER,
        voice_url=f"{url}/voice?call={number}",
        status_url=f"{url}/status?call={number}",
        machine_url=f"{url}/amd?call={number}",
    )


async def measure(process: psutil.Process, url: str, calls: int, per_s: float) -> bool:
    """Dial them all; whether that passes."""
    told = Told()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: OurSide(told), "127.0.0.1", 0)
    ours = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    carrier = TwilioCarrier(url, ONE_ACCOUNT.sid, ONE_ACCOUNT.token)
    async with server, aiohttp.ClientSession(url) as http, asyncio.timeout(None) as patience:
        (await http.post("/simulator/mixes", json={"prefix": PREFIX})).raise_for_status()
        await carrier.place(order(9_999, ours))  # warms up, and is not counted
        await told.ends(1)
        await http.delete("/simulator/dials")
        before_s, before_bytes = _spent(process), process.memory_info().rss
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number in range(calls):
                await asyncio.sleep(max(0.0, began + number / per_s - time.monotonic()))
                group.create_task(carrier.place(order(number, ours)))
        took_s = time.monotonic() - began
        patience.reschedule(loop.time() + PATIENCE_S)
        await told.ends(calls)
        each_s = (_spent(process) - before_s) / calls
        grown = (process.memory_info().rss - before_bytes) / calls
        async with http.get("/simulator/dials", params={"size": str(calls + 1)}) as answer:
            dials = await answer.json()
        async with http.get("/simulator") as answer:
            counts: dict[str, Any] = (await answer.json())["counts"]
    await carrier.close()
    named = {dial["call"] for dial in dials["dials"]}
    ends = {name: n for name, n in counts.items() if ".ended." in name}
    print(f"{calls} calls in {took_s:.1f} s, answered by the usual mix: {ends}")
    print(f"{each_s * 1_000:.2f} ms of a core and {grown / 1_000:.1f} kB a call")
    print(f"requests to us: {dict(told.asked)}; dials: {dials['total']} of {len(named)} calls")
    return each_s <= MOST_S and dials["total"] == len(named) == calls


def _spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=2_000)
    parser.add_argument("--per-s", type=float, default=40.0)
    asked = parser.parse_args()
    print(headline())
    with started("simulate", "--profile", "fast", announces=r"played on (\S+)") as url:
        [simulator] = psutil.Process().children()
        passed = asyncio.run(measure(simulator, url, asked.calls, asked.per_s))
    print("passed" if passed else "NOT passed")
    raise SystemExit(0 if passed else 1)


if __name__ == "__main__":
    main()
