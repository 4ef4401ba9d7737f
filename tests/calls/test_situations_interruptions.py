"""Situations: the caller speaks into the agent's words, or something only sounds like it."""

from __future__ import annotations

import pytest
from situation import PRICES, asked, call, explaining

from vantum.conversation import events as ev


@pytest.mark.parametrize("length_s", [0.08, 0.12, 0.18])
def test_a_cough_or_a_click_does_not_stop_the_agent(length_s: float) -> None:
    caller, agent = explaining()
    caller.makes_noise(length_s)
    caller.waits(0.3)
    assert agent.speaks
    agent.finishes()
    assert caller.heard == agent.words_on_record == [PRICES]


def test_a_slammed_door_lets_the_agent_go_on_where_it_was() -> None:
    caller, agent = explaining()
    caller.makes_noise(0.4)
    assert not agent.speaks
    caller.waits(0.9)
    assert agent.speaks
    agent.finishes()
    assert caller.heard == [PRICES]


def test_a_lorry_that_passes_costs_no_words() -> None:
    caller, agent = explaining()
    caller.makes_noise(1.0)
    caller.waits(1.0)
    assert agent.speaks
    agent.finishes()
    assert caller.heard == [PRICES]


def test_a_fit_of_coughing_costs_a_pause_and_no_words() -> None:
    caller, agent = explaining()
    for _ in range(4):
        caller.coughs()
        caller.waits(0.5)
    assert agent.speaks
    agent.finishes()
    assert caller.heard == [PRICES]
    assert agent.was_asked == ["What does it cost?"]


def test_a_noise_that_the_recogniser_knows_to_be_none_is_over_at_once() -> None:
    caller, agent = explaining()
    caller.makes_noise(0.5)
    caller.waits(0.35)
    assert agent.speaks


def test_a_cough_while_the_agent_thinks_does_not_delay_the_answer() -> None:
    caller, agent = call(PRICES, first_token_s=0.8)
    caller.says("What does it cost?")
    agent.thinks()
    caller.coughs()
    agent.answers(within_s=0.9)
    assert agent.was_asked == ["What does it cost?"]


def test_a_cough_right_before_the_first_word_holds_it_for_a_moment() -> None:
    caller, agent = call(PRICES)
    caller.says("What does it cost?")
    agent.thinks()
    caller.waits(0.25)
    caller.coughs()
    caller.waits(0.8)
    assert agent.speaks
    agent.finishes()
    assert caller.heard == [PRICES]


@pytest.mark.parametrize(
    "words",
    ["Stop.", "Wait.", "No.", "Hang on a second.", "Sorry?", "Who is this?", "I'm not interested"],
)
def test_who_objects_has_the_floor(words: str) -> None:
    caller, agent = explaining(PRICES, "Of course.")
    caller.says(words)
    caller.waits(0.3)
    assert agent.is_interrupted
    agent.answers()
    assert agent.was_asked[-1] == words


def test_the_agent_is_silent_a_tenth_of_a_second_after_the_caller_begins() -> None:
    caller, agent = explaining()
    caller.begins("Wait, what about the setup?")
    caller.waits(0.1)
    assert not agent.speaks


def test_a_long_sentence_takes_the_floor_before_it_is_over() -> None:
    caller, agent = explaining()
    caller.begins("Listen, we have looked at all of that already last year, thank you.")
    caller.waits(1.0)
    assert agent.is_interrupted


def test_a_mumble_of_more_than_a_second_takes_the_floor_without_words() -> None:
    caller, agent = explaining()
    caller.world.makes_noise(2.0)
    caller.waits(1.5)
    assert agent.is_interrupted


def test_a_noise_that_took_the_floor_is_asked_after_and_leaves_no_dead_line() -> None:
    caller, agent = explaining()
    caller.makes_noise(2.0)
    assert agent.is_interrupted
    agent.speaks_up(within_s=1.5)
    assert agent.says == "Sorry, what was that?"


@pytest.mark.parametrize(("noise_s", "gap_s"), [(0.15, 0.4), (0.5, 0.5), (0.9, 0.5)])
def test_an_answer_gets_through_the_traffic(noise_s: float, gap_s: float) -> None:
    caller, _ = explaining()
    for _ in range(60):
        caller.makes_noise(noise_s)
        caller.waits(gap_s)
    assert caller.heard[0] == PRICES


def test_a_noise_of_just_over_a_second_is_none_of_one_and_a_fifth() -> None:
    caller, agent = explaining()
    caller.makes_noise(1.1)
    agent.finishes()
    assert caller.heard == [PRICES]


def test_the_model_is_told_only_what_was_heard_before_the_interruption() -> None:
    caller, agent = explaining(PRICES, "Yes.", heard_s=2.0)
    caller.says("Is there a setup fee?")
    agent.answers()
    assert agent.knows == [
        ("user", "What does it cost?"),
        ("assistant", "Of course, it depends on your"),
        ("user", "Is there a setup fee?"),
    ]


def test_who_interrupts_twice_is_answered_the_last_time_with_everything_said() -> None:
    caller, agent = explaining(PRICES, PRICES, "Until Friday.")
    caller.says("Is there a setup fee?")
    agent.answers()
    caller.waits(1.5)
    caller.says("And until when does that hold?")
    agent.answers()
    assert agent.was_asked[1:] == ["Is there a setup fee?", "And until when does that hold?"]
    assert [role for role, _ in agent.knows] == ["user", "assistant"] * 2 + ["user"]


