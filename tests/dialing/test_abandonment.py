"""Which calls count as abandoned, and how many are too many."""

from __future__ import annotations

import pytest

from vantum.dialing.abandonment import PEOPLE, Limits, Met, too_many, was_abandoned


@pytest.mark.parametrize(
    ("after_s", "lasted_s", "abandoned"),
    [
        (0.4, 30.0, False),
        (2.0, 30.0, False),
        (2.1, 30.0, True),
        (None, 1.0, False),  # they hung up before anybody could speak
        (None, 8.0, True),
    ],
)
def test_a_person_who_waits_for_more_than_two_seconds_was_abandoned(
    after_s: float | None, lasted_s: float, abandoned: bool
) -> None:
    call = Met("disconnected", 1.0, "person", lasted_s, after_s)
    assert was_abandoned(call, Limits()) is abandoned


@pytest.mark.parametrize("answerer", ["", "unknown", "human", "silence"])
def test_whoever_is_no_machine_for_certain_is_a_person(answerer: str) -> None:
    assert was_abandoned(Met("lost", 1.0, answerer, 9.0), Limits()) is True


@pytest.mark.parametrize(
    "call",
    [
        Met("busy"),
        Met("voicemail", 1.0, "voicemail", 30.0),
        Met("lost", 1.0, "machine_start", 30.0),
        Met("fax", 1.0, "fax", 3.0),
    ],
)
def test_where_no_person_answered_nobody_was_abandoned(call: Met) -> None:
    assert was_abandoned(call, Limits()) is None


def test_the_rules_say_how_soon_there_must_be_a_voice() -> None:
    late = Met("disconnected", 1.0, "person", 30.0, 1.5)
    assert was_abandoned(late, Limits(speak_within_s=1.0)) is True


@pytest.mark.parametrize(
    ("abandoned", "people", "at_most", "are"),
    [
        (1, PEOPLE - 1, 0.01, False),
        (1, PEOPLE, 0.03, False),
        (2, PEOPLE, 0.03, True),
        (3, 100, 0.03, False),
        (4, 100, 0.03, True),
        (2, 100, 0.01, True),
    ],
)
def test_three_in_a_hundred_are_allowed(
    abandoned: int, people: int, at_most: float, are: bool
) -> None:
    assert too_many(abandoned, people, at_most) is are
