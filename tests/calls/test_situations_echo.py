"""Situations: the agent's own voice comes back through the caller's speakerphone."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from situation import POLICY, PRICES, asked, call, explaining

# `explaining` has the caller hear "Of course, it depends on your team. For ten people ...".


@pytest.mark.parametrize("echo", ["on your team", "it depends on your", "it depends on your dean"])
def test_the_agents_own_words_do_not_stop_it(echo: str) -> None:
    caller, agent = explaining(heard_s=2.6)
    caller.sends_back(echo)
    agent.finishes()
    assert caller.heard == [PRICES]
    assert agent.was_asked == ["What does it cost?"]


def test_an_echo_that_is_written_down_word_by_word_does_not_stop_the_agent() -> None:
    caller, agent = explaining(heard_s=2.6)
    caller.says("on your team", takes_s=0.8)
    caller.waits(0.4)
    assert not agent.is_interrupted
    agent.finishes()
    assert caller.heard == [PRICES]


def test_two_words_come_back_before_the_hold_cuts_the_echo_off() -> None:
    caller, agent = explaining(heard_s=2.6)
    caller.sends_back("your team")
    agent.finishes()
    assert caller.heard == [PRICES]


def test_an_echo_all_through_the_answer_does_not_stop_it() -> None:
    caller, agent = explaining(heard_s=2.6)
    for echo in ("on your team", "two hundred euros", "fifty people it is"):
        caller.sends_back(echo)
        caller.waits(1.9)
    agent.finishes()
    assert caller.heard == [PRICES]


def test_an_echo_of_the_last_words_is_not_answered() -> None:
    caller, agent = explaining("We make the first sales call for you.", heard_s=1.0)
    agent.finishes()
    caller.sends_back("sales call for you")
    caller.waits(3.0)
    assert agent.was_asked == ["What does it cost?"]


def test_an_echo_of_the_question_is_no_answer_to_it() -> None:
    caller, agent = asked("Do you make outbound calls in your team?", "Great.")
    caller.sends_back("in your team")
    caller.waits(1.0)
    assert agent.was_asked == []
    caller.says("Yes, we do.")
    agent.answers()
    assert agent.was_asked == ["Yes, we do."]


def test_who_speaks_over_the_echo_of_the_agent_is_heard() -> None:
    caller, agent = explaining(PRICES, "From Vantum.", heard_s=2.6)
    caller.sends_back("it depends on your team")
    caller.says("Sorry, who is calling?")
    agent.answers()
    assert agent.was_asked[-1].endswith("Sorry, who is calling?")


def test_who_repeats_one_word_of_the_agent_asks_about_it() -> None:
    caller, agent = explaining(PRICES, "Yes, per month.", heard_s=5.0)
    caller.says("Two hundred?")
    agent.answers()
    assert agent.was_asked[-1] == "Two hundred?"


def test_who_says_the_agents_words_back_much_later_is_answered() -> None:
    caller, agent = call("We make the first sales call for you.", "Right.")
    caller.asks("What do you do?")
    agent.finishes()
    caller.waits(3.0)
    caller.says("You make the first sales call for me?")
    agent.answers()
    assert agent.was_asked[-1] == "You make the first sales call for me?"


def test_an_echo_behind_every_answer_does_not_make_the_agent_talk_with_itself() -> None:
    caller, agent = call("It is two hundred a month for ten people.")
    for question in ("What does it cost?", "And what for ten?", "What was that?"):
        caller.asks(question)
        agent.finishes()
        caller.sends_back("month for ten people")
        caller.waits(2.0)
    assert len(agent.was_asked) == 3


# -- the caller's own words, which happen to be ours ----------------------------------------------

CHOICES = [
    ("Would this week or next week suit you?", "Next week."),
    ("Would you prefer this week or next week?", "Next week."),
    ("Do you prefer in the morning or in the afternoon?", "In the afternoon."),
    ("Do you prefer in the morning or in the afternoon?", "No, in the afternoon."),
    ("Is Tuesday at ten or Wednesday at two better?", "Wednesday at two."),
    ("Which would you like, the small plan or the large plan?", "The large plan."),
    ("Was that five five five or five nine five?", "five nine five"),
    ("Is it the timing, or just not a topic for you?", "Just not a topic for me."),
]


@pytest.mark.parametrize("after_s", [0.1, 0.6, 1.0])
@pytest.mark.parametrize(("question", "choice"), CHOICES)
def test_who_says_what_they_were_offered_has_chosen_it(
    question: str, choice: str, after_s: float
) -> None:
    caller, agent = asked(question, "Great.")
    caller.waits(after_s)
    caller.says(choice)
    agent.answers()
    assert agent.was_asked == [choice]


@pytest.mark.parametrize(
    ("language", "question", "choice"),
    [
        ("de", "Passt Ihnen diese Woche oder nächste Woche?", "Nächste Woche."),
        ("es", "¿Prefiere esta semana o la semana que viene?", "La semana que viene."),
        ("fr", "Vous préférez cette semaine ou la semaine prochaine ?", "La semaine prochaine."),
    ],
)
def test_people_choose_in_their_own_language(language: str, question: str, choice: str) -> None:
    caller, agent = asked(question, "Gut.", policy=replace(POLICY, language=language))
    caller.waits(0.1)
    caller.says(choice)
    agent.answers()
    assert agent.was_asked == [choice]


def test_who_chooses_while_the_agent_goes_on_has_the_floor() -> None:
    offer = "We could meet on Tuesday at ten or on Wednesday at two. Just tell me what is good."
    caller, agent = explaining(offer, "Great.", heard_s=3.7)
    caller.says("Wednesday at two.")
    agent.answers()
    assert agent.was_asked[-1] == "Wednesday at two."


def test_the_echo_of_an_offer_chooses_nothing() -> None:
    caller, agent = explaining("On Tuesday at ten or on Wednesday at two.", heard_s=1.2)
    caller.sends_back("at ten")
    agent.finishes()
    assert len(agent.was_asked) == 1


def test_who_confirms_in_our_words_a_moment_later_is_answered() -> None:
    caller, agent = asked("So that is Friday at three?", "Great.")
    caller.waits(0.6)
    caller.says("Friday at three.")
    agent.answers()
    assert agent.was_asked == ["Friday at three."]


def test_a_yes_in_front_of_our_words_is_no_echo() -> None:
    caller, agent = asked("Do you make outbound calls in your team?", "Great.")
    caller.says("Yes, in your team")
    agent.answers()
    assert agent.was_asked == ["Yes, in your team"]


def test_a_browser_returns_nothing_of_ours() -> None:
    page = replace(POLICY, sound_returns=False)
    caller, agent = asked("So that is Friday at three?", "Great.", policy=page)
    caller.says("Friday at three.")
    agent.answers()
    assert agent.was_asked == ["Friday at three."]
