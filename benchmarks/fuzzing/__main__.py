"""Which bytes reach which code of every parser of outside bytes, and whether any break it.

    python -m benchmarks.fuzzing [--seconds 60] [--only NAME,NAME] [--store]

A coverage-guided fuzzer (atheris, brought for the run) begins with the examples and the kept corpus
of each parser. `--store` keeps the smallest inputs that reached something new, in tests/corpus,
where the tests replay them, and the figures in benchmarks/results. Bytes that break a parser are
printed and the exit code is 1: the remedy is a test and a change.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from msgspec import Struct

from benchmarks.fuzzing.corpus import CORPUS, NAME, Fuzzed, Run, fuzzed, known, packed, told
from benchmarks.fuzzing.examples import EXAMPLES
from benchmarks.fuzzing.targets import TARGETS
from benchmarks.kept import keep

ROOT: Final = Path(__file__).resolve().parents[2]
ATHERIS: Final = "atheris==3.0.0"
INPUT_BYTES: Final = 4_096
MEMORY_MB: Final = 2_048
SLOW_S: Final = 10  # for one input, which is then a defect
SPARE_S: Final = 300.0  # to begin and to end
CORPUS_BYTES: Final = 10_000  # of one parser


class Outcome(Struct, frozen=True):
    """What a run has told."""

    run: Run
    broken_by: bytes | None
    log: str


def fed(name: str, seconds: int, folder: Path) -> Outcome:
    """One parser, fed for so long; what reached new code lies in `folder`/found afterwards."""
    found, seeds = folder / "found", folder / "seeds"
    for made in (found, seeds):
        made.mkdir()
    for number, data in enumerate((*EXAMPLES[name], *known(name))):
        (seeds / str(number)).write_bytes(data)
    words = folder / "words"
    words.write_text("".join(f'"{word}"\n' for word in _words(EXAMPLES[name])), "ascii")
    log = _fuzzer(
        name,
        *(f"-max_total_time={seconds}", f"-max_len={INPUT_BYTES}", f"-dict={words}"),
        *(f"-timeout={SLOW_S}", f"-rss_limit_mb={MEMORY_MB}"),
        *(f"-artifact_prefix={folder}/broken-", "-print_final_stats=1", str(found), str(seeds)),
        within_s=seconds + SPARE_S,
    )
    broken = next(iter(sorted(folder.glob("broken-*"))), None)
    run = Run(
        executions=int(_last(r"stat::number_of_executed_units: *(\d+)", log)),
        edges=int(_last(r" cov: (\d+)", log)),
        seconds=int(_last(r" in (\d+) second", log)),
    )
    return Outcome(run, broken.read_bytes() if broken else None, log)


def smallest(inputs: Iterable[bytes]) -> list[bytes]:
    """As many as have room, the smallest first: what is long reaches little that is new."""
    chosen: list[bytes] = []
    room = CORPUS_BYTES
    for data in sorted(set(inputs), key=lambda data: (len(data), data)):
        room -= len(packed(data)) + 1
        if room < 0:
            break
        chosen.append(data)
    return chosen


def _fuzzer(name: str, *words: str, within_s: float) -> str:
    program = [str(ROOT / "tools" / "uv.sh"), "run", "--frozen", "--quiet", "--with", ATHERIS]
    ended = subprocess.run(
        [*program, "python", "-m", "benchmarks.fuzzing.feed", name, *words],
        cwd=ROOT,
        capture_output=True,
        timeout=within_s,
        check=False,
    )
    return (ended.stdout + ended.stderr).decode("utf-8", "replace")


def _words(examples: Iterable[bytes]) -> list[str]:
    """What the fuzzer may put in as a whole."""
    found = re.findall(rb"[A-Za-z_]{3,24}", b" ".join(examples))
    return sorted({word.decode("ascii") for word in found}) or ["data"]  # it bears no empty list


def _last(pattern: str, log: str) -> str:
    found: list[str] = re.findall(pattern, log)
    return found[-1] if found else "0"


def _store(name: str, run: Run, inputs: Iterable[bytes]) -> None:
    CORPUS.mkdir(exist_ok=True)
    lines = "".join(f"{packed(data)}\n" for data in inputs)
    (CORPUS / f"{name}.jsonl").write_text(lines, "ascii")
    runs = sorted({**fuzzed().runs, name: run}.items())
    keep(NAME, Fuzzed(datetime.now(UTC).date().isoformat(), dict(runs)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--only", default=",".join(TARGETS))
    parser.add_argument("--store", action="store_true")
    given = parser.parse_args()
    broken = False
    for name in given.only.split(","):
        with tempfile.TemporaryDirectory() as made:
            outcome = fed(name, given.seconds, Path(made))
            run = outcome.run
            print(
                f"{name:22} {run.executions:9} executions  {run.edges:5} edges  {run.seconds:4} s",
                flush=True,
            )
            if not run.executions or outcome.broken_by is not None:
                broken = True
                print(
                    outcome.log[-3_000:], json.dumps((outcome.broken_by or b"").decode("latin-1"))
                )
            elif given.store:
                found = (path.read_bytes() for path in (Path(made) / "found").iterdir())
                _store(name, run, smallest((*found, *known(name))))
    if given.store:
        print(f"for docs/security.md: {told(fuzzed())}")
    return broken


if __name__ == "__main__":
    sys.exit(main())
