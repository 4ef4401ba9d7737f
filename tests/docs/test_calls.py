"""docs/calls.md names every word and field that a program may meet."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from vantum.conversation.events import EndReason
from vantum.conversation.waterfall import Waterfall
from vantum.telephony.settled import UNANSWERED, Outcome, Turn
from vantum.web.rest.calls import NewCall, ShownCall, Transfer

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "calls.md").read_text("utf-8")


def first_cells(heading: str) -> list[str]:
    """The words in the first column of the table below this heading."""
    _, _, table = PAGE.partition(f"\n| {heading} | meaning |\n| --- | --- |\n")
    rows = table.partition("\n\n")[0].splitlines()
    return [word for row in rows for word in re.findall(r"`(\w+)`", row.split("|")[1])]


def test_every_outcome_has_its_line() -> None:
    words = first_cells("outcome")
    assert sorted(words) == sorted({*get_args(EndReason), *UNANSWERED.values(), "lost"})


def test_every_field_has_its_line() -> None:
    tables = PAGE.split("## What came of it")
    assert set(ShownCall.__struct_fields__) <= set(re.findall(r"`(\w+)`", tables[0]))
    shown = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", tables[1], re.MULTILINE)
    named = [word for cell in shown for word in re.findall(r"\w+", cell)]
    assert set(Outcome.__struct_fields__) <= set(named)


def test_every_step_of_a_wait_has_its_line() -> None:
    assert first_cells("stage") == list(Waterfall.__struct_fields__)
    section = PAGE.partition("## Where the caller's wait went")[2].partition("\n## ")[0]
    assert set(Turn.__struct_fields__) <= set(re.findall(r"`(\w+)`", section))


@pytest.mark.parametrize("body", [NewCall, Transfer])
def test_bodies_are_shown_in_full(body: type[NewCall | Transfer]) -> None:
    assert all(f'"{field}":' in PAGE for field in body.__struct_fields__)
