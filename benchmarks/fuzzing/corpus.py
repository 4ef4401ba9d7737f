"""What was found to reach all of a parser's code, and what finding it took: kept in files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from msgspec import Struct

from benchmarks.kept import kept

_ROOT: Final = Path(__file__).resolve().parents[2]
CORPUS: Final = _ROOT / "tests" / "corpus"
NAME: Final = "fuzzing"  # of the results


class Run(Struct, frozen=True):
    """What the fuzzer did to one parser."""

    executions: int
    edges: int  # of the code that were reached
    seconds: int


class Fuzzed(Struct, frozen=True):
    """The latest run of each parser."""

    date: str  # of the last of them
    runs: dict[str, Run]


def packed(data: bytes) -> str:
    """An input as a line that can be read, and compared by people."""
    return json.dumps(data.decode("latin-1"))


def known(name: str) -> list[bytes]:
    """The corpus of a parser."""
    path = CORPUS / f"{name}.jsonl"
    if not path.exists():
        return []
    return [json.loads(line).encode("latin-1") for line in path.read_text("ascii").splitlines()]


def fuzzed() -> Fuzzed:
    """What was done so far."""
    return kept(NAME, Fuzzed) or Fuzzed("", {})


def told(found: Fuzzed) -> str:
    """What docs/security.md says of it."""
    runs = found.runs.values()
    millions = sum(run.executions for run in runs) / 1e6
    edges = sum(run.edges for run in runs)
    return (
        f"{len(runs)} parsers took {millions:.1f} million inputs that a fuzzer made by the code "
        f"they reached ({edges:,} edges)"
    )
