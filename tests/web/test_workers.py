"""Several processes on one port: real ones, real sockets, real signals."""

from __future__ import annotations

import asyncio
import errno
import multiprocessing
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from multiprocessing.context import SpawnProcess
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from served import DEADLINE_S, Client, eventually
from test_shutdown import SCRIPTED, Process, running

from vantum.settings import load_settings
from vantum.web.siblings import together
from vantum.web.workers import Staff, share_of

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def serving(folder: Path, workers: int = 2, **settings: str) -> AsyncIterator[Process]:
    """Processes that all take connections."""
    words = ("serve", "--workers", str(workers))
    async with running(folder, *words, **(SCRIPTED | settings)) as process:
        port = (await process.read_until("listening"))["port"]
        assert isinstance(port, int)
        process.port = port
        for _ in range(workers):
            await process.read_until("process_began")
        for url in own_urls(process):
            await is_up(url)
        yield process


def began(process: Process) -> list[dict[str, object]]:
    return [line for line in process.log if line.get("event") == "process_began"]


def own_urls(process: Process) -> list[str]:
    """Where each process is asked alone."""
    return [str(line["own_url"]) for line in began(process)]


async def is_up(url: str) -> None:
    async with httpx.AsyncClient() as http, asyncio.timeout(60):
        while True:
            with suppress(httpx.TransportError):
                if (await http.get(f"{url}/ready")).status_code == 200:
                    return
            await asyncio.sleep(0.05)


async def sessions(process: Process) -> list[int]:
    """How many each process holds, by its own word."""
    async with httpx.AsyncClient() as http:
        answers = [(await http.get(f"{url}/health")).json() for url in own_urls(process)]
    return [answer["sessions"]["total"] for answer in answers]


def is_there(pid: object) -> bool:
    assert isinstance(pid, int)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return (Path("/proc") / str(pid) / "status").read_text().find("State:\tZ") < 0


async def callers(process: Process, stack: AsyncExitStack) -> list[Client]:
    """So many that each process has some."""
    clients: list[Client] = []
    async with asyncio.timeout(DEADLINE_S):
        while not clients or not all(await sessions(process)):
            clients.append(await stack.enter_async_context(process.connect(v2=True)))
    return clients


async def test_calls_are_shared_out_and_the_figures_say_whose_they_are(tmp_path: Path) -> None:
    async with serving(tmp_path) as process, AsyncExitStack() as stack, httpx.AsyncClient() as http:
        clients = await callers(process, stack)
        held = await sessions(process)
        assert sum(held) == len(clients)
        page = (await http.get(f"http://127.0.0.1:{process.port}/metrics")).text
        families = {one.name: one for one in text_string_to_metric_families(page)}
        told = {one.labels["worker"]: one.value for one in families["vantum_sessions"].samples}
        assert told == {"0": held[0], "1": held[1]}
        memory = families["vantum_process_resident_memory_bytes"].samples
        assert {one.labels["worker"] for one in memory} == {"0", "1"}
        alone = (await http.get(f"{own_urls(process)[1]}/metrics")).text
        assert f"vantum_sessions {held[1]}.0" in alone


async def test_a_signal_drains_all_of_them(tmp_path: Path) -> None:
    async with serving(tmp_path, DRAIN_S="30") as process, AsyncExitStack() as stack:
        clients = await callers(process, stack)
        process.process.send_signal(signal.SIGTERM)
        for client in clients:
            await client.hears("system.status.maintenance")
        for client in clients:
            await client.asks("user.action.end_call")
            assert await client.is_closed() == 1000
        assert await process.is_over() == 0
        assert "Traceback" not in process.raw


async def test_while_one_drains_whoever_comes_is_answered_though_another_has_ended(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path, DRAIN_S="60") as process, AsyncExitStack() as stack:
        clients = await callers(process, stack)
        await clients[-1].asks("user.action.end_call")  # who was the only one of their process
        while 0 not in (held := await sessions(process)):  # noqa: ASYNC110 - they are asked
            await asyncio.sleep(0.02)
        ends = began(process)[held.index(0)]
        process.process.send_signal(signal.SIGTERM)
        await eventually(lambda: not is_there(ends["pid"]))
        for _ in range(16):  # of which the kernel leads half to each that listens
            async with httpx.AsyncClient(timeout=5) as http:
                answer = await http.get(f"http://127.0.0.1:{process.port}/ready")
                assert answer.status_code == 503
        process.process.send_signal(signal.SIGTERM)
        assert await process.is_over() == 0


