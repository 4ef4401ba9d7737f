"""The processes of a whole installation, to be killed: a carrier, servers, and workers.

Everything listens on this machine only, and ends with this program.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import msgspec

from benchmarks.many_phones import on_the_phone
from benchmarks.ports import free_port
from vantum.simulator.customer import OUR_NUMBER, carrier_settings

START_S: Final = 60.0
END_S: Final = 20.0
PREFIX: Final = "+155502"  # all of its numbers are answered as on a list, and without sound
SCRIPTED: Final = dict.fromkeys(("STT_PROVIDER", "LLM_PROVIDER", "TTS_PROVIDER"), "scripted")


class Program:
    """One process, which can be ended as a crash ends it, and begun again."""

    def __init__(
        self, name: str, arguments: list[str], settings: dict[str, str], log: Path
    ) -> None:
        self.name = name
        self._arguments = arguments
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self._environ = kept | settings
        self._log = log.open("ab")
        self._process: subprocess.Popen[bytes] | None = None
        self.stopped_until = 0.0

    def start(self) -> None:
        """Begin it."""
        self._process = subprocess.Popen(
            [sys.executable, *self._arguments],
            env=self._environ,
            stdout=self._log,
            stderr=self._log,
        )

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """End it as a crash would, and begin it anew."""
        self.end(signal.SIGKILL)
        self.stopped_until = 0.0
        self.start()

    def stop(self, seconds: float) -> None:
        """Have it stand still for so long: `wake` lets it go on."""
        self.stopped_until = time.monotonic() + seconds
        os.kill(self.pid, signal.SIGSTOP)

    def wake(self) -> None:
        """Let it go on, where its time is over."""
        if self.stopped_until and time.monotonic() >= self.stopped_until:
            self.stopped_until = 0.0
            os.kill(self.pid, signal.SIGCONT)

    def end(self, number: int = signal.SIGTERM, patience_s: float = END_S) -> int:
        """End it; its exit code."""
        if self._process is None:
            return 0
        if self.stopped_until:
            os.kill(self.pid, signal.SIGCONT)
        self._process.send_signal(number)
        try:
            return self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


def _ours(folder: Path, name: str, words: list[str], settings: Mapping[str, str]) -> Program:
    log = folder / f"{name.replace(' ', '-')}.log"
    return Program(name, ["-m", "vantum", *words], dict(settings), log)


class House:
    """The carrier, servers and workers on one database; several servers are behind a proxy."""

    def __init__(
        self,
        folder: Path,
        database_url: str,
        workers: int,
        dials_per_s: float,
        *,
        servers: int = 1,
        profile: str = "fast",
        vendors: bool = False,
        more: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`vendors`: they are simulated, too, in place of scripted ones; `more` settings."""
        ours, theirs = [free_port() for _ in range(servers)], free_port()
        self.carrier_url = f"http://127.0.0.1:{theirs}"
        public = free_port() if servers > 1 else ours[0]
        self.public_url = f"http://127.0.0.1:{public}"
        self.data = folder / "data"
        settings = {
            **carrier_settings(self.carrier_url),
            **(on_the_phone(self.carrier_url) if vendors else SCRIPTED),
            "PUBLIC_URL": self.public_url,
            "DATABASE_URL": database_url,
            "VANTUM_DATA_DIR": str(self.data),
            "CARRIER_CALLS_PER_S": str(dials_per_s),
            "MAX_SESSIONS": "1000",
            **more,
        }
        self.data.mkdir(exist_ok=True)
        simulate = ["-m", "vantum", "simulate", "--port", str(theirs), "--profile", profile]
        self.carrier = Program("carrier", simulate, {}, folder / "carrier.log")
        self.servers = [
            _ours(folder, f"server {number}", ["serve", "--port", str(port)], settings)
            for number, port in enumerate(ours)
        ]
        self._over = False
        self.server_urls = [f"http://127.0.0.1:{port}" for port in ours]
        behind = ["-m", "benchmarks.proxy", str(public), *map(str, ours)]
        self.proxy = Program("proxy", behind, {}, folder / "proxy.log") if servers > 1 else None
        self.workers = [
            _ours(folder, f"worker {number}", ["worker"], settings) for number in range(workers)
        ]
        self._settings = settings

    @property
    def server(self) -> Program:
        """The first of them, where there is but one."""
        return self.servers[0]

    @property
    def url(self) -> str:
        """Its address."""
        return self.server_urls[0]

    def further_server(self, folder: Path, without: Collection[str] = ()) -> tuple[Program, str]:
        """Another one on the same records, not begun yet, and its address; `without` settings."""
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        kept = {name: value for name, value in self._settings.items() if name not in without}
        settings = kept | {"PORT": str(port), "PUBLIC_URL": url}
        return _ours(folder, "other", ["serve"], settings), url

    @property
    def programs(self) -> list[Program]:
        """All that may be killed: whatever is ours."""
        return [*self.servers, *self.workers]

    def start(self, mix: dict[str, Any] | None = None) -> None:
        """Begin all of it; `mix` says who answers which share of the campaign's numbers."""
        self.carrier.start()
        until_answered(f"{self.carrier_url}/simulator/calls")
        if mix is not None:
            ask("POST", f"{self.carrier_url}/simulator/mixes", {"prefix": PREFIX, **mix})
        for server in self.servers:
            server.start()
        for url in self.server_urls:
            until_answered(f"{url}/ready")
        if self.proxy is not None:
            self.proxy.start()
            until_answered(f"{self.public_url}/ready")
        for worker in self.workers:
            worker.start()

    def restart(self, program: Program, patience_s: float) -> int:
        """As a deploy does it: end it, begin it anew, wait until it is ready; its exit code."""
        code = program.end(patience_s=patience_s)
        if self._over:  # all of it has been ended meanwhile
            return code
        program.start()
        if program in self.servers:
            until_answered(f"{self.server_urls[self.servers.index(program)]}/ready")
        return code

    def wake(self) -> None:
        """Let go on what has stood still for long enough."""
        for program in self.programs:
            program.wake()

    def dials(self) -> list[dict[str, Any]]:
        """Every dial that the carrier has accepted."""
        found: list[dict[str, Any]] = []
        while True:
            page = ask("GET", f"{self.carrier_url}/simulator/dials?first={len(found)}")
            assert not page["forgotten"]
            found += page["dials"]
            if len(found) >= page["total"]:
                return found

    def end(self) -> None:
        """End all of it."""
        self._over = True
        proxies = [self.proxy] if self.proxy is not None else []
        for program in (*self.workers, *self.servers, *proxies, self.carrier):
            program.end()


def ask(method: str, url: str, body: object = None) -> Any:
    """Ask one of ours for JSON."""
    data = None if body is None else msgspec.json.encode(body)
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read()
    return msgspec.json.decode(text) if text else None


def until_answered(url: str) -> None:
    """Wait until something answers there."""
    ends = time.monotonic() + START_S
    while True:
        try:
            ask("GET", url)
            return
        except OSError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.05)


CALLER_ID: Final = OUR_NUMBER
