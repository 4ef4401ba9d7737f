"""Rows CV-01 to CV-04 and CV-13: which states a call passes through, and what it tells of them."""

from __future__ import annotations

import itertools
import runpy
from pathlib import Path

import pytest
from world import ENDED, ENDING, INTERRUPTED, LISTENING, RESPONDING, T0, THINKING, World

from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation.machine import REPLY_TABLE, TABLE, Conversation
from vantum.conversation.policy import Policy
from vantum.conversation.states import MOVES, MoveRefused, State, check_move

INITIALIZING = State.INITIALIZING
ALLOWED = {
    (INITIALIZING, LISTENING),
    (INITIALIZING, ENDING),
    (INITIALIZING, ENDED),
    (LISTENING, THINKING),
    (LISTENING, RESPONDING),
    (LISTENING, ENDING),
    (LISTENING, ENDED),
    (THINKING, RESPONDING),
    (THINKING, LISTENING),
    (THINKING, ENDING),
    (THINKING, ENDED),
    (RESPONDING, LISTENING),
    (RESPONDING, INTERRUPTED),
    (RESPONDING, ENDING),
    (RESPONDING, ENDED),
    (INTERRUPTED, LISTENING),
    (INTERRUPTED, ENDING),
    (INTERRUPTED, ENDED),
    (ENDING, ENDED),
}
EVENTS: list[ev.Event] = [
    ev.Ready(),
    ev.SetupFailed("no agent"),
    ev.InputStarted(automatic=True, greets=False),
    ev.InputEnded(),
    ev.SpeechStarted(1.0),
    ev.SpeechSustained(1.2, 0.2),
    ev.SpeechStopped(2.0, 1.0, 0.2),
    ev.Transcript("hello", final=True),
    ev.Finalised(),
    ev.HearingFailed("lost"),
    ev.PlayedOut(1),
    ev.TurnStopped(1, 0.5),
    ev.TimerFired("silence"),
    ev.InterruptAsked(),
    ev.MuteChanged(muted=True),
    ev.EndAsked("caller_ended"),
    ev.Disconnected(),
]


def words(pair: tuple[State, State]) -> str:
    return f"{pair[0].value}-{pair[1].value}"


def call_in(state: State) -> World:
    """A call that came into `state` by living."""
    world = World(Policy())
    if state is INITIALIZING:
        return world
    world.begin()
    if state is LISTENING:
        return world
    world.asks("What does it cost?")
    if state is THINKING:
        return world
    if state is not ENDED and state is not ENDING:
        world.until(RESPONDING)
        world.advance(0.5)
    if state is INTERRUPTED:  # the instant before the sound is reported stopped
        world.conversation.handle(ev.InterruptAsked(), world.now)
        world.ear.stop(world.ear.turn, world.now)
    elif state is ENDING:
        world.handle(ev.EndAsked("caller_ended"))
    elif state is ENDED:
        world.handle(ev.Disconnected())
    return world


@pytest.mark.parametrize("state", State)
def test_a_call_can_come_into_every_state(state: State) -> None:
    assert call_in(state).state is state


@pytest.mark.parametrize("pair", sorted(ALLOWED, key=words), ids=words)
def test_cv02_an_allowed_move_works(pair: tuple[State, State]) -> None:
    check_move(*pair, "session-7")


@pytest.mark.parametrize(
    "pair", sorted(set(itertools.product(State, State)) - ALLOWED, key=words), ids=words
)
def test_cv03_every_other_move_is_refused_naming_both_states_and_the_session(
    pair: tuple[State, State],
) -> None:
    with pytest.raises(MoveRefused) as refused:
        check_move(*pair, "session-7")
    assert (
        str(refused.value) == f"session session-7: {pair[0].value} may not become {pair[1].value}"
    )
    assert (refused.value.before, refused.value.after) == pair


def test_a_refused_move_leaves_the_call_where_it_was() -> None:
    talk = call_in(LISTENING).conversation.talk
    with pytest.raises(MoveRefused, match="session-7"):
        talk.go(INTERRUPTED, T0)
    assert talk.state is LISTENING
    assert talk.orders.taken() == []


def test_every_state_has_moves_and_rules() -> None:
    assert set(MOVES) == set(TABLE) == set(State)


def test_every_event_has_a_rule_somewhere() -> None:
    ruled = set(REPLY_TABLE).union(*TABLE.values())
    assert ruled == set(ev.Event.__args__)


REFUSED = [(s, e) for s in State for e in EVENTS if type(e) not in TABLE[s]]


