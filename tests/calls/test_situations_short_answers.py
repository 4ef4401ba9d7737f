"""Situations: a short answer that nobody writes down, and the first words of a call."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from situation import PHONE, POLICY, PRICES, Agent, Caller, asked, explaining

from tests.conversation.world import Script, World
from vantum.conversation import events as ev

CONSENT = "We record this call. Is that okay?"


def test_a_yes_that_the_recogniser_sits_on_is_fetched() -> None:
    caller, agent = asked(CONSENT, "Thank you.", sits_on_words=True)
    caller.says("Yes.", takes_s=0.3)
    agent.answers(within_s=1.6)
    assert agent.was_asked == ["Yes."]


def test_a_clipped_yep_right_behind_a_question_is_fetched_too() -> None:
    caller, agent = asked(CONSENT, "Thank you.", sits_on_words=True)
    caller.world.makes_noise(0.15, "Yep.")
    agent.answers(within_s=2.0)
    assert agent.was_asked == ["Yep."]


@pytest.mark.parametrize(
    ("language", "question", "yes"),
    [
        ("de", "Wir nehmen den Anruf auf. Ist das okay?", "Ja."),
        ("es", "Grabamos la llamada. ¿Le parece bien?", "Sí."),
        ("fr", "Nous enregistrons l'appel. Êtes-vous d'accord ?", "Oui."),
    ],
)
def test_a_clipped_yes_is_fetched_in_every_language(language: str, question: str, yes: str) -> None:
    policy = replace(POLICY, language=language)
    caller, agent = asked(question, "Merci.", policy=policy, sits_on_words=True)
    caller.world.makes_noise(0.15, yes)
    agent.answers(within_s=2.0)
    assert agent.was_asked == [yes]


def test_an_answer_that_was_heard_and_not_understood_is_asked_for_again() -> None:
    caller, agent = asked(CONSENT, deaf=True)
    caller.makes_noise(0.4)
    agent.speaks_up(within_s=1.5)
    assert agent.says == "Sorry, what was that?"


def test_the_second_time_it_is_asked_for_in_other_words_and_then_no_more() -> None:
    caller, agent = asked(CONSENT, deaf=True)
    for again in POLICY.unheard:
        caller.makes_noise(0.4)
        agent.speaks_up(within_s=1.5)
        assert agent.says == again
        agent.finishes()
    caller.makes_noise(0.4)
    caller.waits(3.0)
    assert agent.listens


def test_a_yes_upon_being_asked_again_is_answered() -> None:
    caller, agent = asked(CONSENT, "Thank you.")
    caller.makes_noise(0.4)
    agent.speaks_up(within_s=1.5)
    agent.finishes()
    caller.says("Yes.")
    agent.answers(within_s=1.0)
    assert agent.was_asked == ["Yes."]


@pytest.mark.parametrize("answer", ["Yes.", "No.", "Sure.", "Hi.", "Why?", "Two."])
def test_a_word_of_a_third_of_a_second_is_answered(answer: str) -> None:
    caller, agent = asked(CONSENT, "I see.")
    caller.says(answer, takes_s=0.3)
    agent.answers(within_s=1.0)
    assert agent.was_asked == [answer]


def test_a_clipped_word_counts_where_it_is_written_down() -> None:
    caller, agent = asked(CONSENT, "I see.")
    caller.says("Yep.", takes_s=0.13)
    agent.answers(within_s=1.0)
    assert agent.was_asked == ["Yep."]


def test_a_yes_between_two_coughs_is_answered() -> None:
    caller, agent = asked(CONSENT, "Thank you.")
    caller.coughs()
    caller.waits(0.5)
    caller.says("Yes.")
    caller.waits(0.2)
    caller.coughs()
    agent.answers(within_s=1.5)
    assert agent.was_asked == ["Yes."]


def test_an_answer_before_the_question_is_over_is_not_lost() -> None:
    caller, agent = explaining("We record this call, is that okay with you?", "Thank you.")
    caller.waits(0.4)
    caller.says("Yes.")
    agent.answers()
    assert agent.was_asked[-1] == "Yes."


def test_nobody_is_asked_again_for_a_noise_under_the_agents_own_words() -> None:
    caller, agent = explaining("It is two hundred euros a month.", heard_s=1.8)
    caller.makes_noise(0.5)
    agent.finishes()
    caller.waits(3.0)
    assert agent.listens


# -- the first words ------------------------------------------------------------------------------


def dialled_in(*answers: str, greeting: str = "") -> tuple[Caller, Agent]:
    """The line is open and the agent is still being woken up."""
    world = World(replace(POLICY, greeting=greeting), Script(answers=list(answers)))
    world.record(automatic=True, greets=True)
    return Caller(world), Agent(world)


def test_what_is_said_before_the_agent_is_ready_is_answered() -> None:
    caller, agent = dialled_in("Hello, this is Alex.", greeting="Hi there.")
    caller.says("Hello, is anybody there?")
    caller.waits(0.6)
    caller.world.handle(ev.Ready())
    agent.answers()
    assert agent.was_asked == ["Hello, is anybody there?"]
    agent.finishes()
    assert caller.heard == ["Hello, this is Alex."]


def test_a_sentence_in_which_the_agent_wakes_up_is_kept_whole() -> None:
    caller, agent = dialled_in("I can.")
    caller.begins("Hello, can you hear me at all?")
    caller.waits(1.0)
    caller.world.handle(ev.Ready())
    agent.answers()
    assert agent.was_asked == ["Hello, can you hear me at all?"]


def test_a_greeting_is_not_spoken_over_somebody_who_is_talking() -> None:
    caller, agent = dialled_in("I can.", greeting="Hi, this is Alex from Vantum.")
    caller.begins("Hello, can you hear me at all?")
    caller.waits(0.15)
    caller.world.handle(ev.Ready())
    agent.thinks()
    assert caller.heard == []
    assert agent.was_asked == ["Hello, can you hear me at all?"]


def test_words_that_are_written_down_after_the_agent_woke_up_are_not_lost() -> None:
    caller, agent = dialled_in("I can.", greeting="Hi, this is Alex from Vantum.")
    caller.says("Is anybody there?", takes_s=0.5)
    caller.world.handle(ev.Ready())
    caller.waits(0.3)
    agent.answers()
    assert agent.was_asked == ["Is anybody there?"]


def test_the_first_word_into_the_greeting_is_part_of_what_is_answered() -> None:
    caller, agent = asked("Hi.", PRICES)
    caller.says("Yes hello, what does it cost?")
    agent.answers()
    assert agent.was_asked == ["Yes hello, what does it cost?"]


def test_words_on_the_phone_before_the_stream_is_ready_belong_to_the_call() -> None:
    world = World(PHONE, Script())
    caller, agent = Caller(world), Agent(world)
    world.record(automatic=True, greets=True)
    caller.says("Hello?", takes_s=0.5)
    world.handle(ev.Ready())
    world.handle(ev.Answered(inbound=False, ago_s=0.6))
    agent.answers()
    agent.finishes()
    assert agent.transcript[0] == ("user", "Hello?")
    assert PHONE.greeting in caller.heard


@pytest.mark.parametrize(
    ("question", "answer", "within_s"),
    [
        ("Can I send you an email?", "Yes.", 0.4),
        ("Shall I send it by email?", "No, thanks.", 0.4),
        ("Is this number the best phone number?", "Yes.", 0.4),
        ("What is your email address?", "No.", 0.6),
        ("What is your email address?", "Why do you need that?", 0.6),
    ],
)
def test_a_yes_or_no_is_no_address_that_goes_on(
    question: str, answer: str, within_s: float
) -> None:
    caller, agent = asked(question, "Great.")
    caller.says(answer)
    agent.thinks()
    assert caller.waited_s <= within_s
    assert agent.was_asked == [answer]


def test_a_yes_to_an_email_is_thought_about_before_it_is_sure() -> None:
    guessing = replace(POLICY, guesses=1)
    caller, agent = asked("Can I send you an email?", "Great.", policy=guessing)
    caller.says("Yes.", takes_s=0.4)
    agent.answers()
    assert [one.guess for one in caller.world.asked] == [True]


@pytest.mark.parametrize(
    ("language", "question", "answer"),
    [
        ("en", "Do you call your leads yourselves?", "Not really."),
        ("en", "Do you have a minute?", "Go on."),
        ("es", "¿Le parece bien?", "Bueno."),
        ("es", "¿Le parece bien?", "Si."),
    ],
)
def test_an_answer_of_words_that_others_go_on_from_is_taken_at_once(
    language: str, question: str, answer: str
) -> None:
    caller, agent = asked(question, "Great.", policy=replace(POLICY, language=language))
    caller.says(answer, takes_s=0.5)
    agent.thinks(within_s=0.4)
    assert agent.was_asked == [answer]
