"""Situations: sounds without words, words that come late, keys, and a voice that stalls."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from situation import POLICY, PRICES, asked, call, explaining

from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation.policy import Silences

MODEL_FAILED = {"message": "the model is away"}


# -- noise ----------------------------------------------------------------------------------------


def test_clicks_on_the_line_do_not_put_off_an_answer() -> None:
    caller, agent = call("It is two hundred.")
    caller.says("What does it cost?")
    for _ in range(10):
        caller.waits(0.4)
        caller.coughs()
    assert agent.was_asked == ["What does it cost?"]


@pytest.mark.parametrize("words", ["I would like to", "oh seven nine five five five"])
def test_clicks_do_not_put_off_the_end_of_what_was_left_open(words: str) -> None:
    caller, agent = asked("What is your phone number?", "I see.")
    caller.says(words)
    for _ in range(4):
        caller.waits(1.0)
        caller.coughs()
    assert agent.was_asked == [words]


def test_clicks_teach_nobodys_habit() -> None:
    caller, agent = call("I see.")
    caller.says("We are ten people.")
    caller.waits(0.3)
    caller.coughs()
    caller.waits(0.3)
    caller.coughs()
    agent.thinks()
    assert caller.world.conversation.talk.caller.pace.pauses == []


def test_a_turn_whose_end_was_told_is_over_though_a_noise_goes_on() -> None:
    caller, agent = call(PRICES)
    world = caller.world
    world.handle(ev.SpeechStarted(0.0))
    world.handle(ev.Transcript("What does it cost?", final=True, end_s=1.2, end_of_turn=True))
    caller.waits(2.0)
    assert agent.was_asked == ["What does it cost?"]


def test_a_noise_that_never_ends_does_not_keep_a_whole_sentence_from_its_answer() -> None:
    caller, agent = call(PRICES)
    world = caller.world
    world.handle(ev.SpeechStarted(0.0))
    world.handle(ev.Transcript("What does it cost?", final=True, end_s=1.2))
    caller.waits(5.0)
    assert agent.was_asked == ["What does it cost?"]
    caller.waits(1.0)
    assert agent.speaks


def test_a_noise_that_never_ends_does_not_keep_half_a_sentence_from_its_answer() -> None:
    caller, agent = call(PRICES)
    caller.says("I would like to")
    caller.waits(0.5)
    caller.world.handle(ev.SpeechStarted(1.6))
    caller.waits(9.0)
    assert agent.was_asked == ["I would like to"]


def test_who_speaks_on_and_is_written_down_is_let_finish() -> None:
    caller, agent = call(PRICES)
    caller.says("What does it cost?", takes_s=1.0)
    caller.says("And what would it be for a whole team of twenty people or more?", takes_s=6.0)
    assert agent.was_asked == []


@pytest.mark.parametrize("floor_s", [1.2, 2.5, 3.5])
def test_long_speech_without_words_takes_the_floor_whenever_its_time_is(floor_s: float) -> None:
    policy = replace(POLICY, silences=Silences(floor_s=floor_s))
    caller, agent = explaining(policy=policy)
    caller.world.script.deaf = True
    caller.world.makes_noise(8.0)
    caller.waits(floor_s + 1.0)
    assert agent.is_interrupted


def test_a_yeah_that_goes_on_without_a_word_for_long_takes_the_floor() -> None:
    caller, agent = explaining()
    world, begun = caller.world, caller.world.now
    world.makes_noise(8.0, "Yeah, but I have something long to say")
    at_s = world.audio_s(begun)
    yeah = ev.Transcript("yeah", final=False, start_s=at_s, end_s=at_s + 0.3)
    world.at(0.5, lambda: world.handle(yeah))
    caller.waits(4.0)
    assert agent.is_interrupted


# -- late words, and keys -------------------------------------------------------------------------


def test_a_sentence_that_is_written_down_late_is_not_lost() -> None:
    caller, agent = call("I see.", "Monday it is.")
    world = caller.world
    caller.says("We have ten people.")
    caller.waits(0.4)
    world.script.finals_after_s = 1.8
    caller.says("And we want a demo on Monday.")
    caller.waits(8.0)
    assert "And we want a demo on Monday." in agent.was_asked[-1]


@pytest.mark.parametrize(("finals_after_s", "key_after_s"), [(0.6, 0.3), (0.25, 0.22)])
def test_a_key_takes_no_word_away(finals_after_s: float, key_after_s: float) -> None:
    caller, agent = call("I see.", finals_after_s=finals_after_s)
    caller.says("Sales, please.")
    caller.waits(key_after_s)
    caller.world.handle(ev.Keyed("2"))
    caller.waits(6.0)
    assert "Sales, please." in agent.was_asked[-1]
    assert "pressed 2" in agent.was_asked[-1]


def test_what_is_written_down_late_behind_keys_is_not_lost() -> None:
    caller, agent = call("I see.", finals_after_s=1.8)
    caller.world.handle(ev.Keyed("4"))
    caller.waits(0.1)
    caller.world.says("Monday suits us best.", length_s=1.4)
    caller.waits(8.0)
    assert "Monday suits us best." in agent.was_asked[-1]


def test_what_is_written_down_late_behind_a_question_that_was_asked_again_is_not_lost() -> None:
    caller, agent = call("I see.", finals_after_s=1.8, first_token_s=0.6)
    for words in ("I would like to", "seven five three nine"):
        caller.world.says(words)
        caller.waits(3.0)
    caller.waits(6.0)
    assert agent.was_asked[-1] == "I would like to seven five three nine"


# -- a voice or a model that stalls ---------------------------------------------------------------


def test_a_question_that_has_not_sounded_yet_has_not_been_answered() -> None:
    answer = "We make the first sales call for you and your team. Would you like to see it?"
    caller, agent = call(answer, "Great.", first_token_s=4.0)
    caller.says("What do you do?")
    world = caller.world
    while len(world.gave(do.Speak)) < 3:
        caller.waits(0.05)
    caller.waits(0.6)
    reply = world.conversation.talk.reply
    assert reply is not None
    assert reply.heard_s(world.now) == pytest.approx(world.ear.heard[reply.turn], abs=0.3)
    assert agent.speaks


@pytest.mark.parametrize(
    ("action", "text", "why"),
    [
        ("end_call", "Goodbye, and thank ", "agent_ended"),
        ("opt_out", "Of course. I am sorry to have ", "opt_out"),
    ],
)
def test_a_model_that_breaks_off_its_goodbye_has_said_goodbye(
    action: str, text: str, why: str
) -> None:
    caller, agent = call("x")
    world = caller.world
    world.script.hangs = True
    caller.says("Bye then.")
    agent.thinks()
    reply = world.conversation.talk.reply
    assert reply is not None
    turn, number = reply.turn, reply.number
    world.handle(ev.ActionAsked(turn=turn, reply=number, name=action))
    world.handle(ev.Token(turn=turn, reply=number, text=text))
    world.handle(ev.ReplyFailed(turn=turn, reply=number, **MODEL_FAILED))
    caller.waits(5.0)
    assert agent.has_hung_up == why
    assert caller.heard == [text.strip()]


@pytest.mark.parametrize("words", ["What does it cost?", "Can I talk to somebody about that?"])
def test_the_one_guess_there_is_waits_for_the_last_word(words: str) -> None:
    caller, agent = call("Sure.", policy=replace(POLICY, guesses=1))
    caller.says(words)
    caller.waits(3.0)
    guesses = caller.world.gave(do.Guessed)
    assert [guess.right for guess in guesses] == [True]
    assert agent.is_gone is False


def test_a_noise_into_a_filler_does_not_lose_the_question() -> None:
    caller, agent = call("It is two hundred.", first_token_s=3.5)
    caller.says("What does it cost?")
    agent.answers()
    caller.waits(0.6)
    caller.makes_noise(2.0)
    caller.waits(8.0)
    assert agent.was_asked == ["What does it cost?"] * 2
    assert caller.heard[-1].endswith("It is two hundred.")
