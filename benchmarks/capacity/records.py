"""How often a call asks the database, and how many sockets it holds, on PostgreSQL.

    uv run python -m benchmarks.capacity.records [--calls 10] [--store]

Calls are placed over the API, answered, talked on and hung up, with simulated vendors. PostgreSQL
writes down each statement; what the server asks without any call is taken off.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import httpx
from msgspec import Struct

from benchmarks.calibration import headline
from benchmarks.capacity.programs import CORES, simulator, vantum
from benchmarks.kept import Run, keep, this_run
from benchmarks.postgres import INSTALLED, PROGRAMS, running_postgres
from vantum.web.access import TOKEN_FILE

NAME: Final = "records"
IDLE_S: Final = 10.0
TALK_S: Final = 15.0
OVER_S: Final = 6.0  # until outcomes are settled and jobs are done
KINDS: Final = ("SELECT", "INSERT", "UPDATE", "DELETE", "COMMIT")
_STATEMENT: Final = re.compile(r"LOG:  (?:execute [^:]*|statement): +([A-Z]+)")
_FILES: Final = re.compile(r"^vantum_process_open_fds (\S+)$", re.MULTILINE)


class Asked(Struct, frozen=True):
    """What one call has done to the database, and what it holds while it lasts."""

    run: Run
    calls: int
    statements: dict[str, float]  # of a call, by kind; COMMIT is a transaction
    idle_per_s: float  # statements of one server without any call
    files: float  # open sockets of a call, the most that were seen

    @property
    def writes(self) -> float:
        """Statements of a call that change something."""
        return sum(self.statements.get(kind, 0.0) for kind in ("INSERT", "UPDATE", "DELETE"))


def counted(log: bytes) -> Counter[str]:
    """The statements in a piece of PostgreSQL's log, by kind."""
    found = Counter(_STATEMENT.findall(log.decode("utf-8", "replace")))
    return Counter({kind: found[kind] for kind in KINDS})


def asked(calls: int) -> Asked:
    """Place so many calls, and count."""
    with running_postgres() as database, tempfile.TemporaryDirectory() as data:
        url = database.new_database()
        log = Path(url.partition("host=")[2]) / "log"
        _log_statements(log.parent, url)
        settings = {"DATABASE_URL": url, "VANTUM_DATA_DIR": data, "CARRIER_CALLS_PER_S": "100"}
        with (
            simulator() as vendors,
            vantum(**settings)(vendors.url) as server,
            httpx.Client(base_url=server.url, timeout=30) as http,
        ):
            http.headers["Authorization"] = f"Bearer {(Path(data) / TOKEN_FILE).read_text('ascii')}"
            time.sleep(2)
            began = log.stat().st_size
            time.sleep(IDLE_S)
            idle = counted(log.read_bytes()[began:])
            files = _files(http)
            began, at = log.stat().st_size, time.monotonic()
            placed = [_place(http, number) for number in range(calls)]
            time.sleep(TALK_S)
            more = _files(http) - files
            for call_id in placed:
                http.post(f"/api/v1/calls/{call_id}/hang-up")
            time.sleep(OVER_S)
            took_s = time.monotonic() - at
            busy = counted(log.read_bytes()[began:])
    spare = took_s / IDLE_S
    return Asked(
        run=this_run(),
        calls=calls,
        statements={kind: round((busy[kind] - spare * idle[kind]) / calls, 1) for kind in KINDS},
        idle_per_s=round(idle.total() / IDLE_S, 2),
        files=round(more / calls, 2),
    )


def _log_statements(folder: Path, url: str) -> None:
    name = url.partition("@/")[2].partition("?")[0]
    psql = [folder / INSTALLED.name / PROGRAMS / "psql", INSTALLED / PROGRAMS / "psql"]
    program = next(path for path in psql if path.exists())
    order = f"ALTER DATABASE {name} SET log_statement = 'all'"
    words = [str(program), "-h", str(folder), "-U", "postgres", "-c", order, name]
    subprocess.run(words, check=True, capture_output=True, timeout=30)


def _place(http: httpx.Client, number: int) -> str:
    placed: Any = http.post("/api/v1/calls", json={"to": f"+155501{number:03}00"})
    return str(placed.raise_for_status().json()["id"])


def _files(http: httpx.Client) -> float:
    found = _FILES.search(http.get("/metrics").text)
    assert found is not None
    return float(found[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=10)
    parser.add_argument("--store", action="store_true")
    given = parser.parse_args()
    os.sched_setaffinity(0, {CORES[-1]})
    print(headline())
    found = asked(given.calls)
    told = ", ".join(f"{count:g} {kind}" for kind, count in found.statements.items())
    print(f"a call: {told}; {found.files:g} sockets; idle: {found.idle_per_s:g} statements/s")
    if given.store:
        keep(NAME, found)


if __name__ == "__main__":
    main()
