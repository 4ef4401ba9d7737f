"""Benchmarks are found by whoever asks for help, and refuse to measure nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.capacity.__main__ import Row, grown

ROOT = Path(__file__).resolve().parent.parent


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_help_lists_every_benchmark_be_it_a_file_or_a_folder() -> None:
    told = run("benchmarks", "--help").stdout
    listed = {line.split()[0] for line in told.splitlines() if line.startswith("  ")}
    folders = {path.parent.name for path in (ROOT / "benchmarks").glob("*/__main__.py")}
    assert folders
    assert folders | {"one_call", "many_phones"} <= listed


def test_no_case_at_all_is_refused() -> None:
    ended = run("benchmarks.interruptions", "--cases", "0")
    assert ended.returncode == 2
    assert 'argument --cases: got "0", allowed is 1 or more' in ended.stderr


def row(program: str, cpu_ms: float, calls: int = 40) -> Row:
    known = dict.fromkeys(Row.__struct_fields__, 0)
    return Row(**{**known, "program": program, "calls": calls, "cpu_ms": cpu_ms})  # type: ignore[arg-type]


def test_what_costs_a_fifth_more_than_it_did_is_told_whatever_the_machine() -> None:
    before = [row("relay", 3.0), row("vantum", 6.0), row("vantum", 9.0, calls=10)]
    slower = [row("relay", 6.0), row("vantum", 12.0)]
    assert grown(slower, before) == []  # the machine is half as fast
    worse = [row("relay", 3.0), row("vantum", 7.5), row("vantum", 90.0, calls=10)]
    assert grown(worse, before) == ["vantum, 40 calls: 2.50 times the relay's CPU, was 2.00"]
