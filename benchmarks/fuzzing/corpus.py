"""What was found to reach all of a parser's code, and what finding it took: kept in files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

_ROOT: Final = Path(__file__).resolve().parents[2]
CORPUS: Final = _ROOT / "tests" / "corpus"
RESULTS: Final = _ROOT / "benchmarks" / "results" / "fuzzing.json"


class Run(Struct, frozen=True):
    """What the fuzzer did to one parser."""

    executions: int
    edges: int  # of the code that were reached
    seconds: int
    crashes: int


class Fuzzed(Struct, frozen=True):
    """The latest run of each parser."""

    date: str  # of the last of them
    runs: dict[str, Run]


def packed(data: bytes) -> str:
    """An input as a line that can be read, and compared by people."""
    return json.dumps(data.decode("latin-1"))


def kept(name: str) -> list[bytes]:
    """The corpus of a parser."""
    path = CORPUS / f"{name}.jsonl"
    if not path.exists():
        return []
    return [json.loads(line).encode("latin-1") for line in path.read_text("ascii").splitlines()]


def runs() -> dict[str, Run]:
    """What was done so far, by parser."""
    return dict(fuzzed().runs) if RESULTS.exists() else {}


def fuzzed() -> Fuzzed:
    """All of it."""
    return msgspec.json.decode(RESULTS.read_bytes(), type=Fuzzed)


def told(found: Fuzzed) -> str:
    """What docs/security.md says of it."""
    runs = found.runs.values()
    millions = sum(run.executions for run in runs) / 1e6
    edges, crashes = sum(run.edges for run in runs), sum(run.crashes for run in runs)
    broken = f"{crashes} still break one" if crashes else "none breaks one any more"
    return (
        f"{len(runs)} parsers took {millions:.1f} million inputs that a fuzzer made by the code "
        f"they reached ({edges:,} edges); {broken}"
    )
