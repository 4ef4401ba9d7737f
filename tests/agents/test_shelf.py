"""Files beside the default agent's are agents too; what is wrong with one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from vantum.agents.schema import FILES
from vantum.agents.shelf import shelf_of
from vantum.errors import SettingsError

GOOD = (FILES / "sales.yaml").read_text(encoding="utf-8")
BROKEN = GOOD.replace("  speed: 1.0", "  speed: 9")
LINE = GOOD.partition("  speed: 1.0")[0].count("\n") + 1


def put(folder: Path, **files: str) -> Path:
    """Write these agent files; returns that of `mine`, the default."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder / "mine.yaml"


def logged(default: Path, end_silence_s: float = 0.5) -> list[tuple[str, dict[str, str]]]:
    return list(shelf_of(default).complaints(end_silence_s=end_silence_s))


def test_a_broken_file_is_left_out_and_told_with_its_line_and_what_to_do(tmp_path: Path) -> None:
    mine = put(tmp_path, mine=GOOD, other=GOOD, third=BROKEN)
    assert list(shelf_of(mine).agents) == ["mine", "other"]
    [(event, told)] = logged(mine)
    assert event == "agent_left_out"
    assert told["agent"] == "third"
    assert told["why"] == f"third.yaml:{LINE}: voice.speed: expected a number <= 1.5"
    assert "vantum agent check third.yaml" in told["todo"]


def test_who_asks_for_it_is_told_that_its_file_has_a_mistake(tmp_path: Path) -> None:
    shelf = shelf_of(put(tmp_path, mine=GOOD, third=BROKEN))
    assert 'file of the agent "third" has a mistake' in str(shelf.no_such("third"))
    assert 'no agent "fourth"; known: mine' in str(shelf.no_such("fourth"))


def test_a_broken_default_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=rf"VANTUM_AGENT: .*mine\.yaml:{LINE}: voice\.speed"):
        shelf_of(put(tmp_path, mine=BROKEN))


@pytest.mark.parametrize("text", ["services: {}", "", "- a\n- b"])
def test_yaml_that_is_nobodys_agent_is_passed_over(tmp_path: Path, text: str) -> None:
    assert logged(put(tmp_path, mine=GOOD, compose=text)) == []


@pytest.mark.parametrize(
    ("old", "new", "end_silence_s", "told"),
    [
        ("answer_s: 0.3", "answer_s: 0.8", 0.5, "turns.answer_s: has no effect: VAD_SILENCE_"),
        ("unfinished_s: 1.2", "unfinished_s: 0.4", 0.5, "is more, and the longer one counts"),
        ("dictated_s: 1.6", "dictated_s: 0.4", 0.5, "VAD_SILENCE_THRESHOLD_MS (500) is more"),
        ("dictated_s: 1.6", "dictated_s: 1.9", 1.95, "turns.longest_s: has no effect"),
        ("answer_s: 0.3", "flush_s: 2", 0.5, "no longer than turns.unheard_s (1.4)"),
        (
            "name: Alex",
            "must_hear: [It is self-hosted and open source]\nname: Alex",
            0.5,
            "must_hear[0]: only a model is told this",
        ),
    ],
)
def test_what_a_file_says_in_vain_is_told(
    tmp_path: Path, old: str, new: str, end_silence_s: float, told: str
) -> None:
    mine = put(tmp_path, mine=GOOD.replace(old, new, 1))
    events = logged(mine, end_silence_s)
    assert {event for event, _ in events} == {"agent_says_in_vain"}
    assert any(told in what["why"] for _, what in events)
    assert all(what["why"].startswith(f"{mine}:") for _, what in events)


def test_what_a_file_leaves_out_is_no_doubt_of_its_own(tmp_path: Path) -> None:
    start, end = GOOD.index("\nturns:\n"), GOOD.index("\nunheard:")
    mine = put(tmp_path, mine=GOOD[:start] + GOOD[end:])
    assert logged(mine, end_silence_s=3.0) == []
