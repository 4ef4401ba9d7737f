"""What an author reads who has agent files checked."""

from __future__ import annotations

from pathlib import Path

from test_cli import vantum
from vantum.agents.schema import FILES

GOOD = (FILES / "sales.yaml").read_text(encoding="utf-8")


def test_a_good_file_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(GOOD.replace('language: ""', "language: de-DE", 1))
    checked = vantum(tmp_path, "agent", "check", "mine.yaml")
    assert (checked.returncode, checked.stderr) == (0, "")
    [line] = checked.stdout.splitlines()
    assert line.startswith("mine.yaml: Alex from Vantum, 3 questions, ")
    assert line.endswith(" replies, de-DE, no warnings")


def test_what_it_says_in_vain_follows_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(GOOD.replace("answer_s: 0.3", "answer_s: 0.9", 1))
    checked = vantum(tmp_path, "agent", "check", "mine.yaml")
    assert checked.returncode == 0
    first, second = checked.stdout.splitlines()
    assert first.endswith("en-US (STT_LANGUAGE), 1 warning")
    line = GOOD.partition("  answer_s: ")[0].count("\n") + 1
    assert second.startswith(f"  warning: mine.yaml:{line}: turns.answer_s: has no effect")


def test_every_file_is_checked_though_one_is_broken(tmp_path: Path) -> None:
    (tmp_path / "[odd].yaml").write_text(GOOD.replace("  speed: 1.0", "  speed: 9", 1))
    checked = vantum(tmp_path, "agent", "check", "[odd].yaml", "nobody.yaml", ".", "sales")
    assert checked.returncode == 2
    line = GOOD.partition("  speed: ")[0].count("\n") + 1
    assert checked.stderr.splitlines() == [
        f"[odd].yaml:{line}: voice.speed: expected a number <= 1.5",
        "nobody.yaml: no such agent file; agents that come with Vantum: sales",
        ".: no such agent file; agents that come with Vantum: sales",
    ]
    assert "sales.yaml: Alex from Vantum, " in checked.stdout
