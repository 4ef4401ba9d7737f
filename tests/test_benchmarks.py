"""Benchmarks are found by whoever asks for help, and refuse to measure nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from benchmarks.__main__ import BEGUN_BY_OTHERS, listed, modules
from benchmarks.capacity.measuring import heard
from benchmarks.capacity.rows import Row, grown
from benchmarks.kept import commit_of
from benchmarks.percentile import percentile

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
    inner = {"capacity.page", "capacity.records"}
    assert folders | inner | {"one_call", "many_phones"} <= listed
    assert not [one for one in listed if one.startswith(BEGUN_BY_OTHERS)]


def test_each_benchmark_that_is_listed_tells_what_it_does_instead_of_doing_it() -> None:
    names = {line.split()[0] for line in listed().splitlines()[2:]}
    asked = {name: source for name, source in modules() if name in names}
    assert asked.keys() == names
    assert [name for name, source in asked.items() if "ArgumentParser(" not in source] == []
    told = run("benchmarks.phone_recording", "--help")
    assert told.returncode == 0
    assert told.stdout.startswith("usage:")


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


def test_what_callers_hear_is_told_without_what_only_seems_to_be_an_answer_or_a_hole() -> None:
    measures = {
        # The first waits for the greeting; the third is the old answer, which went on.
        "waits_s": [3.0, 0.42, 0.02, 0.52, 0.46],
        "gaps": [{"at_s": 1.0, "length_s": 0.06}, {"at_s": 9.0, "length_s": 3.1}],
        "heard_on_s": [0.08, 0.3],
    }
    told = heard([measures])
    assert (told["turns"], told["added_p50_ms"], told["added_p95_ms"]) == (3, 40.0, 100.0)
    assert (told["gaps"], told["cuts"], told["heard_on_p95_ms"]) == (1, 2, 300.0)
    assert heard([])["turns"] == 0


def test_a_row_beside_which_others_were_at_work_says_that_it_does_not_count() -> None:
    alone = row("vantum", 6.0)
    assert alone.spoiled == ""
    crowded = msgspec.structs.replace(alone, neighbours_share=0.3)
    assert "does not count: others were at work" in crowded.told


@pytest.mark.parametrize(
    ("count", "percent", "rank"),
    [(1, 95, 1), (12, 95, 12), (20, 95, 19), (100, 95, 95), (3, 50, 2)],
)
def test_nineteen_figures_of_twenty_are_not_above_the_95th_percentile(
    count: int, percent: int, rank: int
) -> None:
    assert percentile(reversed(range(1, count + 1)), percent) == rank


def test_a_commit_is_said_to_be_changed_where_what_is_measured_is(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        us = ("-c", "user.name=us", "-c", "user.email=us@example.com")
        subprocess.run(["git", *us, *words], cwd=tmp_path, check=True, capture_output=True)

    (tmp_path / "docs").mkdir()
    for name in ("measured.py", "docs/bars.md"):
        (tmp_path / name).write_text("before")
    git("init")
    git("add", ".")
    git("commit", "-m", "all")
    (tmp_path / "docs" / "bars.md").write_text("written by the run")
    (tmp_path / "stray.log").write_text("untracked")
    clean = commit_of(tmp_path)
    assert "changes" not in clean
    (tmp_path / "measured.py").write_text("after")
    assert commit_of(tmp_path) == f"{clean}+changes"
