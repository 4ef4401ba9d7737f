"""How several processes serve one port: who begins them, ends them, and begins a dead one anew.

Each has sockets of its own at that port, among which the kernel shares connections out
(SO_REUSEPORT), and one on this machine's loopback alone, at which it can be told from the others.
All of them belong to the process that begins the others: what comes in while one is dead waits for
the next. Where none follows, its sockets are closed, and the kernel leads who comes to those left.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from typing import Final

from vantum.env_file import Doubt
from vantum.errors import SettingsError
from vantum.settings import Settings
from vantum.telemetry import configure_log, server_log
from vantum.web.app import build_app
from vantum.web.server import announce, listening_sockets, prepare, serve
from vantum.web.siblings import Siblings

_AGAIN_S: Final = 1.0  # until one that has died is begun anew
_START_S: Final = 60.0  # who gives up by itself so soon after all have begun cannot begin at all
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
_ENDED: Final = {0, -signal.SIGTERM, -signal.SIGINT}  # exit codes: it was told before it listened


def run_workers(settings: Settings, count: int, doubts: Iterable[Doubt] = ()) -> int:
    """Serve with so many processes until a signal has drained them; the exit code.

    Raises SettingsError before it listens. A limit of one process is shared out among them.
    """
    if settings.max_sessions < count:
        raise SettingsError(f"--workers: got {count}, and MAX_SESSIONS is {settings.max_sessions}")
    prepare(settings, doubts)
    build_app(settings)  # what cannot be used is said once
    with listening_sockets(settings.host, settings.port)[0] as alone:  # refused where it is taken
        port = alone.getsockname()[1]
    shared = [listening_sockets(settings.host, port, shared=True) for _ in range(count)]
    own = [listening_sockets("127.0.0.1", 0)[0] for _ in range(count)]
    announce(shared[0])
    ports = tuple(listening.getsockname()[1] for listening in own)
    spawn = multiprocessing.get_context("spawn")

    def begin(number: int) -> SpawnProcess:
        given = (
            share_of(settings, number, count),
            [*shared[number], own[number]],
            Siblings(number, ports),
        )
        process = spawn.Process(target=_serve_one, args=given, name=f"serve-{number}")
        process.start()
        own_url = f"http://127.0.0.1:{ports[number]}"
        server_log().info("process_began", worker=number, pid=process.pid, own_url=own_url)
        return process

    def leave(number: int) -> None:
        for listening in (*shared[number], own[number]):
            listening.close()

    return Staff(begin, leave, count).run()


def share_of(settings: Settings, number: int, count: int) -> Settings:
    """What one of so many processes may hold: all of them together, what is set."""
    each, more = divmod(settings.max_sessions, count)
    return settings.model_copy(update={"max_sessions": each + (number < more)})


def _serve_one(settings: Settings, sockets: list[socket.socket], siblings: Siblings) -> None:
    """What one process does."""
    os.setpgrp()  # a terminal's Ctrl-C is passed on to us once, and not told twice
    parent = multiprocessing.parent_process()
    assert parent is not None

    def end_as_orphan() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=end_as_orphan, name="end-as-orphan", daemon=True).start()
    configure_log(settings, sys.stderr)
    serve(settings, lambda: sockets, siblings)


class Staff:
    """The processes, by number."""

    def __init__(
        self, begin: Callable[[int], SpawnProcess], leave: Callable[[int], None], count: int
    ) -> None:
        """`begin` may raise OSError: it is tried again. `leave`: none of this number follows."""
        self._begin = begin
        self._leave = leave
        self._processes: dict[int, SpawnProcess] = {}
        self._due = dict.fromkeys(range(count), 0.0)  # when one that is missing is begun
        self._began_at: dict[int, float] = {}
        self._stopping = False
        self._code = 0

    def run(self) -> int:
        """Until a signal has ended all, or they cannot begin; the exit code."""
        told, tells = socket.socketpair()
        tells.setblocking(False)
        with told, tells:
            signal.set_wakeup_fd(tells.fileno())
            try:
                for known in _SIGNALS:
                    signal.signal(known, lambda *_: None)  # its number is told, as a byte
                while self._processes or not self._stopping:
                    self._look_after(told)
            finally:
                signal.set_wakeup_fd(-1)
        return self._code

    def _look_after(self, told: socket.socket) -> None:
        """Until something happens, and what is to be done about it."""
        self._begin_missing()
        sentinels = [process.sentinel for process in self._processes.values()]
        ready = wait([told, *sentinels], self._wait_s())
        if told in ready:
            for number in told.recv(64):
                self._pass_on(number)
        self._note_ended()

    def _wait_s(self) -> float | None:
        """Until one that is missing is to be begun; None where none is."""
        if self._stopping or not self._due:
            return None
        return max(0.0, min(self._due.values()) - time.monotonic())

    def _begin_missing(self) -> None:
        now = time.monotonic()
        for number, at in tuple(self._due.items()):
            if at <= now and not self._stopping:
                self._begin_one(number, now)

    def _begin_one(self, number: int, now: float) -> None:
        try:
            self._processes[number] = self._begin(number)
        except OSError as error:  # no memory, no number for a process, no file
            server_log().error("process_not_begun", worker=number, why=error.strerror)
            self._due[number] = now + _AGAIN_S
            return
        del self._due[number]
        self._began_at.setdefault(number, now)

    def _pass_on(self, number: int) -> None:
        self._stopping = True
        while self._due:
            self._leave(self._due.popitem()[0])
        for process in self._processes.values():
            if process.pid is not None and process.is_alive():
                os.kill(process.pid, number)

    def _note_ended(self) -> None:
        for number, process in tuple(self._processes.items()):
            if (code := process.exitcode) is None:
                continue
            del self._processes[number]
            now = time.monotonic()
            if self._stopping:
                self._leave(number)
                self._code = self._code or int(code not in _ENDED)
            elif code > 0 and now < self._began_at[number] + _START_S:
                self._code = code  # it has said why; so would the next
                self._leave(number)
                self._pass_on(signal.SIGTERM)
            else:
                server_log().error("process_died", worker=number, exit_code=code)
                self._due[number] = now + _AGAIN_S
