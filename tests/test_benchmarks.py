"""Benchmarks are found by whoever asks for help, and refuse to measure nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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
