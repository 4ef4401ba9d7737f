"""Situations: the caller says uh-huh. It is a nod while the agent explains, a yes to a question."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from situation import POLICY, PRICES, asked, call, explaining

QUESTION = "We call your leads for you, and you talk to those who want to. Is that of interest?"


@pytest.mark.parametrize(
    "nod",
    ["Uh-huh.", "Mhm.", "Yeah.", "Okay.", "Right.", "Sure.", "Yeah, okay.", "Oh, right, okay."],
)
def test_a_nod_lets_the_agent_go_on(nod: str) -> None:
    caller, agent = explaining()
    caller.says(nod)
    caller.waits(0.4)
    assert agent.speaks
    agent.finishes()
    assert caller.heard == [PRICES]
    assert agent.was_asked == ["What does it cost?"]


@pytest.mark.parametrize("heard_s", [0.3, 1.5, 2.4, 5.0, 8.0, 11.0])
def test_a_nod_is_one_wherever_it_comes(heard_s: float) -> None:
    caller, agent = explaining(heard_s=heard_s)
    caller.says_uh_huh()
    assert not agent.is_interrupted
    agent.finishes()
    assert caller.heard == [PRICES]


def test_a_nod_costs_less_than_a_breath() -> None:
    caller, agent = explaining()
    caller.begins("uh-huh", takes_s=0.4)
    caller.waits(0.75)
    assert agent.speaks


@pytest.mark.parametrize(
    ("language", "nod"),
    [
        ("de", "Ja, genau."),
        ("de", "Mhm."),
        ("de-CH", "Ja, verstehe."),
        ("es", "Sí, claro."),
        ("es-MX", "Vale."),
        ("fr", "D'accord."),
        ("fr-CA", "Oui, oui."),
    ],
)
def test_people_nod_in_their_own_language(language: str, nod: str) -> None:
    caller, agent = explaining(policy=replace(POLICY, language=language))
    caller.says(nod)
    agent.finishes()
    assert caller.heard == [PRICES]


@pytest.mark.parametrize(
    ("language", "words"), [("de", "Moment mal."), ("es", "No, gracias."), ("fr", "Attendez.")]
)
def test_people_object_in_their_own_language(language: str, words: str) -> None:
    caller, agent = explaining(policy=replace(POLICY, language=language))
    caller.says(words)
    caller.waits(0.3)
    assert agent.is_interrupted


@pytest.mark.parametrize(
    "words", ["Yeah, but not now.", "Okay, who is this?", "Right, and the fee?"]
)
def test_a_nod_that_turns_into_a_sentence_takes_the_floor(words: str) -> None:
    caller, agent = explaining()
    caller.says(words)
    caller.waits(0.3)
    assert agent.is_interrupted
    agent.answers()
    assert agent.was_asked[-1] == words


@pytest.mark.parametrize("yes", ["Yes.", "Yeah.", "Mhm.", "Uh-huh.", "Sure.", "Okay."])
def test_a_nod_right_behind_a_question_is_the_answer(yes: str) -> None:
    caller, agent = asked(QUESTION, "Great.")
    caller.waits(0.2)
    caller.says(yes)
    agent.answers(within_s=1.0)
    assert agent.was_asked == [yes]


def test_a_yes_into_the_last_words_of_a_question_is_the_answer() -> None:
    caller, agent = explaining("We call your leads. Is that of interest to your people?", "Great.")
    caller.waits(1.2)
    caller.says("Yes.")
    agent.answers()
    assert agent.was_asked[-1] == "Yes."
    agent.finishes()
    assert caller.heard[-1] == "Great."


def test_a_yes_before_the_question_has_begun_is_a_nod() -> None:
    caller, agent = explaining(QUESTION, heard_s=1.0)
    caller.says("Yes.")
    agent.finishes()
    assert caller.heard == [QUESTION]
    assert len(agent.was_asked) == 1


def test_okay_while_the_agent_thinks_does_not_ask_the_model_again() -> None:
    caller, agent = call(PRICES, first_token_s=0.8)
    caller.says("What does it cost?")
    agent.thinks()
    caller.says("Okay.")
    agent.answers(within_s=2.0)
    assert agent.was_asked == ["What does it cost?"]
    agent.finishes()
    assert caller.heard == [PRICES]


def test_a_nod_at_every_sentence_lets_the_whole_be_heard() -> None:
    caller, agent = explaining(heard_s=1.0)
    for nod in ("Mhm.", "Right.", "Okay."):
        caller.says(nod)
        caller.waits(2.5)
    agent.finishes()
    assert caller.heard == [PRICES]


@pytest.mark.parametrize("before_end_s", [0.7, 0.5, 0.3, 0.2])
def test_a_nod_into_the_last_words_of_a_statement_asks_nothing(before_end_s: float) -> None:
    caller, agent = explaining("We make the first sales call for you.", "Hm?", heard_s=1.0)
    caller.waits(1.43 - before_end_s)
    caller.says("Mhm.")
    agent.finishes()
    caller.waits(3.0)
    assert agent.was_asked == ["What does it cost?"]


def test_a_nod_is_not_part_of_the_next_question() -> None:
    caller, agent = explaining(PRICES, "No.")
    caller.says_uh_huh()
    agent.finishes()
    caller.says("Is there a setup fee?")
    agent.answers()
    assert agent.was_asked[-1] == "Is there a setup fee?"


def test_a_nod_and_a_moment_later_an_objection() -> None:
    caller, agent = explaining(PRICES, "I understand.")
    caller.says_uh_huh()
    caller.waits(0.8)
    caller.says("No, that is too much.")
    agent.answers()
    assert agent.was_asked[-1] == "No, that is too much."


def test_a_nod_whose_words_come_late_does_not_stop_the_agent() -> None:
    caller, agent = explaining(finals_after_s=0.9)
    caller.says_uh_huh()
    agent.finishes()
    assert caller.heard == [PRICES]


@pytest.mark.parametrize(
    ("language", "nod"),
    [
        ("en", "I see."),
        ("en", "Got it."),
        ("en", "Of course."),
        ("en", "Yeah, that's right."),
        ("de", "Ach so."),
        ("de", "Alles klar."),
        ("es", "Muy bien."),
        ("fr", "Je comprends."),
    ],
)
def test_a_nod_of_several_words_is_one_from_its_first_word_on(language: str, nod: str) -> None:
    caller, agent = explaining(policy=replace(POLICY, language=language))
    caller.says(nod, takes_s=0.8)
    agent.finishes()
    assert caller.heard == [PRICES]


@pytest.mark.parametrize("laugh", ["Haha.", "Ha ha."])
def test_a_laugh_lets_the_agent_go_on(laugh: str) -> None:
    caller, agent = explaining()
    caller.says(laugh)
    agent.finishes()
    assert caller.heard == [PRICES]


def test_a_recogniser_that_spells_out_a_nod_bit_by_bit_does_not_stop_the_agent() -> None:
    caller, agent = explaining()
    caller.says("yeah yeah okay right", takes_s=1.1)
    caller.waits(0.6)
    assert agent.speaks
    agent.finishes()
    assert caller.heard == [PRICES]


def test_where_the_language_is_not_known_words_interrupt() -> None:
    caller, agent = explaining(policy=replace(POLICY, language="ja"))
    caller.says("はい、でも高いです")
    caller.waits(0.4)
    assert agent.is_interrupted


def test_no_is_never_a_nod() -> None:
    caller, agent = explaining()
    caller.says("No, no.")
    caller.waits(0.3)
    assert agent.is_interrupted


# -- a yes that comes when the agent has said more than its question, or less ----------------------

TAILED = "Would you like to see a demo? It takes only ten minutes of your time."


@pytest.mark.parametrize("heard_s", [2.0, 2.6, 3.2, 3.8, 4.3])
def test_a_yes_answers_the_question_before_the_sentence_that_is_being_said(heard_s: float) -> None:
    caller, agent = explaining(TAILED, "Great.", heard_s=heard_s)
    caller.says("Yes.")
    agent.answers()
    assert agent.was_asked[-1] == "Yes."


def test_a_yes_behind_a_word_on_the_question_is_answered_at_once() -> None:
    caller, agent = asked(TAILED, "Great.")
    caller.says("Yes.")
    agent.thinks(within_s=0.5)
    assert agent.was_asked == ["Yes."]


def test_mhm_well_behind_the_question_is_a_nod_to_what_is_being_said() -> None:
    caller, agent = explaining(TAILED, heard_s=3.6)
    caller.says("Mhm.")
    agent.finishes()
    assert caller.heard == [TAILED]


def test_a_yes_behind_the_sentence_on_the_question_is_a_nod() -> None:
    caller, agent = explaining(f"{TAILED} {PRICES}", heard_s=7.0)
    caller.says("Yes.")
    agent.finishes()
    assert len(agent.was_asked) == 1


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("en", "Please say yes if that is okay with you."),
        ("en", "Just let me know if that would be okay."),
        ("de", "Sagen Sie bitte ja, wenn das in Ordnung ist."),
        ("es", "Dígame si le parece bien así, por favor."),
        ("fr", "Dites simplement oui si cela vous convient."),
    ],
)
def test_a_yes_answers_what_is_asked_without_a_question_mark(language: str, question: str) -> None:
    yes = {"en": "Yes.", "de": "Ja.", "es": "Sí.", "fr": "Oui."}[language]
    policy = replace(POLICY, language=language)
    caller, agent = explaining(question, "Great.", policy=policy, heard_s=2.4)
    caller.says(yes)
    agent.answers()
    assert agent.was_asked[-1] == yes


def test_a_yes_answers_what_the_author_says_is_a_question() -> None:
    question = "I would like to know whether you make outbound calls."
    policy = replace(POLICY, questions={question: "yes_no"})
    caller, agent = explaining(question, "Great.", policy=policy, heard_s=3.2)
    caller.says("Yes.")
    agent.answers()
    assert agent.was_asked[-1] == "Yes."


LONG = "Would you like me to have a colleague call you tomorrow morning at ten?"


def test_a_yes_into_the_first_half_of_a_question_is_kept_until_that_is_put() -> None:
    caller, agent = explaining(LONG, "Great.", heard_s=2.0)
    caller.says("Yes.")
    caller.waits(5.0)
    assert caller.heard == [LONG, "Great."]
    assert agent.was_asked[-1] == "Yes."


def test_mhm_into_the_first_half_of_a_question_is_a_nod() -> None:
    caller, agent = explaining(LONG, heard_s=2.0)
    caller.says_uh_huh()
    agent.finishes()
    caller.waits(3.0)
    assert len(agent.was_asked) == 1
