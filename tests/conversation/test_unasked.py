"""What the agent says unasked: the greeting once, nudges into a silence, and goodbye in the end."""

from __future__ import annotations

import pytest
from world import ENDED, LISTENING, RESPONDING, T0, THINKING, Script, World

from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation.policy import Policy

NUDGES = ("Are you still there?", "Can you hear me?")
POLICY = Policy(nudges=NUDGES, goodbye="Goodbye then.")
GREETING = Policy(greeting="Hello there, this is Vantum.")


def said(world: World) -> list[str]:
    return [text for role, text in world.lines if role == "assistant"]


def waiting(policy: Policy = POLICY) -> World:
    return World(policy).begin(greets=True)


# -- greeting -------------------------------------------------------------------------------------


def test_the_agent_speaks_first_where_it_may() -> None:
    world = waiting(GREETING)
    assert world.state is RESPONDING
    world.until(LISTENING)
    assert said(world) == [GREETING.greeting]


@pytest.mark.parametrize("automatic", [True, False])
def test_the_agent_does_not_speak_first_where_it_may_not(automatic: bool) -> None:
    world = World(GREETING).begin(automatic=automatic, greets=False)
    world.advance(20.0)
    assert world.gave(do.Speak) == []


def test_without_a_greeting_the_agent_waits() -> None:
    world = waiting(Policy())
    world.advance(20.0)
    assert world.state is LISTENING
    assert world.gave(do.Speak) == []


@pytest.mark.parametrize("ready_first", [True, False])
def test_the_greeting_needs_both_a_ready_call_and_an_open_microphone(ready_first: bool) -> None:
    world = World(GREETING)
    first, second = ev.Ready(), ev.InputStarted(automatic=True, greets=True)
    world.handle(first if ready_first else second)
    assert world.gave(do.Speak) == []
    world.handle(second if ready_first else first)
    assert world.state is RESPONDING


def test_the_greeting_is_said_once_however_often_recording_begins() -> None:
    world = waiting(GREETING)
    world.until(LISTENING)
    for _ in range(3):
        world.record(greets=True)
        world.advance(5.0)
    assert said(world) == [GREETING.greeting]


def test_a_greeting_cut_off_unheard_is_not_repeated() -> None:
    world = waiting(GREETING)
    world.handle(ev.InterruptAsked())
    world.record(greets=True)
    world.advance(5.0)
    assert said(world) == []


def test_a_caller_who_spoke_first_is_not_greeted() -> None:
    world = World(GREETING).begin(greets=False)
    world.is_answered("Hello?")
    world.record(greets=True)
    assert GREETING.greeting not in said(world)


def test_a_caller_who_talks_over_the_greeting_is_heard() -> None:
    world = waiting(GREETING)
    world.advance(0.5)
    world.says("Hello, who is this?")
    world.until(LISTENING)
    world.until(THINKING)
    assert world.lines == [("assistant", "Hello"), ("user", "Hello, who is this?")]
    world.until(RESPONDING)


# -- silence --------------------------------------------------------------------------------------


def test_a_silent_caller_is_nudged_and_nudged_again_and_told_goodbye() -> None:
    world = waiting()
    world.until(ENDED, within_s=60.0)
    assert said(world) == [*NUDGES, POLICY.goodbye]
    assert world.ended == "silence"
    assert world.asked == []
    assert world.timers == {}


def test_without_a_goodbye_the_call_just_ends() -> None:
    world = waiting(Policy(nudges=NUDGES))
    world.until(ENDED, within_s=60.0)
    assert said(world) == list(NUDGES)
    assert world.ended == "silence"


def test_the_first_nudge_comes_when_the_policy_says() -> None:
    world = waiting()
    world.until(RESPONDING)
    assert world.now - T0 == pytest.approx(8.0, abs=0.05)


def test_the_second_nudge_waits_from_the_end_of_the_first() -> None:
    world = waiting()
    world.until(RESPONDING)
    world.until(LISTENING)
    began = world.now
    world.until(RESPONDING)
    assert world.now - began == pytest.approx(8.0, abs=0.05)


def test_an_answer_is_followed_by_a_full_wait() -> None:
    world = waiting()
    world.advance(5.0)
    world.is_answered("Hello?")
    world.advance(7.5)
    assert NUDGES[0] not in said(world)
    world.until(RESPONDING, within_s=1.0)


def test_words_begin_the_nudges_anew() -> None:
    world = waiting()
    world.until(RESPONDING)
    world.until(LISTENING)
    world.is_answered("Yes, I am.")
    world.until(RESPONDING)
    world.until(LISTENING)
    assert said(world)[-1] == NUDGES[0]


