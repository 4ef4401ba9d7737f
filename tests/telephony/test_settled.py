"""Which word a call's outcome is told in."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from a_call import phone_call
from vantum.telephony.settled import Said, Talked, met, outcome_of

CALL = phone_call(100.0)
ANSWERED = replace(CALL, answered_at=110.0, ended_at=140.0, status="completed")


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("busy", "busy"),
        ("no-answer", "no_answer"),
        ("failed", "failed"),
        ("canceled", "canceled"),
        ("invalid", "invalid"),
        ("completed", "lost"),
    ],
)
def test_of_a_call_without_a_talk_the_carriers_word_is_told(status: str, word: str) -> None:
    assert outcome_of(replace(CALL, status=status, ended_at=120.0), None).outcome == word


def test_the_operators_end_and_a_hand_over_are_told_before_all_else() -> None:
    assert outcome_of(replace(ANSWERED, end_asked=True), None).outcome == "operator_ended"
    handed_over = replace(ANSWERED, handed_over_at=115.0)
    assert outcome_of(handed_over, Talked("disconnected")).outcome == "transferred"
    assert outcome_of(ANSWERED, Talked("disconnected")).outcome == "disconnected"


def test_who_wants_no_more_calls_has_said_so_however_the_call_ended() -> None:
    assert outcome_of(ANSWERED, Talked("disconnected", opted_out_s=4.0)).outcome == "opt_out"


def test_a_call_has_lasted_until_it_was_handed_over_or_ended() -> None:
    assert outcome_of(ANSWERED, None).lasted_s == 30.0
    assert outcome_of(replace(ANSWERED, handed_over_at=115.5), None).lasted_s == 5.5
    assert outcome_of(replace(ANSWERED, ended_at=None, handed_over_at=115.5), None).lasted_s == 5.5
    assert outcome_of(replace(CALL, ended_at=120.0), None).lasted_s == 0.0


def test_a_call_whose_process_has_died_was_greeted_if_that_is_on_record() -> None:
    assert outcome_of(ANSWERED, None).greeted_after_s is None
    greeted = replace(ANSWERED, greeted_after_s=0.4)
    assert outcome_of(greeted, None).greeted_after_s == 0.4
    assert outcome_of(greeted, Talked("disconnected", greeted_after_s=0.5)).greeted_after_s == 0.5


def test_machines_on_the_way_are_kept_apart_from_who_it_was_in_the_end() -> None:
    assert met(["ivr", "hold", "person"]) == ("ivr", "hold")
    assert met(["person", "voicemail"]) == ()
    assert met([]) == ()


@pytest.mark.parametrize(
    ("answered_by", "met", "said", "word"),
    [
        ("person", ("screening",), "", "disconnected"),
        ("screening", (), "agent", "screened_out"),
        ("voicemail", ("screening",), "agent", "screened_out"),  # it declined in such words
        ("voicemail", (), "", "no_message"),
        ("voicemail", (), "agent", "disconnected"),  # in the middle of our message
        ("ivr", (), "", "ivr"),
        ("hold", ("ivr",), "", "hold"),
        ("silence", (), "", "disconnected"),
    ],
)
def test_a_machine_that_hangs_up_was_nobody(
    answered_by: str, met: tuple[str, ...], said: str, word: str
) -> None:
    transcript = (Said(said, "I call from Acme."),) if said else ()
    talked = Talked("disconnected", answered_by, met=met, transcript=transcript)
    assert outcome_of(ANSWERED, talked).outcome == word
