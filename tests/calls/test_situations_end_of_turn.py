"""Situations: has the caller finished? Numbers, addresses, half sentences, slow and fast people."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from situation import POLICY, PRICES, Agent, Caller, asked, call, explaining

from vantum.conversation import events as ev

EMAIL = "What is your e-mail address?"
NUMBER = "What is your phone number?"
SPELL = "Could you spell that for me?"
YES_NO = "Do you make outbound calls?"


def said_with_pauses(caller: Caller, agent: Agent, parts: list[str], pause_s: float) -> None:
    for part in parts[:-1]:
        caller.says(part)
        caller.waits(pause_s)
        assert not agent.is_thinking, f"taken for over behind {part!r}"
    caller.says(parts[-1])
    agent.answers()


@pytest.mark.parametrize(
    ("question", "parts", "pause_s"),
    [
        (NUMBER, ["oh seven nine", "five five five", "oh one", "two three"], 1.3),
        (NUMBER, ["My number is", "five five five, oh one oh oh."], 1.0),
        (EMAIL, ["sam dot miller", "at acme", "dot com"], 1.3),
        (EMAIL, ["It's sam", "sam at acme dot com"], 1.3),
        (SPELL, ["M", "I L L", "E R"], 1.3),
        (SPELL, ["S C H", "double M", "I D T"], 1.3),
        ("", ["You can reach me under oh seven nine", "five five five", "oh one"], 1.3),
    ],
)
def test_a_number_a_name_or_an_address_may_be_dictated_in_pieces(
    question: str, parts: list[str], pause_s: float
) -> None:
    caller, agent = asked(question, "Thank you.") if question else call("Thank you.")
    said_with_pauses(caller, agent, parts, pause_s)
    assert agent.was_asked == [" ".join(parts)]


def test_a_phone_number_that_is_written_in_groups_is_not_cut_behind_the_first() -> None:
    caller, agent = asked(NUMBER, "Thank you.")
    said_with_pauses(caller, agent, ["It's 555", "01 00", "ask for Tom"], 1.0)
    assert agent.was_asked == ["It's 555 01 00 ask for Tom"]


def test_who_has_dictated_a_number_is_answered_and_not_told_to_wait() -> None:
    caller, agent = asked(NUMBER, "Thank you.")
    caller.says("oh seven nine five five five")
    agent.answers()
    agent.finishes()
    assert caller.heard[1:] == ["Thank you."]


@pytest.mark.parametrize(
    ("language", "question", "parts"),
    [
        ("de", "Wie ist Ihre Telefonnummer?", ["null sieben neun", "fünf fünf", "eins zwei"]),
        ("es", "¿Cuál es su número de teléfono?", ["seis uno dos", "tres cuatro", "cinco"]),
        ("fr", "Quel est votre numéro ?", ["zéro six", "un deux", "trois quatre"]),
    ],
)
def test_numbers_are_dictated_in_every_language(
    language: str, question: str, parts: list[str]
) -> None:
    caller, agent = asked(question, "Thank you.", policy=replace(POLICY, language=language))
    said_with_pauses(caller, agent, parts, 1.3)
    assert agent.was_asked == [" ".join(parts)]


@pytest.mark.parametrize(
    "parts",
    [
        ["I would like to", "talk to somebody about it."],
        ["We have about twenty people and", "most of them are in sales."],
        ["The problem is", "that nobody picks up."],
        ["I am calling because", "my boss asked me."],
        ["Well, um", "we did try that once."],
        ["It's about my", "contract with you."],
        ["I was thinking,", "maybe next week."],
    ],
)
def test_who_looks_for_words_is_given_a_second(parts: list[str]) -> None:
    caller, agent = call("I see.")
    said_with_pauses(caller, agent, parts, 0.95)
    assert agent.was_asked == [" ".join(parts)]


@pytest.mark.parametrize(
    ("language", "parts"),
    [
        ("de", ["Ich möchte gerne mit", "jemandem sprechen."]),
        ("es", ["Quiero hablar con", "una persona."]),
        ("fr", ["Je voudrais parler avec", "quelqu'un."]),
    ],
)
def test_half_sentences_are_known_in_every_language(language: str, parts: list[str]) -> None:
    caller, agent = call("I see.", policy=replace(POLICY, language=language))
    said_with_pauses(caller, agent, parts, 0.95)
    assert agent.was_asked == [" ".join(parts)]


@pytest.mark.parametrize(
    ("question", "answer", "within_s"),
    [
        (YES_NO, "Yes.", 0.35),
        (YES_NO, "No, not yet.", 0.35),
        (EMAIL, "sam dot miller at acme dot com", 0.55),
        ("How many people are on your team?", "Twelve.", 0.55),
        ("What would you like to know?", "What does it cost?", 0.55),
        (YES_NO, "Yes, we do that every day.", 0.55),
    ],
)
def test_a_whole_answer_is_taken_at_once(question: str, answer: str, within_s: float) -> None:
    caller, agent = asked(question, "I see.")
    caller.says(answer)
    agent.thinks(within_s)
    assert agent.was_asked == [answer]


@pytest.mark.parametrize("time", ["Tuesday at nine.", "Tomorrow at 3.", "At 3:30."])
def test_a_time_of_day_is_a_whole_answer(time: str) -> None:
    caller, agent = asked("When would be a good time to talk?", "I see.")
    caller.says(time)
    agent.thinks(within_s=0.6)


@pytest.mark.parametrize("answer", ["I think so.", "I hope so.", "That works well.", "Me as well."])
def test_i_think_so_is_a_whole_answer(answer: str) -> None:
    caller, agent = asked(YES_NO, "I see.")
    caller.says(answer)
    agent.thinks(within_s=0.6)


@pytest.mark.parametrize("pause_s", [0.4, 0.6, 0.8])
def test_who_says_yes_and_goes_on_is_answered_once_with_all_of_it(pause_s: float) -> None:
    caller, agent = asked(YES_NO, "Great.", "On Mondays, then.")
    caller.says("Yes.")
    caller.waits(pause_s)
    caller.says("But only on Mondays.")
    caller.waits(4.0)
    assert agent.was_asked[-1] == "Yes. But only on Mondays."
    assert caller.heard[1:] == ["On Mondays, then."]


def test_a_slow_speaker_is_given_the_time_they_take() -> None:
    caller, agent = call("I see.")
    said_with_pauses(caller, agent, ["We are a small company", "in the north", "of England"], 0.45)
    began = caller.spoke_until
    assert agent.took_the_turn_at - began == pytest.approx(0.54, abs=0.05)


def test_a_slow_speaker_who_was_cut_short_once_is_not_cut_short_again() -> None:
    policy = replace(POLICY, fillers=())
    caller, agent = call("I see.", policy=policy, first_token_s=0.9)
    caller.says("We are a small company")
    caller.waits(0.8)
    caller.says("in the north of England")
    caller.waits(0.8)
    assert not agent.is_thinking
    caller.says("with five people.")
    agent.answers()
    agent.finishes()
    assert agent.was_asked[-1] == "We are a small company in the north of England with five people."
    assert caller.heard == ["I see."]


def test_who_pauses_for_too_long_and_goes_on_is_answered_once_with_all_of_it() -> None:
    policy = replace(POLICY, fillers=())
    caller, agent = call("Thank you.", policy=policy, first_token_s=1.0)
    caller.says("oh seven nine five five five")
    caller.waits(1.9)
    caller.says("oh one oh oh")
    agent.answers()
    agent.finishes()
    assert agent.was_asked[-1] == "oh seven nine five five five oh one oh oh"
    assert caller.heard == ["Thank you."]


def test_a_fast_question_is_asked_of_the_model_half_a_second_behind_it() -> None:
    caller, agent = call(PRICES)
    caller.says("What does it cost?", takes_s=0.6)
    agent.thinks()
    assert caller.waited_s == pytest.approx(0.5, abs=0.03)


def test_a_slow_recogniser_does_not_add_its_delay_to_the_silence() -> None:
    caller, agent = call(PRICES, finals_after_s=0.5)
    caller.says("What does it cost?")
    agent.thinks()
    assert caller.waited_s == pytest.approx(0.5, abs=0.03)


def test_the_last_word_is_waited_for_where_it_is_written_down_late() -> None:
    caller, agent = call(PRICES, finals_after_s=1.0)
    caller.says("What does it cost for twenty people?")
    agent.answers()
    assert agent.was_asked == ["What does it cost for twenty people?"]


# -- what a provider says about the end of a turn is an input, and no more ------------------------


def written(caller: Caller, text: str, **more: object) -> None:
    """The recogniser reports words, as Deepgram and Flux do."""
    caller.world.handle(ev.Transcript(text, **more))


def test_an_end_of_turn_behind_a_whole_sentence_is_taken_at_once() -> None:
    caller, agent = call(PRICES)
    written(caller, "What does it cost?", final=True, end_of_turn=True)
    assert agent.is_thinking


def test_an_end_of_turn_in_mid_sentence_is_not_believed() -> None:
    caller, agent = call(PRICES)
    written(caller, "I would like to", final=True, end_of_turn=True)
    caller.waits(0.9)
    written(caller, "know what it costs.", final=True, end_of_turn=True)
    assert agent.was_asked == ["I would like to know what it costs."]


def test_an_end_of_turn_within_a_number_is_not_believed() -> None:
    caller, agent = asked(NUMBER, "Thank you.")
    written(caller, "five five five", final=True, end_of_turn=True)
    caller.waits(1.3)
    written(caller, "oh one oh oh", final=True, end_of_turn=True)
    agent.answers()
    assert agent.was_asked == ["five five five oh one oh oh"]


def test_a_turn_model_that_never_says_so_does_not_hold_the_answer() -> None:
    caller, agent = call(PRICES)
    caller.says("What does it cost?")
    agent.thinks(within_s=0.6)


def test_an_end_of_turn_told_twice_is_answered_once() -> None:
    caller, agent = call(PRICES)
    for _ in range(2):
        written(caller, "What does it cost?", final=True, end_s=1.0, end_of_turn=True)
    agent.answers()
    agent.finishes()
    assert caller.heard == [PRICES]
    assert agent.was_asked == ["What does it cost?"]


def test_an_utterance_end_without_words_starts_nothing() -> None:
    caller, agent = call(PRICES)
    for _ in range(5):
        written(caller, "", final=True, end_of_turn=True)
        caller.waits(0.5)
    assert agent.was_asked == []


def test_the_gap_between_words_ends_a_turn_that_a_noise_hides() -> None:
    caller, agent = call(PRICES)
    written(caller, "What does it cost?", final=True, end_s=1.2)
    written(caller, "", final=True, start_s=1.2, end_s=1.2, end_of_turn=True)
    assert agent.was_asked == ["What does it cost?"]


def test_a_start_of_turn_is_no_interruption_while_the_agent_is_only_nodded_at() -> None:
    caller, agent = explaining()
    caller.world.handle(ev.SpeechStarted(9.0))
    written(caller, "mhm", final=False, end_s=9.3)
    caller.world.handle(ev.SpeechStopped(9.3, 0.3, 0.2))
    written(caller, "mhm", final=True, end_s=9.3, end_of_turn=True)
    agent.finishes()
    assert caller.heard == [PRICES]


def test_starts_and_ends_of_turns_out_of_noise_make_no_loop() -> None:
    caller, agent = explaining()
    for at_s in range(20, 32, 2):
        caller.world.handle(ev.SpeechStarted(float(at_s)))
        caller.waits(0.3)
        caller.world.handle(ev.SpeechStopped(at_s + 0.1, 0.1, 0.2))
        written(caller, "", final=True, end_s=at_s + 0.1, end_of_turn=True)
        caller.waits(0.7)
    agent.finishes()
    assert caller.heard == [PRICES]
    assert agent.was_asked == ["What does it cost?"]


def test_an_eager_end_of_turn_makes_the_answer_quicker_and_is_heard_once() -> None:
    caller, agent = call(PRICES, policy=replace(POLICY, guesses=1))
    written(caller, "What does it cost?", final=False, end_s=1.0, eager=True)
    caller.waits(0.3)
    written(caller, "What does it cost?", final=True, end_s=1.0, end_of_turn=True)
    agent.answers(within_s=0.2)
    agent.finishes()
    assert caller.heard == [PRICES]
    assert agent.was_asked == ["What does it cost?"]


def test_an_eager_end_of_turn_that_was_none_is_never_heard() -> None:
    early = [(PRICES, "")]
    caller, agent = call("Three hundred.", policy=replace(POLICY, guesses=1), early=early)
    written(caller, "What does it cost?", final=False, end_s=1.0, eager=True)
    caller.waits(0.8)
    written(caller, "What does it cost for twenty?", final=False, end_s=2.0)
    caller.waits(0.3)
    written(caller, "What does it cost for twenty?", final=True, end_s=2.0, end_of_turn=True)
    agent.answers()
    agent.finishes()
    assert caller.heard == ["Three hundred."]


# -- what comes late, twice or in the wrong order -------------------------------------------------


def test_words_of_an_answered_question_that_come_again_are_not_answered_again() -> None:
    caller, agent = call(PRICES)
    caller.says("What does it cost?")
    agent.answers()
    written(caller, "What does it cost?", final=True, end_s=1.2)
    agent.finishes()
    assert caller.heard == [PRICES]
    assert agent.was_asked == ["What does it cost?"]


def test_a_final_that_comes_twice_is_said_once() -> None:
    caller, agent = call(PRICES)
    caller.says("What does it cost?", takes_s=1.2)
    caller.waits(0.3)
    written(caller, "What does it cost?", final=True, end_s=1.2)
    agent.answers()
    assert agent.was_asked == ["What does it cost?"]


def test_an_interim_behind_its_final_adds_nothing() -> None:
    caller, agent = call(PRICES)
    caller.says("What does it cost?", takes_s=1.2)
    caller.waits(0.3)
    written(caller, "What does it", final=False, end_s=0.9)
    agent.answers()
    assert agent.was_asked == ["What does it cost?"]


def test_an_end_of_speech_that_comes_twice_changes_nothing() -> None:
    caller, agent = call(PRICES)
    caller.says("What does it cost?", takes_s=1.2)
    caller.waits(0.3)
    caller.world.handle(ev.SpeechStopped(1.2, 1.2, 0.3))
    agent.thinks()
    assert caller.waited_s == pytest.approx(0.5, abs=0.05)
    assert agent.was_asked == ["What does it cost?"]


def test_words_before_the_start_of_their_speech_are_answered_too() -> None:
    caller, agent = call(PRICES)
    written(caller, "What does", final=False, end_s=0.5)
    caller.world.handle(ev.SpeechStarted(0.0))
    written(caller, "What does it cost?", final=True, end_s=1.2)
    caller.world.handle(ev.SpeechStopped(1.2, 1.2, 0.2))
    agent.answers()
    assert agent.was_asked == ["What does it cost?"]
