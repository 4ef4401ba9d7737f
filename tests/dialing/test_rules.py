"""The rules as data: what a file may say, what binds when, and the table made of them."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from vantum.dialing import shipped
from vantum.dialing.rules import Hours, Rules, parse, shipped_rules
from vantum.errors import SettingsError

ROOT = Path(__file__).parent.parent.parent
HEAD = 'country = "US"\n'
RULE = """
[[rules]]
id = "a"
says = "Something."
since = 2026-01-01
source = "somewhere"
verified = false
"""
ATTEMPTS = 'demand = { type = "attempts", most = 3, period_h = 24 }\n'


def test_a_rules_file() -> None:
    (found,) = parse(HEAD + RULE + 'until = 2026-12-31\nstates = ["FL"]\n' + ATTEMPTS, "x").rules
    assert found.binds({"FL", "GA"}, {date(2026, 1, 1)})
    assert found.binds({"FL"}, {date(2025, 12, 31), date(2026, 1, 1)})
    assert found.binds({"FL"}, {date(2026, 12, 31)})
    assert not found.binds({"FL"}, {date(2025, 12, 31)})
    assert not found.binds({"FL"}, {date(2027, 1, 1)})
    assert not found.binds({"GA"}, {date(2026, 1, 1)})
    assert not found.binds((), {date(2026, 1, 1)})
    assert not found.binds({"FL"}, ())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "country"),
        ("country = ", "x.toml: "),
        (HEAD, "rules"),
        ('country = "usa"' + RULE + ATTEMPTS, "country"),
        ('country = "XX"' + RULE + ATTEMPTS, "no country"),
        (HEAD + RULE, "demand"),
        (HEAD + "rules = []", "length"),
        (HEAD + RULE + "colour = 3\n" + ATTEMPTS, "colour"),
        (HEAD + RULE + 'demand = { type = "prayer" }', "prayer"),
        (HEAD + RULE + 'demand = { type = "hours", week = { every = "8-9" } }', "08:00-21:00"),
        (HEAD + RULE + 'demand = { type = "hours", week = { every = "21:00-08:00" } }', "open"),
        (HEAD + RULE + 'demand = { type = "hours", week = { monday = "" } }', "monday"),
        (HEAD + RULE + 'demand = { type = "attempts", most = -1, period_h = 24 }', "most"),
        (HEAD + RULE + 'demand = { type = "attempts", most = 3, period_h = 0 }', "period_h"),
        # Further back than calls are kept for certain.
        (HEAD + RULE + 'demand = { type = "attempts", most = 3, period_h = 745 }', "period_h"),
        (HEAD + RULE + 'demand = { type = "abandonment", at_most = 1, per_days = 32 }', "per_days"),
        (HEAD + RULE + 'demand = { type = "consent", needs = "silence" }', "silence"),
        (HEAD + RULE + 'demand = { type = "dnc", max_age_days = nan }', "max_age_days"),
        (HEAD + RULE.replace('"Something."', '""') + ATTEMPTS, "says"),
        (HEAD + RULE.replace("2026-01-01", '"soon"') + ATTEMPTS, "since"),
        (HEAD + RULE.replace('source = "somewhere"', "") + ATTEMPTS, "source"),
        (HEAD + RULE.replace("verified = false", "") + ATTEMPTS, "verified"),
        (HEAD + RULE + "until = 2025-12-31\n" + ATTEMPTS, "ends before it begins"),
        (HEAD + RULE + 'states = ["FL", "ZZ"]\n' + ATTEMPTS, "ZZ"),
        ('country = "GB"' + RULE + 'states = ["FL"]\n' + ATTEMPTS, "no states of GB"),
        (HEAD + RULE + ATTEMPTS + RULE + ATTEMPTS, "two versions on 2026-01-01"),
    ],
)
def test_a_file_that_cannot_be_used_says_where(text: str, says: str) -> None:
    with pytest.raises(SettingsError, match=r"^x\.toml: ") as refused:
        parse(text, "x.toml")
    assert says in str(refused.value)


def test_one_name_may_change_its_words_from_a_day_on() -> None:
    later = RULE.replace("2026-01-01", "2026-07-01") + ATTEMPTS
    pack = parse(HEAD + later + RULE + "until = 2026-06-30\n" + ATTEMPTS, "x.toml")
    today = {date(2026, 7, 1)}
    assert [rule.since for rule in pack.rules if rule.binds((), today)] == [date(2026, 7, 1)]
    with pytest.raises(SettingsError, match="two versions on 2026-07-01"):
        parse(HEAD + later + RULE + "until = 2026-07-01\n" + ATTEMPTS, "x.toml")


def test_the_shipped_rules_are_cited_samples_of_one_country() -> None:
    rules = shipped_rules()
    assert [pack.country for pack in rules.packs] == ["US", "US"]
    assert not rules.knows("GB")
    assert not rules.knows("CA")
    found = list(rules.of({"US", "CA"}))
    assert len({rule.id for rule in found}) == len(found) == 24
    for rule in found:
        assert rule.source, rule.id
        assert not rule.verified, rule.id


@pytest.mark.parametrize(
    ("name", "monday", "sunday"),
    [
        ("us-hours", (480, 1260), (480, 1260)),
        ("us-fl-hours", (480, 1200), (480, 1200)),
        ("us-ok-hours", (480, 1200), (480, 1200)),
        ("us-wa-hours", (480, 1200), (480, 1200)),
        ("us-tx-hours", (540, 1260), (720, 1260)),
    ],
)
def test_the_shipped_hours(name: str, monday: tuple[int, int], sunday: tuple[int, int]) -> None:
    (demand,) = (rule.demand for rule in shipped_rules().of({"US"}) if rule.id == name)
    assert isinstance(demand, Hours)
    assert (demand.days[0], demand.days[6]) == (monday, sunday)


def test_no_rules_know_no_country() -> None:
    assert list(Rules(()).of({"US"})) == []


def test_the_written_table_names_every_rule_and_is_current() -> None:
    tool = ROOT / "tools" / "rules_doc.py"
    checked = subprocess.run(
        [sys.executable, str(tool), "--check"], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")
    table = (ROOT / "docs" / "dialing-rules.md").read_text("utf-8")
    for rule in shipped_rules().of({"US"}):
        (row,) = (line for line in table.splitlines() if line.startswith(f"| `{rule.id}` |"))
        assert rule.source in row
        assert row.endswith("| unverified |")


def test_every_shipped_rules_file_is_listed() -> None:
    folder = ROOT / "src" / "vantum" / "dialing" / "rules"
    assert sorted(path.name for path in folder.glob("*.toml")) == sorted(shipped.RULE_FILES)
