"""Answers begun before the caller's turn is confirmed, and what is said when one is late."""

from __future__ import annotations

import pytest
from world import LISTENING, RESPONDING, THINKING, Script, World

from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation.policy import Policy

GUESSING = Policy(guesses=1)


def guesses(world: World) -> list[bool]:
    return [g.right for g in world.gave(do.Guessed) if isinstance(g, do.Guessed)]


def asked(world: World) -> list[str]:
    return [ask.lines[-1].text for ask in world.asked]


def waited_s(world: World) -> float:
    [started] = world.told(do.AnswerStarted)
    assert isinstance(started, do.AnswerStarted)
    assert started.waited_s is not None
    return started.waited_s


# -- right guesses -------------------------------------------------------------------------------


def test_a_right_guess_answers_sooner() -> None:
    waits = []
    for policy in (Policy(), GUESSING):
        world = World(policy, Script()).begin()
        world.is_answered("What does it cost?")
        waits.append(waited_s(world))
    assert waits[1] < waits[0] - 0.2


def test_a_right_guess_is_asked_once_and_heard_whole() -> None:
    world = World(GUESSING, Script(answers=["It costs nothing. Really."])).begin()
    world.is_answered("What does it cost?")
    assert asked(world) == ["What does it cost?"]
    assert guesses(world) == [True]
    assert world.lines == [
        ("user", "What does it cost?"),
        ("assistant", "It costs nothing. Really."),
    ]


def test_case_and_punctuation_do_not_make_a_guess_wrong() -> None:
    world = World(GUESSING, Script(deaf=True)).begin()
    world.says("", length_s=1.0)
    world.event_in(0.5, ev.Transcript("what does it cost", final=False, eager=True))
    world.event_in(
        1.5, ev.Transcript("What does it cost?", final=True, end_s=1.0, end_of_turn=True)
    )
    world.until(RESPONDING)
    assert guesses(world) == [True]


@pytest.mark.parametrize("before_s", [0.0, 0.2, 0.4, 3.0])
def test_nothing_of_a_guess_is_told_or_heard_before_the_turn_is_taken(before_s: float) -> None:
    script = Script(first_token_s=0.01, token_s=0.0, first_sound_s=0.01, ends_call=True)
    world = World(Policy(guesses=1, end_silence_s=5.0), script).begin()
    world.says("Goodbye.")
    world.advance(1.2 + before_s)
    assert world.asked
    assert world.state is LISTENING
    assert not world.gave(do.Play)
    assert not world.told(do.AnswerStarted)
    assert not world.told(do.AnswerToken)
    assert world.ended is None
    world.until(RESPONDING)
    world.advance(8.0)
    assert world.ended == "agent_ended"


# -- wrong guesses -------------------------------------------------------------------------------


def continued() -> World:
    world = World(Policy(guesses=1, end_silence_s=1.0), Script(first_token_s=0.05)).begin()
    world.says("What does it cost")
    world.advance(2.0)
    world.says("for ten people?")
    return world


def test_a_wrong_guess_is_as_if_it_had_never_been() -> None:
    world = continued()
    world.until(RESPONDING)
    world.until(LISTENING)
    assert guesses(world) == [False]
    assert asked(world) == ["What does it cost", "What does it cost for ten people?"]
    assert [role for role, _ in world.lines] == ["user", "assistant"]


def test_a_wrong_guess_uses_its_numbers_up() -> None:
    world = continued()
    world.until(RESPONDING)
    first, second = world.asked
    assert second.turn > first.turn
    assert second.reply > first.reply


def test_guesses_are_bounded_within_a_turn() -> None:
    world = World(Policy(guesses=2, end_silence_s=1.0), Script(first_token_s=0.05)).begin()
    for words in ("red", "green", "blue", "white"):
        world.says(words, length_s=0.4)
        world.advance(1.2)
    world.until(THINKING)
    assert [ask.guess for ask in world.asked] == [True, True, False]