async def test_a_second_signal_closes_the_calls_of_all(tmp_path: Path) -> None:
    async with serving(tmp_path, DRAIN_S="60") as process, AsyncExitStack() as stack:
        clients = await callers(process, stack)
        process.process.send_signal(signal.SIGINT)
        for client in clients:
            await client.hears("system.status.maintenance")
        process.process.send_signal(signal.SIGINT)
        for client in clients:
            assert await client.is_closed() == 1001
        assert await process.is_over() == 0


async def test_one_that_dies_is_begun_anew_and_the_others_calls_go_on(tmp_path: Path) -> None:
    async with serving(tmp_path) as process, AsyncExitStack() as stack:
        clients = await callers(process, stack)
        one = began(process)[0]
        assert isinstance(one["pid"], int)
        os.kill(one["pid"], signal.SIGKILL)
        assert (await process.read_until("process_died"))["exit_code"] == -signal.SIGKILL
        again = await process.read_until("process_began")
        assert (again["worker"], again["own_url"]) == (one["worker"], one["own_url"])
        await is_up(str(one["own_url"]))
        process.log.remove(one)
        _, left = sorted((await sessions(process)), key=bool)
        alive = [client for client in clients if not client.has_ended]
        assert len(alive) == left
        for client in alive:
            await client.is_alive()
        process.process.send_signal(signal.SIGTERM)
        assert await process.is_over() == 0


async def test_they_end_with_who_has_begun_them(tmp_path: Path) -> None:
    async with serving(tmp_path) as process:
        process.process.kill()
        await process.process.wait()
        await eventually(lambda: not any(is_there(line["pid"]) for line in began(process)))


async def test_a_server_that_cannot_begin_says_why_and_ends(tmp_path: Path) -> None:
    bad = {"VANTUM_DATA_DIR": str(tmp_path), "DATABASE_URL": "postgresql://127.0.0.1:1/none"}
    phone = {f"TWILIO_{name}": "x" for name in ("ACCOUNT_SID", "AUTH_TOKEN")}
    bad |= phone | {"PUBLIC_URL": "http://127.0.0.1:1"}
    async with running(tmp_path, "serve", "--workers", "2", **(SCRIPTED | bad)) as process:
        assert await process.is_over(within_s=60) > 0
        assert "DATABASE_URL" in process.raw


@pytest.fixture
def signals() -> Iterator[None]:
    """Handled as before, afterwards."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.usefixtures("signals")
def test_a_process_that_cannot_be_begun_now_is_begun_a_moment_later() -> None:
    tries: list[float] = []

    def begin(_: int) -> SpawnProcess:
        tries.append(time.monotonic())
        if len(tries) == 1:
            raise OSError(errno.ENOMEM, "Cannot allocate memory")
        process = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(60,))
        process.start()
        signal.raise_signal(signal.SIGTERM)
        return process

    left: list[int] = []
    assert Staff(begin, left.append, 1).run() == 0
    assert tries[1] - tries[0] >= 1.0
    assert left == [0]
    assert signal.set_wakeup_fd(-1) == -1


@pytest.mark.parametrize("workers", [2, 3, 7])
def test_what_calls_are_held_at_once_is_shared_out(workers: int) -> None:
    settings = load_settings({"MAX_SESSIONS": "100"})
    shares = [share_of(settings, number, workers).max_sessions for number in range(workers)]
    assert sum(shares) == 100
    assert max(shares) - min(shares) <= 1


def test_pages_of_figures_become_one_that_keeps_each_figure() -> None:
    page = '# HELP a A.\n# TYPE a gauge\na 1.0\n# HELP b B.\n# TYPE b counter\nb_total{c="d"} 2.0\n'
    told = together([(0, page), (1, page.replace("1.0", "3.0")), (2, "")])
    assert told == (
        '# HELP a A.\n# TYPE a gauge\na{worker="0"} 1.0\na{worker="1"} 3.0\n'
        '# HELP b B.\n# TYPE b counter\nb_total{worker="0",c="d"} 2.0\n'
        'b_total{worker="1",c="d"} 2.0\n'
    )
