"""Where and when a benchmark was run, and where the results that are kept of it lie."""

from __future__ import annotations

import os
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from benchmarks.calibration import calibrate

RESULTS: Final = Path(__file__).resolve().parent / "results"
Kept = TypeVar("Kept", bound=Struct)


class Run(Struct, frozen=True):
    """Without it no figure means anything."""

    date: str
    commit: str
    machine: str
    load: float
    calibration_ms: float

    @property
    def told(self) -> str:
        return (
            f"{self.date}, commit {self.commit}, {self.machine}, load {self.load:.1f}, "
            f"calibration {self.calibration_ms:.0f} ms"
        )


def this_run() -> Run:
    """Here and now."""
    git = ["git", "log", "-1", "--format=%h"]
    commit = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text("utf-8"))
    return Run(
        date=datetime.now(UTC).date().isoformat(),
        commit=commit,
        machine=f"{model[1] if model else 'a machine'}, {os.cpu_count()} cores",
        load=round(os.getloadavg()[0], 1),
        calibration_ms=round(1000 * calibrate(), 1),
    )


def keep(name: str, results: Struct) -> None:
    """Write them down in place of the earlier ones."""
    encoded = msgspec.json.encode(results)
    (RESULTS / f"{name}.json").write_bytes(msgspec.json.format(encoded, indent=1) + b"\n")


def kept(name: str, kind: type[Kept]) -> Kept | None:
    """The newest, if any were kept."""
    path = RESULTS / f"{name}.json"
    return msgspec.json.decode(path.read_bytes(), type=kind) if path.exists() else None
