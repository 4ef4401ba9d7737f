"""Judges tests that failed beside others once more, alone: real time needs a machine that is free.

Only those of rooms that wait in real time, and of three files at most: more is no accident. What
decides without a clock gets no second look, and each test that had one is named.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FAILED = ROOT / ".pytest_cache" / "v" / "cache" / "lastfailed"
IN_REAL_TIME = ("campaigns", "providers", "recording", "simulator", "store", "telephony", "web")
MOST_FILES = 3


def may_be_judged_again(failed: list[str]) -> bool:
    """Whether all of them wait in real time, and are few."""
    files = {test.partition("::")[0] for test in failed}
    waits = all(file.startswith(tuple(f"tests/{room}/" for room in IN_REAL_TIME)) for file in files)
    return bool(files) and waits and len(files) <= MOST_FILES


def main() -> int:
    failed = list(json.loads(FAILED.read_text("utf-8"))) if FAILED.exists() else []
    if not may_be_judged_again(failed):
        return 1
    print("failed beside others, judged again alone:", *failed, sep="\n  ", flush=True)
    return int(pytest.main(["-v", *failed]))


if __name__ == "__main__":
    sys.exit(main())
