"""The programs that are measured, each pinned to the first core; all else runs on the last.

Each answers a call at `/twilio/voice` and `/twilio/media`, or where its TwiML says.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

import httpx
import psutil

from benchmarks.ports import free_port
from vantum.simulator.customer import carrier_settings, speech_settings

CORES: Final = sorted(os.sched_getaffinity(0))
START_S: Final = 60.0


Start = Callable[[str], AbstractContextManager["Program"]]
"""Begins a program, which is told where the simulated vendors are."""


class Program:
    """One that runs, and what it costs."""

    def __init__(self, process: subprocess.Popen[bytes], url: str) -> None:
        self._process = psutil.Process(process.pid)
        self.url = url

    def _all(self) -> list[psutil.Process]:
        return [self._process, *self._process.children(recursive=True)]

    def cpu_s(self) -> float:
        """That it and its children have used."""
        times = [one.cpu_times() for one in self._all()]
        return sum(one.user + one.system for one in times)

    def memory_mb(self) -> float:
        """Resident, of all of them."""
        return sum(one.memory_info().rss for one in self._all()) / 1e6


@contextmanager
def running(
    words: list[str],
    port: int,
    settings: Mapping[str, str],
    core: int,
    *,
    ready: str = "/ready",
    python: str = sys.executable,
) -> Iterator[Program]:
    """A Python program on one core, once it answers."""
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen(
                [python, "-m", *words],
                env={**kept, "VANTUM_DATA_DIR": folder, **settings},
                # Strangers leave files where they run.
                cwd=None if python == sys.executable else folder,
                stdout=log,
                stderr=log,
                preexec_fn=lambda: os.sched_setaffinity(0, {core}),  # noqa: PLW1509 - one thread
            )
            try:
                if not _answers(f"{url}{ready}", process):
                    told = (Path(folder) / "log").read_text("utf-8", "replace")
                    raise RuntimeError(f"{url} does not answer: {told[-2000:]}")
                yield Program(process, url)
            finally:
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:  # it has more to do than it can
                    process.kill()
                    process.wait()


def _answers(url: str, process: subprocess.Popen[bytes]) -> bool:
    ends = time.monotonic() + START_S
    while time.monotonic() < ends and process.poll() is None:
        try:
            if httpx.get(url).status_code == 200:
                return True
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    return False


@contextmanager
def simulator(profile: str = "bench") -> Iterator[Program]:
    """Vendors, carrier and callers."""
    port = free_port()
    words = ["vantum", "simulate", "--port", str(port), "--profile", profile]
    with running(words, port, {}, CORES[-1], ready="/simulator/calls") as program:
        yield program


@contextmanager
def relay(simulated: str) -> Iterator[Program]:
    """The bare one."""
    port = free_port()
    words = ["benchmarks.capacity.relay", "--port", str(port), "--simulator", simulated]
    with running(words, port, {}, CORES[0]) as program:
        yield program


def vantum(**settings: str) -> Start:
    """A server with these settings besides those for the simulated vendors."""

    @contextmanager
    def started(simulated: str) -> Iterator[Program]:
        port = free_port()
        given = carrier_settings(simulated) | speech_settings(simulated) | BASE | settings
        given |= {
            "OPENAI_BASE_URL": f"{simulated}/v1",
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
        }
        words = ["vantum", "serve", "--port", str(port)]
        with running(words, port, given, CORES[0]) as program:
            yield program

    return started


BASE: Final = {
    "LLM_PROVIDER": "openai",
    "LOG_LEVEL": "error",
    "RECORDING": "off",
    "VAD": "off",
    "MAX_SESSIONS": "1000",
    "LLM_SPECULATION": "0",
}
PROGRAMS: Final[dict[str, Start]] = {
    "relay": relay,
    "vantum": vantum(),
    "vantum with local VAD": vantum(VAD="local"),
}
"""What is compared."""
