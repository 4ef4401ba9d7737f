"""Rows CV-05 to CV-12: how an answer is given, held, cut off, and what arrives too late."""

from __future__ import annotations

import pytest
from world import INTERRUPTED, LISTENING, RATE_HZ, RESPONDING, THINKING, Script, World

from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation.policy import Policy

LONG = (
    "Of course, it depends on your team. For ten people it is two hundred euros a month, and for "
    "fifty people it is seven hundred. There is no setup fee and you can leave whenever you like."
)


def talking(answer: str = LONG, *, heard_s: float = 2.0, automatic: bool = True) -> World:
    """A call in which the caller has heard `heard_s` seconds of a long answer."""
    world = World(script=Script(answers=[answer])).begin(automatic=automatic)
    world.says("What does it cost?")
    world.advance(1.6)
    if not automatic:
        world.stop_recording()
    world.until(RESPONDING)
    world.advance(heard_s)
    if not automatic:
        world.record(automatic=False)
    assert world.speaks
    return world


# -- a turn ---------------------------------------------------------------------------------------


def test_a_question_is_answered() -> None:
    world = World().begin()
    world.is_answered("What does it cost?")
    assert world.lines == [
        ("user", "What does it cost?"),
        ("assistant", "Sure, I can help you with that today."),
    ]
    assert world.states == [LISTENING, THINKING, RESPONDING, LISTENING]


def test_the_model_is_asked_once_with_everything_said_so_far() -> None:
    world = World(script=Script(answers=["It is free.", "Goodbye."])).begin()
    world.is_answered("What does it cost?")
    world.is_answered("Good.")
    assert [len(ask.lines) for ask in world.asked] == [1, 3]
    assert world.asked[1].lines[1] == do.Line("assistant", "It is free.")


def test_the_answer_begins_to_sound_before_it_is_written() -> None:
    world = World(script=Script(answers=[LONG], token_s=0.3)).begin()
    world.asks("What does it cost?")
    world.until(RESPONDING)
    reply = world.conversation.talk.reply
    assert reply is not None
    assert not reply.written


def test_pieces_are_numbered_from_zero_without_gap() -> None:
    world = World(script=Script(answers=[LONG])).begin()
    world.is_answered("What does it cost?")
    pieces = [e.piece for e in world.effects if isinstance(e, do.Speak)]
    assert pieces == list(range(len(pieces)))
    assert len(pieces) > 1


def test_speaking_is_finished_once_after_the_last_piece() -> None:
    world = World(script=Script(answers=[LONG])).begin()
    world.is_answered("What does it cost?")
    kinds = [type(e) for e in world.effects if isinstance(e, do.Speak | do.FinishSpeaking)]
    assert kinds[-1] is do.FinishSpeaking
    assert kinds.count(do.FinishSpeaking) == 1


def test_the_client_is_told_start_tokens_and_completion_in_order() -> None:
    world = World(script=Script(answers=[LONG])).begin()
    world.is_answered("What does it cost?")
    about = [n for n in world.notices if isinstance(n, _ABOUT_ANSWER)]
    assert isinstance(about[0], do.AnswerStarted)
    tokens = [n for n in about if isinstance(n, do.AnswerToken)]
    assert [t.index for t in tokens] == list(range(len(tokens)))
    assert "".join(t.text for t in tokens) == LONG
    done = about[-1]
    assert isinstance(done, do.AnswerCompleted)
    assert (done.text, done.tokens) == (LONG, len(tokens))
    assert done.sound_s == pytest.approx(len(LONG) / 15, abs=0.3)


_ABOUT_ANSWER = do.AnswerStarted | do.AnswerToken | do.AnswerCompleted | do.AnswerInterrupted


@pytest.mark.parametrize(
    "answer",
    [
        "Yes, of course.||BREAK||It costs ten euros a month.",
        "Yes, of course. ||BREAK|| It costs ten euros a month.",
        "||BREAK||Yes, of course. It costs ten euros a month.||BREAK||",
        "Yes, of course. It costs ||break|| ten euros a month.",
        "Yes, of course. It costs ten euros a month.||BRE",
    ],
)
@pytest.mark.parametrize("length", [1, 2, 5, 11, 100])
def test_no_marker_is_shown_spoken_or_remembered(answer: str, length: int) -> None:
    world = World(script=Script(hangs=True)).begin()
    world.asks("What does it cost?")
    for at in range(0, len(answer), length):
        world.handle(ev.Token(1, 1, answer[at : at + length]))
    world.handle(ev.ReplyWritten(1, 1))
    world.until(LISTENING)
    spoken = "Yes, of course. It costs ten euros a month."
    shown = "".join(n.text for n in world.notices if isinstance(n, do.AnswerToken))
    assert " ".join(shown.split()) == spoken
    assert [n.text for n in world.notices if isinstance(n, do.AnswerCompleted)] == [spoken]
    assert world.lines[-1] == ("assistant", spoken)
    assert "BREAK" not in " ".join(e.text for e in world.effects if isinstance(e, do.Speak)).upper()