@pytest.mark.parametrize("failure", [ev.ReplyFailed, ev.VoiceFailed])
def test_a_guess_that_fails_is_asked_again_without_a_word(failure: type) -> None:
    world = World(Policy(guesses=1, end_silence_s=1.0), Script(hangs=True)).begin()
    world.says("Hello?")
    world.advance(1.0)
    [guess] = world.asked
    world.script.hangs = False
    world.handle(failure(guess.turn, guess.reply, "broken off"))
    world.until(RESPONDING)
    assert not world.told(do.Fault)
    assert len(world.asked) == 2


def test_an_empty_guess_is_asked_again() -> None:
    script = Script(answers=["Hello."], early=[("", "")])
    world = World(Policy(guesses=1, end_silence_s=1.0), script).begin()
    world.is_answered("Hello?")
    assert guesses(world) == [False]
    assert world.lines[-1] == ("assistant", "Hello.")


def test_a_caller_who_leaves_ends_a_guess() -> None:
    world = World(Policy(guesses=1, end_silence_s=5.0), Script()).begin()
    world.says("Hello?")
    world.advance(1.0)
    world.handle(ev.Disconnected())
    assert guesses(world) == [False]


def test_nothing_is_guessed_where_the_client_ends_turns() -> None:
    world = World(GUESSING, Script()).begin(automatic=False)
    world.says("Hello?")
    world.advance(3.0)
    assert world.asked == []


# -- fillers -------------------------------------------------------------------------------------

PATIENT = Policy(fillers=("One moment.", "Nearly there."), filler_after_s=1.6, filler_again_s=4.0)


def test_a_slow_answer_is_announced() -> None:
    world = World(PATIENT, Script(first_token_s=3.0)).begin()
    world.is_answered("What does it cost?")
    assert waited_s(world) == pytest.approx(1.7, abs=0.05)
    assert world.lines[-1] == (
        "assistant",
        "One moment. Sure, I can help you with that today.",
    )


def test_a_quick_answer_is_not() -> None:
    world = World(PATIENT, Script(first_token_s=0.8)).begin()
    world.is_answered("What does it cost?")
    assert world.lines[-1] == ("assistant", "Sure, I can help you with that today.")


def test_a_very_slow_answer_is_announced_twice_and_no_more() -> None:
    world = World(PATIENT, Script(first_token_s=25.0)).begin()
    world.is_answered("What does it cost?")
    assert world.lines[-1][1].startswith("One moment. Nearly there. Sure,")


def test_an_answer_that_fails_behind_its_filler_is_excused_in_the_same_breath() -> None:
    script = Script(first_token_s=3.0, model_fails=[1])
    world = World(PATIENT, script).begin()
    world.is_answered("What does it cost?")
    fallback = PATIENT.fallbacks[0]
    assert world.lines[-1] == ("assistant", f"One moment. {fallback}")


def test_a_filler_alone_is_no_answer() -> None:
    world = World(PATIENT, Script(first_token_s=3.0, answers=[""])).begin()
    world.is_answered("What does it cost?")
    assert [f.service for f in world.told(do.Fault) if isinstance(f, do.Fault)] == ["llm"]


def test_a_caller_who_speaks_over_a_filler_is_heard() -> None:
    world = World(PATIENT, Script(first_token_s=6.0)).begin()
    world.asks("What does it cost?")
    world.until(RESPONDING)
    world.says("Never mind, who are you?")
    world.until(THINKING)
    assert world.lines[-1][1].endswith("Never mind, who are you?")


def test_what_is_said_while_a_guess_is_open_is_said_whole() -> None:
    policy = Policy(guesses=1, end_silence_s=5.0, deaf="I cannot hear you.")
    world = World(policy, Script()).begin()
    world.says("Hello?")
    world.advance(1.0)
    assert world.asked
    world.handle(ev.HearingFailed("gone"))
    world.until(RESPONDING)
    world.until(LISTENING)
    assert ("assistant", "I cannot hear you.") in world.lines
    assert guesses(world) == [False]
