"""Situations: the books hold what was heard, and every utterance has an end that is known."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from situation import POLICY, PRICES, asked, call, explaining

from vantum.conversation import effects as do
from vantum.conversation import events as ev


@pytest.mark.parametrize("times_words", [True, False])
@pytest.mark.parametrize("heard_s", [0.5, 1.0, 2.0, 4.5, 7.0, 11.0])
def test_the_transcript_ends_with_the_last_word_heard(heard_s: float, times_words: bool) -> None:
    caller, agent = explaining(PRICES, "Sure.", heard_s=heard_s, times_words=times_words)
    caller.says("Stop, please.")
    caller.waits(0.3)
    assert agent.is_interrupted
    assert agent.words_on_record == caller.heard
    assert PRICES.startswith(caller.heard[0])


def test_the_model_never_sees_a_word_that_was_not_heard() -> None:
    caller, agent = explaining(PRICES, "No.", heard_s=2.0)
    caller.says("Is there a setup fee?")
    agent.answers()
    assert ("assistant", caller.heard[0]) in agent.knows
    assert not any("setup" in text for role, text in agent.knows if role == "assistant")


def test_an_answer_stopped_before_its_first_sound_leaves_no_line() -> None:
    caller, agent = call(PRICES, "For twenty it is three hundred.")
    caller.says("What does it cost?")
    agent.thinks()
    caller.waits(0.2)
    caller.says("For twenty, I mean.")
    agent.answers()
    agent.finishes()
    assert caller.heard == agent.words_on_record == ["For twenty it is three hundred."]


def test_an_answer_heard_to_its_end_is_on_record_whole() -> None:
    caller, agent = explaining()
    agent.finishes()
    assert caller.heard == agent.words_on_record == [PRICES]


def test_a_call_that_breaks_off_keeps_what_was_heard_until_then() -> None:
    caller, agent = explaining(heard_s=3.0)
    caller.hangs_up()
    assert agent.words_on_record == caller.heard
    assert agent.is_gone


def test_marks_of_sound_that_was_cleared_count_nothing() -> None:
    caller, agent = explaining(PRICES, "Sure.", heard_s=2.0)
    caller.begins("Stop, please.")
    caller.waits(0.1)
    caller.world.ear.confirm(caller.world.ear.sent_s, caller.world.now)  # as a carrier clears
    caller.waits(1.0)
    assert agent.words_on_record == ["Of course, it depends on your"]


def test_a_late_mark_of_an_interrupted_answer_changes_no_book() -> None:
    caller, agent = explaining(PRICES, "Sure.", heard_s=2.0)
    caller.says("Stop, please.")
    caller.waits(0.3)
    before = agent.transcript
    caller.world.handle(ev.PlayedOut(1))
    caller.world.handle(ev.TurnStopped(1, 12.0))
    assert agent.transcript == before


def test_after_a_hold_words_are_counted_from_where_the_sound_went_on() -> None:
    caller, agent = explaining(PRICES, "Sure.", heard_s=2.0)
    caller.coughs()
    caller.waits(2.0)
    caller.says("Stop, please.")
    caller.waits(0.3)
    assert agent.words_on_record == caller.heard


def test_a_carrier_that_plays_later_than_we_think_has_less_on_record() -> None:
    caller, agent = explaining(PRICES, "Sure.", heard_s=3.0)
    caller.world.ear.confirm(1.5, caller.world.now)
    caller.says("Stop, please.")
    caller.waits(0.3)
    assert agent.words_on_record == caller.heard
    assert agent.words_on_record[0] == "Of course, it depends on"


def test_nothing_of_an_interrupted_answer_sounds_again() -> None:
    caller, agent = explaining(PRICES, "Sure.", token_s=0.2)
    caller.says("Stop, please.")
    caller.waits(0.3)
    cut = caller.heard[0]
    agent.answers()
    agent.finishes()
    caller.waits(5.0)
    assert caller.heard == [cut, "Sure."]


def test_a_carrier_is_never_more_than_a_breath_ahead_of_the_ear() -> None:
    caller, _ = explaining(heard_s=0.1)
    ear = caller.world.ear
    for _ in range(20):
        caller.waits(0.5)
        assert ear.sent_s - ear.heard[ear.turn] <= 0.2 + 0.05


def test_both_answers_of_two_interruptions_are_on_record_as_far_as_heard() -> None:
    caller, agent = explaining(PRICES, PRICES, "Goodbye.")
    caller.says("Stop, please.")
    agent.answers()
    caller.waits(1.0)
    caller.says("No, really, stop.")
    agent.answers()
    agent.finishes()
    assert agent.words_on_record == caller.heard
    assert len(caller.heard) == 3


def test_the_client_is_told_how_much_of_it_was_heard() -> None:
    caller, _ = explaining(PRICES, "Sure.")
    caller.says("Stop, please.")
    caller.waits(0.3)
    assert caller.world.told(do.AnswerInterrupted) == [do.AnswerInterrupted(1, caller.heard[0])]


# -- speech that stops in mid-sentence ------------------------------------------------------------


def test_a_voice_that_dies_in_mid_answer_leaves_what_was_heard_and_the_talk_goes_on() -> None:
    caller, agent = call(PRICES, "Sure.", voice_fails_at_piece=1)
    caller.asks("What does it cost?")
    agent.finishes()
    assert agent.words_on_record == caller.heard
    assert PRICES.startswith(caller.heard[0])
    assert [fault.service for fault in caller.world.told(do.Fault)] == ["tts"]
    caller.says("Are you there?")
    agent.thinks()


def test_a_voice_that_never_begins_leaves_no_line_on_the_phone() -> None:
    caller, agent = call(PRICES, voice_fails_at_piece=0)
    caller.says("What does it cost?")
    caller.waits(3.0)
    assert caller.heard == agent.words_on_record == []


def test_a_model_that_breaks_off_says_so() -> None:
    caller, agent = call(PRICES, model_fails=[1], fails_after_tokens=8)
    caller.asks("What does it cost?")
    agent.finishes()
    assert caller.heard[0].endswith(POLICY.broken_off)
    assert agent.words_on_record == caller.heard


def test_a_model_that_fails_before_a_word_asks_for_the_question_again() -> None:
    caller, agent = call(PRICES, model_fails=[1])
    caller.asks("What does it cost?")
    agent.finishes()
    assert caller.heard == [POLICY.fallbacks[0]]


def test_three_failures_in_a_row_end_the_call_with_a_goodbye() -> None:
    caller, agent = call(PRICES, model_fails=[1, 2, 3])
    for _ in range(3):
        caller.asks("What does it cost?")
        caller.waits(6.0)
    assert caller.heard == list(POLICY.fallbacks)
    assert agent.has_hung_up == "faults"


def test_a_model_that_is_slow_has_the_caller_told_within_two_seconds() -> None:
    caller, agent = call(PRICES, first_token_s=3.5)
    caller.says("What does it cost?")
    agent.answers(within_s=2.0)
    assert agent.says == "One moment, please."
    agent.finishes()
    assert caller.heard == [f"One moment, please. {PRICES}"]


def test_who_speaks_into_the_filler_is_answered_once_with_all_they_said() -> None:
    caller, agent = call("For twenty it is three hundred.", first_token_s=3.5)
    caller.says("What does it cost?")
    agent.answers(within_s=2.0)
    caller.waits(0.5)
    caller.says("For twenty people, I mean.")
    agent.thinks()
    said = " ".join(text for role, text in agent.knows if role == "user")
    assert said == "What does it cost? For twenty people, I mean."


# -- a provider's connection, and what is said meanwhile ------------------------------------------


def test_who_says_hello_into_the_filler_has_their_question_answered_still() -> None:
    caller, agent = call(PRICES, first_token_s=2.5)
    caller.says("What does it cost?")
    caller.waits(2.0)
    caller.says("Hello?")
    agent.thinks()
    said = " ".join(text for role, text in agent.knows if role == "user")
    assert said == "What does it cost? Hello?"


def test_okay_to_the_filler_lets_the_answer_come() -> None:
    caller, agent = call(PRICES, first_token_s=3.0)
    caller.says("What does it cost?")
    caller.waits(2.0)
    caller.says("Okay.")
    agent.finishes()
    assert caller.heard == [f"One moment, please. {PRICES}"]


def test_a_recogniser_that_reconnects_within_a_sentence_loses_no_word() -> None:
    caller, agent = call(PRICES, finals_after_s=1.0)
    caller.begins("What does it cost?")
    caller.world.event_in(0.5, ev.Setback("stt", "network", "connection lost"))
    caller.waits(1.2)
    agent.answers(within_s=4.0)
    assert agent.was_asked == ["What does it cost?"]


def test_who_spoke_into_a_dead_connection_is_told_that_somebody_is_there() -> None:
    caller, agent = asked("Do you have a minute?")
    caller.world.handle(ev.Setback("stt", "network", "connection lost", unheard=True))
    agent.speaks_up(within_s=0.5)
    assert agent.says == "One moment, please."


def test_a_caller_who_cannot_be_heard_any_more_is_told_so() -> None:
    policy = replace(POLICY, deaf="I can't hear you, we will call you back.")
    caller, agent = asked("Do you have a minute?", policy=policy)
    caller.world.handle(ev.HearingFailed("gone for good"))
    agent.speaks_up(within_s=0.5)
    assert agent.says == policy.deaf