def test_bars_that_are_no_marker_are_shown() -> None:
    world = World(script=Script(answers=["Choose a | b, or || c | "])).begin()
    world.is_answered("Which?")
    assert world.told(do.AnswerCompleted)[0].text == "Choose a | b, or || c |"  # type: ignore[union-attr]


# -- how long the caller waited -------------------------------------------------------------------


@pytest.mark.parametrize("finals_after_s", [0.05, 0.25, 0.45, 0.8, 2.0])
def test_waiting_is_counted_from_the_last_speech_frame(finals_after_s: float) -> None:
    world = World(script=Script(finals_after_s=finals_after_s)).begin()
    world.says("What does it cost?", length_s=1.0)
    spoke_until = world.now + 1.0
    world.until(RESPONDING)
    (started,) = world.told(do.AnswerStarted)
    assert isinstance(started, do.AnswerStarted)
    assert started.waited_s == pytest.approx(world.now - spoke_until, abs=0.03)
    assert started.waited_s == pytest.approx(max(0.5, finals_after_s) + 0.4, abs=0.03)


def test_nobody_waits_for_a_greeting() -> None:
    world = World(Policy(greeting="Hello there!")).begin(greets=True)
    world.advance(0.5)
    assert world.told(do.AnswerStarted) == [do.AnswerStarted(turn=1, waited_s=None)]


def test_waiting_under_manual_detection_counts_from_the_last_speech_frame_too() -> None:
    world = World().begin(automatic=False)
    world.says("Hello", length_s=1.0)
    spoke_until = world.now + 1.0
    world.advance(3.0)
    world.stop_recording()
    world.until(RESPONDING)
    (started,) = world.told(do.AnswerStarted)
    assert isinstance(started, do.AnswerStarted)
    assert started.waited_s == pytest.approx(world.now - spoke_until, abs=0.03)


# -- what comes too late --------------------------------------------------------------------------


def stale(turn: int, reply: int) -> list[ev.Event]:
    return [
        ev.Token(turn, reply, "Old news, everybody."),
        ev.ActionAsked(turn, reply, "end_call"),
        ev.ReplyWritten(turn, reply),
        ev.ReplyFailed(turn, reply, "late"),
        ev.Speech(turn, reply, 0, bytes(200), RATE_HZ),
        ev.PieceVoiced(turn, reply, 0),
        ev.VoiceFailed(turn, reply, "late"),
    ]