def test_who_corrects_themselves_within_the_same_breath_is_asked_for_one_answer() -> None:
    caller, agent = explaining(PRICES, "For twenty it is three hundred.")
    caller.says("Wait,")
    caller.waits(0.4)
    caller.says("what would it be for twenty?")
    agent.answers()
    assert agent.was_asked[1:] == ["Wait, what would it be for twenty?"]


def test_who_goes_on_while_the_agent_thinks_is_answered_once() -> None:
    caller, agent = call("For twenty it is three hundred.", first_token_s=1.0)
    caller.says("What does it cost?")
    agent.thinks()
    caller.says("For twenty people, I mean.")
    agent.answers()
    assert agent.was_asked[-1] == "What does it cost? For twenty people, I mean."
    agent.finishes()
    assert caller.heard == ["For twenty it is three hundred."]


def test_both_begin_at_the_same_moment_and_the_agent_gives_way() -> None:
    caller, agent = call(PRICES, "For ten people, two hundred.")
    caller.says("What does it cost?")
    agent.answers()
    caller.says("For ten people, I mean.")
    caller.waits(0.3)
    assert agent.is_interrupted
    agent.answers()
    agent.finishes()
    said = " ".join(text for role, text in agent.knows if role == "user")
    assert said == "What does it cost? For ten people, I mean."
    assert caller.heard[-1] == "For ten people, two hundred."


def test_who_speaks_into_the_last_word_has_heard_it_all_and_is_answered() -> None:
    caller, agent = explaining("It is two hundred.", "Per month.", heard_s=0.5)
    caller.waits(0.55)
    caller.says("Is that per month?")
    agent.answers()
    assert agent.was_asked[-1] == "Is that per month?"


def test_a_noise_between_two_sentences_of_the_caller_is_no_part_of_them() -> None:
    caller, agent = call(PRICES)
    caller.says("What does it cost?")
    caller.waits(0.2)
    caller.coughs()
    agent.answers(within_s=2.0)
    assert agent.was_asked == ["What does it cost?"]


def test_words_of_somebody_else_in_the_room_stop_the_agent_and_it_comes_back() -> None:
    caller, agent = explaining(PRICES, "Go ahead, I'll wait.")
    caller.says("Tom, can you close the door?")
    agent.answers()
    agent.finishes()
    assert caller.heard[-1] == "Go ahead, I'll wait."


def test_a_noise_that_stopped_an_answer_nobody_had_heard_yet_does_not_lose_the_question() -> None:
    caller, agent = call(PRICES, first_token_s=1.0)
    caller.says("What does it cost?")
    agent.thinks()
    caller.makes_noise(1.6)
    agent.answers(within_s=4.0)
    assert agent.was_asked[-1] == "What does it cost?"


def test_a_key_pressed_while_the_agent_speaks_is_an_answer() -> None:
    caller, agent = explaining(PRICES, "You want to be called back.")
    caller.world.handle(ev.Keyed("2"))
    assert agent.is_interrupted
    agent.answers()
    assert agent.was_asked[-1] == "pressed 2"


def test_a_lost_end_of_speech_does_not_silence_the_agent_for_ever() -> None:
    caller, agent = explaining()
    caller.world.handle(ev.SpeechStarted(9.0))
    caller.waits(3.5)
    assert agent.speaks
    agent.finishes()
    assert caller.heard == [PRICES]


def test_a_recogniser_that_dies_in_the_callers_sentence_does_not_hold_the_answer() -> None:
    caller, agent = explaining()
    caller.world.handle(ev.SpeechStarted(9.0))
    caller.world.handle(ev.HearingFailed("socket lost"))
    caller.waits(0.2)
    assert agent.speaks


def test_five_interruptions_in_a_row_end_in_one_answer_heard_whole() -> None:
    caller, agent = explaining(PRICES, PRICES, PRICES, PRICES, PRICES, "It is two hundred.")
    for number in range(5):
        caller.says(f"No, what about plan {number}?")
        agent.answers()
        caller.waits(0.6)
    agent.finishes()
    assert caller.heard[-1] == "It is two hundred."


def test_who_says_one_word_again_and_again_is_not_answered_in_pieces() -> None:
    caller, agent = explaining(PRICES, "I am listening.")
    for _ in range(3):
        caller.says("Hello?")
        caller.waits(0.25)
    agent.answers()
    assert agent.was_asked[1:] == ["Hello? Hello? Hello?"]


def test_a_word_into_the_question_is_answered_and_not_lost() -> None:
    caller, agent = asked("Do you make outbound calls?", "I see.", PRICES)
    caller.says("We do, why?")
    agent.answers()
    caller.says("Hello, who is this?")
    agent.answers()
    assert agent.was_asked[-1].endswith("Hello, who is this?")


def test_who_stops_short_and_speaks_on_is_not_talked_over_while_they_do() -> None:
    caller, agent = explaining(finals_after_s=2.0)
    caller.world.makes_noise(0.4)
    caller.waits(0.8)
    caller.world.says("Wait, is that per seat?", length_s=1.5)
    caller.waits(1.2)
    assert not agent.speaks