@pytest.mark.parametrize(
    ("state", "event"), REFUSED, ids=[f"{s.value}-{type(e).__name__}" for s, e in REFUSED]
)
def test_an_event_without_a_rule_is_refused_and_changes_nothing(
    state: State, event: ev.Event
) -> None:
    world = call_in(state)
    talk = world.conversation.talk
    before = (talk.turn, talk.reply, world.held, talk.history.lines, talk.since, dict(world.timers))
    effects = world.handle(event)
    assert effects == [do.Refused(state, type(event).__name__)]
    after = (talk.turn, talk.reply, world.held, talk.history.lines, talk.since, dict(world.timers))
    assert after == before
    assert world.state is state


def test_cv01_a_call_starts_initializing() -> None:
    assert World().state is INITIALIZING


def test_cv01_it_listens_when_ready() -> None:
    world = World()
    world.handle(ev.Ready())
    assert world.states == [LISTENING]


def test_cv01_it_ends_when_setup_fails() -> None:
    world = World()
    world.handle(ev.SetupFailed("no such agent"))
    assert world.states == [ENDED]
    assert world.ended == "setup_failed"
    assert world.told(do.Fault) == [do.Fault("setup", "no such agent")]


def test_cv04_each_change_tells_the_time_spent_in_the_old_state() -> None:
    world = World()
    world.advance(0.8)
    world.handle(ev.Ready())
    world.record()
    world.advance(2.0)
    world.is_answered("What does it cost?")
    world.advance(1.0)
    world.handle(ev.Disconnected())
    changes = [n for n in world.notices if isinstance(n, do.StateChanged)]
    assert [c.before for c in changes] == [INITIALIZING, LISTENING, THINKING, RESPONDING, LISTENING]
    assert [c.after for c in changes[:-1]] == [c.before for c in changes[1:]]
    lasted = [c.lasted_s for c in changes]
    # 1.2 s of speech and 0.5 s of silence; a first token at 0.3 s and sound 0.1 s later
    assert lasted == pytest.approx([0.8, 3.7, 0.4, 2.4, 1.0], abs=0.06)
    assert sum(lasted) == pytest.approx(world.now - T0)


LIVE = [state for state in State if state is not ENDED]


@pytest.mark.parametrize("state", LIVE)
def test_cv13_a_disconnect_in_any_state_ends_the_call_and_leaves_nothing(state: State) -> None:
    world = call_in(state)
    world.handle(ev.Disconnected())
    assert world.state is ENDED
    assert world.timers == {}
    assert world.conversation.talk.reply is None
    assert not world.held
    world.advance(30.0)
    assert world.state is ENDED
    assert not world.speaks


@pytest.mark.parametrize("state", [s for s in LIVE if s is not ENDING])
@pytest.mark.parametrize("reason", ["caller_ended", "shutdown", "expired"])
def test_whoever_may_end_the_call_can_do_so_in_any_state(
    state: State, reason: ev.EndReason
) -> None:
    world = call_in(state)
    world.handle(ev.EndAsked(reason))
    assert world.state is ENDING
    assert world.gave(do.EndCall) == [do.EndCall(reason)]
    assert not world.speaks
    world.until(ENDED, within_s=1.0)
    assert world.timers == {}


def test_a_carrier_that_never_confirms_the_end_does_not_keep_the_call_alive() -> None:
    conversation = Conversation(Policy(), "session-7", T0)
    conversation.handle(ev.EndAsked("expired"), T0)
    assert conversation.handle(ev.TimerFired("ending"), T0 + 5.0)
    assert conversation.state is ENDED


def test_what_was_heard_of_an_answer_counts_also_when_the_caller_hangs_up() -> None:
    world = World().begin()
    world.asks("What does it cost?")
    world.until(RESPONDING)
    world.advance(1.0)
    world.handle(ev.Disconnected())
    assert world.lines == [("user", "What does it cost?"), ("assistant", "Sure, I can")]


@pytest.mark.parametrize("state", [LISTENING, THINKING, INTERRUPTED])
def test_cv12_the_interrupt_button_does_nothing_when_nothing_is_said(state: State) -> None:
    world = call_in(state)
    assert world.handle(ev.InterruptAsked()) == [do.Refused(state, "InterruptAsked")]
    assert world.state is state


def test_the_diagram_in_the_docs_is_drawn_from_the_tables_as_they_are() -> None:
    root = Path(__file__).parents[2]
    page = runpy.run_path(str(root / "tools" / "diagram.py"))["page"]
    assert (root / "docs" / "states.md").read_text() == page(), "run tools/diagram.py"
