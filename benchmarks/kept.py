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

TREE: Final = Path(__file__).resolve().parents[1]
RESULTS: Final = TREE / "benchmarks" / "results"
WRITTEN: Final = (":!benchmarks/results", ":!docs")  # by benchmarks: they change nothing measured
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


def commit_of(tree: Path) -> str:
    """What is measured there: its newest commit, and whether there is more to it than that."""

    def git(*words: str) -> str:
        told = subprocess.run(["git", *words], cwd=tree, capture_output=True, text=True, check=True)
        return told.stdout.strip()

    changes = git("status", "--porcelain", "--untracked-files=no", "--", ".", *WRITTEN)
    return git("log", "-1", "--format=%h") + ("+changes" if changes else "")


def this_run() -> Run:
    """Here and now."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text("utf-8"))
    return Run(
        date=datetime.now(UTC).date().isoformat(),
        commit=commit_of(TREE),
        machine=f"{model[1] if model else 'a machine'}, {os.cpu_count()} cores",
        load=round(os.getloadavg()[0], 1),
        calibration_ms=round(1000 * calibrate(), 1),
    )


def keep(name: str, results: Struct) -> None:
    """Write them down in place of the earlier ones."""
    encoded = msgspec.json.encode(results)
    (RESULTS / f"{name}.json").write_bytes(msgspec.json.format(encoded, indent=1) + b"\n")


def refusal(name: str) -> str:
    """Why a run in which something has grown does not become what the next is held against."""
    path = (RESULTS / f"{name}.json").relative_to(TREE)
    return f"not kept, as something has grown; if it is meant to, delete {path} and run again"


def kept(name: str, kind: type[Kept]) -> Kept | None:
    """The newest, if any were kept."""
    path = RESULTS / f"{name}.json"
    return msgspec.json.decode(path.read_bytes(), type=kind) if path.exists() else None
