"""What answers a threat is a test that there is."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.fuzzing.corpus import fuzzed, told
from benchmarks.fuzzing.targets import TARGETS

ROOT = Path(__file__).resolve().parents[2]


def test_every_test_that_the_page_names_is_there() -> None:
    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    named = re.findall(r"`((?:tests|\.github)/[^`]+)`", page)
    assert len(named) > 10
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_what_the_page_says_of_the_fuzzer_is_what_it_did() -> None:
    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    assert told(fuzzed()) in page
    assert set(fuzzed().runs) == set(TARGETS)