@pytest.mark.parametrize("event", stale(1, 1), ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("later", ["interrupted", "answered", "thinking", "ended"])
def test_what_belongs_to_an_old_turn_is_dropped(event: ev.Event, later: str) -> None:
    world = talking()
    if later == "answered":
        world.until(LISTENING)
    else:
        world.handle(ev.InterruptAsked())
    if later == "thinking":
        world.asks("And for a hundred?")
    if later == "ended":
        world.handle(ev.Disconnected())
    before = (world.state, world.lines, world.conversation.talk.counts.failures)
    assert world.handle(event) == []
    assert (world.state, world.lines, world.conversation.talk.counts.failures) == before


@pytest.mark.parametrize("name", [(1, 2), (2, 1), (0, 0), (1, 0)])
@pytest.mark.parametrize("index", range(7))
def test_what_names_another_turn_or_reply_is_dropped(name: tuple[int, int], index: int) -> None:
    assert talking().handle(stale(*name)[index]) == []


@pytest.mark.parametrize("piece", [-1, 7, 500])
def test_sound_of_a_piece_that_was_never_asked_for_is_dropped(piece: int) -> None:
    world = talking()
    assert world.handle(ev.Speech(1, 1, piece, bytes(200), RATE_HZ)) == []
    assert world.handle(ev.PieceVoiced(1, 1, piece)) == []


def test_sound_behind_the_end_of_its_piece_is_dropped() -> None:
    world = World(script=Script(hangs=True)).begin()
    world.asks("Hello?")
    world.handle(ev.Token(1, 1, "Yes, "))
    world.handle(ev.PieceVoiced(1, 1, 0))
    assert world.handle(ev.Speech(1, 1, 0, bytes(200), RATE_HZ)) == []


@pytest.mark.parametrize(
    "event",
    [ev.Token(1, 1, " More."), ev.ReplyWritten(1, 1), ev.ReplyFailed(1, 1, "late")],
    ids=lambda e: type(e).__name__,
)
def test_what_the_model_sends_after_its_end_is_dropped(event: ev.Event) -> None:
    world = talking("Sure, I can help you with that today, and so can all of my colleagues.")
    assert world.handle(event) == []


def test_empty_sound_does_not_start_an_answer() -> None:
    world = World(script=Script(hangs=True)).begin()
    world.asks("Hello?")
    world.handle(ev.Token(1, 1, "Yes, "))
    assert world.handle(ev.Speech(1, 1, 0, b"", RATE_HZ)) == []
    assert world.state is THINKING


@pytest.mark.parametrize("event", [ev.PlayedOut(0), ev.PlayedOut(2), ev.PlayedOut(1)])
def test_an_end_of_sound_that_cannot_be_is_ignored(event: ev.Event) -> None:
    world = talking()
    assert world.handle(event) == []
    assert world.state is RESPONDING


# -- holding --------------------------------------------------------------------------------------


def test_cv08_a_cough_holds_the_sound_and_lets_it_go_on() -> None:
    world = talking()
    world.coughs()
    world.advance(0.07)
    assert not world.speaks
    assert world.state is RESPONDING
    world.advance(0.3)
    assert world.speaks
    world.until(LISTENING)
    assert world.lines[-1] == ("assistant", LONG)


def test_nothing_of_the_answer_is_lost_by_a_cough() -> None:
    quiet, coughed = talking(), talking()
    coughed.coughs()
    for world in (quiet, coughed):
        world.until(LISTENING)
    assert coughed.ear.heard == pytest.approx(quiet.ear.heard)


def test_cv08_speech_silences_the_agent_and_words_interrupt_it() -> None:
    world = talking()
    world.makes_noise(0.5, "wait")
    world.advance(0.1)
    assert not world.speaks
    world.advance(0.6)
    assert world.state is RESPONDING
    world.advance(0.1)
    assert world.states[-2:] == [INTERRUPTED, LISTENING]


def test_cv08_speech_that_lasts_interrupts_without_words() -> None:
    world = talking()
    world.makes_noise(3.0)
    world.advance(1.39)
    assert world.state is RESPONDING
    assert not world.speaks
    world.advance(0.02)
    assert world.states[-2:] == [INTERRUPTED, LISTENING]


def test_cv08_words_interrupt_even_without_speech_events() -> None:
    world = talking()
    world.handle(ev.Transcript("wait", final=False))
    assert world.states[-2:] == [INTERRUPTED, LISTENING]
    assert not world.speaks


@pytest.mark.parametrize("text", ["", "  ", "\n"])
@pytest.mark.parametrize("final", [True, False])
def test_no_words_do_not_interrupt(text: str, final: bool) -> None:
    world = talking()
    assert world.handle(ev.Transcript(text, final=final)) == []
    assert world.speaks


def test_a_second_sound_while_held_changes_nothing() -> None:
    world = talking()
    world.handle(ev.SpeechStarted(9.0))
    assert world.handle(ev.SpeechStarted(9.1)) == []
    assert len(world.gave(do.Hold)) == 1


def test_a_hold_that_nothing_resolves_is_let_go() -> None:
    world = talking()
    world.handle(ev.SpeechStarted(9.0))
    world.advance(2.9)
    assert not world.speaks
    world.advance(0.3)
    assert world.speaks
    world.until(LISTENING)
    world.is_answered("And for a hundred?")


def test_lost_speech_events_do_not_hold_the_next_answer_too() -> None:
    world = talking("Sure, that is quite possible.", heard_s=0.5)
    world.handle(ev.SpeechStarted(9.0))
    world.until(LISTENING)
    world.handle(ev.Transcript("and for ten", final=True))
    world.until(RESPONDING)
    world.until(LISTENING, within_s=3.0)
    assert len(world.gave(do.Hold)) == 1


def test_a_late_timer_of_an_earlier_hold_does_not_end_a_new_one() -> None:
    world = talking()
    world.handle(ev.SpeechStarted(9.0))
    world.advance(0.1)
    world.handle(ev.SpeechStopped(9.1, 0.1, 0.2))
    world.advance(0.1)
    world.handle(ev.SpeechStarted(9.3))
    assert world.handle(ev.TimerFired("hold")) == []
    assert not world.speaks


def test_the_answer_goes_on_being_made_while_it_is_held() -> None:
    world = talking(heard_s=0.1)
    world.handle(ev.SpeechStarted(9.0))
    made = len(world.gave(do.Play))
    world.advance(2.0)
    assert len(world.gave(do.Play)) > made
    assert not world.speaks


def test_an_answer_heard_to_its_end_while_held_is_complete() -> None:
    world = talking("Sure.", heard_s=0.2)
    world.handle(ev.SpeechStarted(9.0))
    effects = world.handle(ev.PlayedOut(1))
    assert do.Resume(1) in effects
    assert world.lines[-1] == ("assistant", "Sure.")
    assert world.state is LISTENING
    assert "hold" not in world.timers


def test_an_answer_that_begins_while_the_caller_makes_a_sound_is_held() -> None:
    world = World(script=Script(hangs=True)).begin()
    world.asks("Hello?")
    world.handle(ev.SpeechStarted(5.0))
    assert world.state is THINKING
    world.handle(ev.Token(1, 1, "Yes, "))
    world.handle(ev.Speech(1, 1, 0, bytes(2000), RATE_HZ))
    assert world.state is RESPONDING
    kinds = [type(e) for e in world.effects if isinstance(e, do.Hold | do.Play)]
    assert kinds == [do.Hold, do.Play]  # held before the first sound, not after it
    world.handle(ev.SpeechStopped(5.1, 0.1, 0.2))
    assert world.gave(do.Resume) == [do.Resume(1)]


def test_a_cough_before_the_first_sound_holds_it_back() -> None:
    world = World(Policy(greeting="Hello there!"), Script(first_sound_s=0.5)).begin(greets=True)
    world.coughs()
    world.advance(0.1)
    assert world.held
    world.advance(1.0)
    assert world.speaks


def test_a_new_recording_lets_the_sound_go_on() -> None:
    world = talking()
    world.handle(ev.SpeechStarted(9.0))
    world.record()
    assert not world.held
    world.advance(0.1)
    assert world.speaks


# -- interruptions --------------------------------------------------------------------------------


def test_cv07_the_button_stops_sound_model_and_voice_at_once() -> None:
    world = talking()
    effects = world.handle(ev.InterruptAsked())
    assert do.StopTurn(1) in effects
    assert not world.speaks
    played = len(world.gave(do.Play))
    world.advance(10.0)
    assert len(world.gave(do.Play)) == played


def test_an_interruption_begins_a_new_turn() -> None:
    world = talking()
    world.handle(ev.InterruptAsked())
    assert world.conversation.talk.turn == 2
    assert world.gave(do.StopTurn) == [do.StopTurn(1)]


def test_cv09_an_interrupted_call_listens_at_once() -> None:
    world = talking()
    world.handle(ev.InterruptAsked())
    lasted = [n.lasted_s for n in world.notices if isinstance(n, do.StateChanged)]
    assert world.state is LISTENING
    assert lasted[-1] <= 0.1


def test_cv10_the_next_turn_knows_what_was_heard_of_the_interrupted_one() -> None:
    world = talking(heard_s=2.0)
    world.says("And for a hundred people?")
    world.until(LISTENING)
    world.until(THINKING)
    heard = "Of course, it depends on your"
    assert world.asked[-1].lines == (
        do.Line("user", "What does it cost?"),
        do.Line("assistant", heard, interrupted=True),
        do.Line("user", "And for a hundred people?"),
    )
    assert world.told(do.AnswerInterrupted) == [do.AnswerInterrupted(1, heard)]


def test_cv11_five_interruptions_in_a_row_leave_nothing_behind() -> None:
    world = World(script=Script(answers=[LONG])).begin()
    for number in range(5):
        world.asks(f"Question number {number}?")
        world.until(RESPONDING)
        world.advance(1.0)
        world.says(f"Wait, number {number}")
        world.until(LISTENING)
        world.until(THINKING)
        world.until(RESPONDING)
        world.advance(0.5)
        world.handle(ev.InterruptAsked())
    talk = world.conversation.talk
    assert (talk.reply, talk.aside.cut) == (None, None)
    assert world.timers == {}
    assert len(world.told(do.AnswerInterrupted)) == 10
    world.is_answered("Thank you.")


def test_an_interruption_while_the_answer_is_still_written() -> None:
    world = World(script=Script(answers=[LONG], token_s=0.5)).begin()
    world.asks("What does it cost?")
    world.until(RESPONDING)
    world.advance(0.3)
    world.handle(ev.InterruptAsked())
    told = len(world.told(do.AnswerToken))
    world.advance(20.0)
    assert len(world.told(do.AnswerToken)) == told
    assert world.told(do.AnswerCompleted) == []


def test_the_button_pressed_twice_interrupts_once() -> None:
    world = talking()
    world.handle(ev.InterruptAsked())
    world.handle(ev.InterruptAsked())
    assert len(world.told(do.AnswerInterrupted)) == 1


def test_the_button_also_ends_a_held_answer() -> None:
    world = talking()
    world.handle(ev.SpeechStarted(9.0))
    world.handle(ev.InterruptAsked())
    assert world.timers == {}
    assert not world.held


def test_a_report_about_another_turn_does_not_settle_an_interruption() -> None:
    world = talking()
    world.conversation.handle(ev.InterruptAsked(), world.now)
    assert world.conversation.handle(ev.TurnStopped(7, 1.0), world.now) == []
    assert world.state is INTERRUPTED


def test_speech_that_ends_while_interrupted_is_answered() -> None:
    world = talking()
    conversation = world.conversation
    conversation.handle(ev.Transcript("no thanks", final=True, end_s=9.0), world.now)
    assert world.state is INTERRUPTED
    conversation.handle(ev.SpeechStarted(8.0), world.now)
    conversation.handle(ev.SpeechStopped(9.0, 1.0, 0.2), world.now)
    world.ear.stop(1, world.now)
    world.handle(ev.TurnStopped(1, 1.0))
    world.until(THINKING)
    assert world.lines[-1] == ("user", "no thanks")


def test_a_noise_that_stops_an_unheard_answer_has_it_asked_again() -> None:
    world = World(script=Script(first_sound_s=0.1)).begin()
    world.asks("What does it cost?")
    world.at(0.3, lambda: world.makes_noise(1.4))
    world.until(LISTENING)
    assert world.lines == [("user", "What does it cost?")]
    world.until(RESPONDING, within_s=3.0)
    world.until(LISTENING)
    assert world.lines[-1] == ("assistant", "Sure, I can help you with that today.")
    assert world.asked[0].lines == world.asked[1].lines


def test_a_noise_while_thinking_does_not_lose_the_question() -> None:
    world = World(script=Script(first_token_s=2.0)).begin()
    world.asks("What does it cost?")
    world.makes_noise(1.4)
    world.until(LISTENING)
    world.until(RESPONDING, within_s=6.0)


def test_a_short_noise_while_thinking_changes_nothing() -> None:
    world = World(script=Script(first_token_s=1.0)).begin()
    world.asks("What does it cost?")
    world.makes_noise(0.6)
    world.until(RESPONDING, within_s=1.5)
    assert len(world.asked) == 1


def test_a_button_that_stops_an_unheard_answer_is_obeyed() -> None:
    world = World(script=Script(hangs=True)).begin()
    world.asks("What does it cost?")
    world.handle(ev.Token(1, 1, "Well, "))
    world.handle(ev.Speech(1, 1, 0, bytes(2000), RATE_HZ))
    world.handle(ev.InterruptAsked())
    world.makes_noise(0.5)
    world.advance(20.0)
    assert len(world.asked) == 1


def test_nobody_is_owed_an_answer_to_a_greeting() -> None:
    world = World(Policy(greeting="Hello there!"), Script(first_sound_s=0.5)).begin(greets=True)
    world.makes_noise(0.8)
    world.advance(20.0)
    assert world.asked == []
    assert world.state is LISTENING


# -- the caller goes on ---------------------------------------------------------------------------


def test_a_caller_who_goes_on_is_answered_once_with_all_words() -> None:
    world = World(script=Script(first_token_s=1.5)).begin()
    world.asks("I would like to know")
    world.says("what it costs.")
    world.until(LISTENING)
    world.until(RESPONDING)
    assert world.lines == [("user", "I would like to know what it costs.")]
    assert [ask.lines for ask in world.asked] == [
        (do.Line("user", "I would like to know"),),
        (do.Line("user", "I would like to know what it costs."),),
    ]
    assert len(world.told(do.AnswerStarted)) == 1
    assert world.told(do.AnswerInterrupted) == []


def test_a_sound_too_short_to_be_meant_does_not_stop_the_thinking() -> None:
    world = World(script=Script(first_token_s=1.0)).begin()
    world.asks("What does it cost?")
    world.coughs()
    world.until(RESPONDING)
    assert len(world.asked) == 1


def test_going_on_three_times() -> None:
    world = World(script=Script(first_token_s=2.0)).begin()
    world.asks("I")
    for words in ("would like", "to know", "more."):
        world.says(words)
        world.until(LISTENING)
        world.until(THINKING)
    world.until(RESPONDING)
    assert world.lines == [("user", "I would like to know more.")]
    assert len(world.gave(do.StopTurn)) == 3
