"""Rows TT-03 and TT-18: which voice speaks, and what it is told besides words."""

from __future__ import annotations

import pytest

from vantum.providers.cartesia_voices import VOICES, follows_tags, speakable, untagged, voice_id

KYLE = "c961b81c-a935-4c17-bfb3-ba2239de8c2f"
TESSA = "6ccbfb76-1fc6-48f7-b71d-91ac6298247b"
OWN = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("asked", "otherwise", "found"),
    [
        ("", KYLE, KYLE),
        (TESSA, KYLE, TESSA),
        ("Tessa", KYLE, TESSA),
        (" tESSA ", KYLE, TESSA),
        ("heart", KYLE, KYLE),
        ("heart", "tessa", TESSA),
        ("", OWN, OWN),
        ("kyle", OWN, KYLE),
    ],
)
def test_tt_03_a_voice_is_asked_for_by_id_or_name(asked: str, otherwise: str, found: str) -> None:
    assert voice_id(asked, otherwise) == found


def test_tt_03_two_voices_can_be_chosen() -> None:
    assert [(voice.name, voice.id) for voice in VOICES] == [("Kyle", KYLE), ("Tessa", TESSA)]


@pytest.mark.parametrize(
    ("model", "follows"),
    [
        ("sonic-3", True),
        ("sonic-3.5", True),
        ("sonic-3-2026-01-12", True),
        ("sonic-10", True),
        ("sonic-latest", True),
        ("sonic-2", False),
        ("sonic-turbo", False),
        ("sonic-english", False),
        ("sonic", False),
    ],
)
def test_tt_18_only_sonic_3_and_newer_follow_tags(model: str, follows: bool) -> None:
    assert follows_tags(model) is follows


TAGGED = '<emotion value="curious"/>Oh, really? <break time="300ms"/> <SPELL>AB1</SPELL> then.'


def test_tt_18_tags_are_passed_on_or_taken_out() -> None:
    assert speakable(f" {TAGGED} ", "sonic-3.5") == TAGGED
    assert speakable(TAGGED, "sonic-2") == untagged(TAGGED) == "Oh, really? AB1 then."


@pytest.mark.parametrize("text", ["3 < 5 and 7 > 6", "a <b> c", "if x<y"])
def test_tt_18_what_only_looks_like_a_tag_stays(text: str) -> None:
    assert untagged(text) == text


@pytest.mark.parametrize("text", ["", "  ", "...", "—", '<break time="1s"/>'])
def test_tt_10_text_without_a_letter_or_digit_is_nothing_to_say(text: str) -> None:
    assert speakable(text, "sonic-3.5") == speakable(text, "sonic-2") == ""