@pytest.mark.parametrize("every_s", [2.0, 3.0, 5.0, 9.0])
def test_noises_do_not_keep_a_call_alive(every_s: float) -> None:
    world = waiting()
    while not world.ended:
        assert world.now < T0 + 60.0
        world.makes_noise(0.5)
        world.advance(every_s)
    assert world.ended == "silence"


def test_a_nudge_waits_for_a_noise_to_pass() -> None:
    world = waiting()
    world.advance(7.5)
    world.makes_noise(1.5)
    world.advance(2.0)
    assert world.gave(do.Speak) == []
    world.advance(1.5)
    assert world.state is RESPONDING


def test_nobody_is_nudged_while_speaking() -> None:
    world = waiting()
    world.advance(7.0)
    world.makes_noise(6.0, "It is like this")
    world.advance(5.9)
    assert world.gave(do.Speak) == []


def test_a_late_timer_does_not_nudge_a_caller_who_began_to_speak() -> None:
    world = waiting()
    world.advance(7.9)
    world.handle(ev.SpeechStarted(7.9))
    world.advance(0.1)
    assert world.handle(ev.TimerFired("silence")) == []
    assert world.state is LISTENING


def test_nudges_and_the_goodbye_count_also_when_cut_off() -> None:
    world = waiting()
    for _ in range(3):
        world.until(RESPONDING)
        world.advance(0.3)
        world.handle(ev.InterruptAsked())
    world.advance(8.5)
    assert world.ended == "silence"


def test_words_over_the_last_goodbye_keep_the_call() -> None:
    world = waiting()
    for _ in range(3):
        world.until(RESPONDING)
        if len(said(world)) < 2:
            world.until(LISTENING)
    world.advance(0.3)
    world.says("Sorry, I am back")
    world.until(LISTENING)
    world.until(THINKING)
    world.until(RESPONDING)
    world.until(LISTENING)
    assert world.ended is None


def test_a_muted_caller_is_not_nudged() -> None:
    world = waiting()
    world.advance(7.0)
    world.handle(ev.MuteChanged(muted=True))
    world.advance(60.0)
    assert world.gave(do.Speak) == []
    assert world.timers == {}


def test_who_is_no_longer_muted_has_the_whole_wait_again() -> None:
    world = waiting()
    world.handle(ev.MuteChanged(muted=True))
    world.advance(60.0)
    world.handle(ev.MuteChanged(muted=False))
    began = world.now
    world.until(RESPONDING)
    assert world.now - began == pytest.approx(8.0, abs=0.05)


def test_an_answer_is_finished_for_a_muted_caller_and_no_nudge_follows() -> None:
    world = waiting()
    world.asks("What does it cost?")
    world.handle(ev.MuteChanged(muted=True))
    world.until(RESPONDING)
    world.until(LISTENING)
    world.advance(60.0)
    assert world.state is LISTENING
    assert len(said(world)) == 1


@pytest.mark.parametrize("automatic", [True, False])
def test_no_nudges_where_the_agent_may_not_speak_first(automatic: bool) -> None:
    world = World(POLICY).begin(automatic=automatic, greets=False)
    world.advance(100.0)
    assert world.gave(do.Speak) == []
    assert world.timers == {}


def test_a_call_whose_hearing_is_lost_ends_by_itself() -> None:
    world = waiting()
    world.handle(ev.HearingFailed("gone"))
    world.until(ENDED, within_s=60.0)


@pytest.mark.parametrize("shown", [True, False])
def test_a_call_without_a_voice_ends_by_itself(shown: bool) -> None:
    policy = Policy(nudges=NUDGES, goodbye="Goodbye.", text_is_shown=shown)
    world = World(policy, Script(voice_fails_at_piece=0)).begin(greets=True)
    world.until(ENDED, within_s=60.0)
    assert world.ended == "silence"
    assert bool(said(world)) is shown


# -- another agent takes the call -----------------------------------------------------------------


def test_another_agent_may_take_a_call_in_which_nothing_was_said() -> None:
    world = World()
    assert world.conversation.recast(GREETING)
    world.begin(greets=True)
    world.until(LISTENING)
    assert said(world) == [GREETING.greeting]


def test_another_agent_waits_as_long_as_it_wants_for_the_callers_next_word() -> None:
    world = World()
    assert world.conversation.recast(Policy(end_silence_s=3.0))
    world.begin()
    world.says("Hello?")
    said_at = world.now
    world.until(THINKING)
    assert world.now - said_at > 2.0


def test_no_other_agent_takes_a_call_once_somebody_spoke() -> None:
    world = World(POLICY).begin()
    world.asks("Hello?")
    assert not world.conversation.recast(GREETING)
    assert world.conversation.talk.policy is POLICY
