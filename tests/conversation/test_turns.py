"""Rows CV-05 and CV-14: when the caller has finished, under both kinds of turn detection."""

from __future__ import annotations

import pytest
from world import INTERRUPTED, LISTENING, RESPONDING, T0, THINKING, Script, World

from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation.policy import Policy, Silences
from vantum.conversation.turns import CallerTurn
from vantum.limits import TRANSCRIPT_CHARS


def final(text: str, end_s: float = 0.0, *, start_s: float = 0.0) -> ev.Transcript:
    return ev.Transcript(text, final=True, start_s=start_s, end_s=end_s)


def interim(text: str, end_s: float = 0.0) -> ev.Transcript:
    return ev.Transcript(text, final=False, end_s=end_s)


def said(turn: CallerTurn, begin_s: float, end_s: float) -> CallerTurn:
    """Speech events of speech between these audio times, which are clock times too."""
    turn.started(ev.SpeechStarted(begin_s))
    turn.stopped(ev.SpeechStopped(end_s, end_s - begin_s, 0.2), end_s + 0.2)
    return turn


@pytest.fixture
def turn() -> CallerTurn:
    return CallerTurn(Policy(end_silence_s=0.5, silences=Silences(unheard_s=5.0)))


# -- the arbiter ----------------------------------------------------------------------------------


def test_nothing_said_is_never_over(turn: CallerTurn) -> None:
    assert turn.over_at() is None
    assert turn.is_idle


def test_words_and_silence_end_a_turn(turn: CallerTurn) -> None:
    said(turn, 1.0, 2.0).wrote(final("hello", 2.0), 2.3)
    assert turn.over_at() == pytest.approx(2.5)


def test_silence_before_the_words_counts(turn: CallerTurn) -> None:
    said(turn, 1.0, 2.0).wrote(final("hello", 2.0), 3.5)
    assert turn.over_at() == pytest.approx(2.5)


def test_words_without_silence_end_a_turn_when_no_more_come(turn: CallerTurn) -> None:
    turn.started(ev.SpeechStarted(1.0))
    turn.wrote(final("hello", 1.5), 1.8)
    assert turn.over_at() == pytest.approx(5.8)
    turn.wrote(final("I would like to", 3.0), 3.3)
    assert turn.over_at() == pytest.approx(11.3)


def test_silence_without_words_waits_for_them_but_not_for_ever(turn: CallerTurn) -> None:
    said(turn, 1.0, 2.0)
    assert turn.over_at() == pytest.approx(7.0)


def test_words_of_an_earlier_sentence_do_not_end_the_wait_for_the_last(turn: CallerTurn) -> None:
    said(turn, 1.0, 2.0).wrote(final("hello", 2.0), 2.3)
    said(turn, 2.4, 4.0)
    assert turn.over_at() == pytest.approx(9.0)
    turn.wrote(final("there", 3.9), 4.4)
    assert turn.over_at() == pytest.approx(4.5)
    assert turn.text == "hello there"


@pytest.mark.parametrize(
    ("short_s", "covers"), [(0.0, True), (0.2, True), (0.3, False), (1.0, False)]
)
def test_a_final_that_ends_a_little_early_covers_the_speech(
    turn: CallerTurn, short_s: float, covers: bool
) -> None:
    said(turn, 1.0, 2.0).wrote(final("hello", 2.0 - short_s), 2.3)
    assert turn.over_at() == pytest.approx(2.5 if covers else 7.0)


def test_a_final_of_unknown_place_stands_for_all_speech_so_far(turn: CallerTurn) -> None:
    said(turn, 1.0, 2.0).wrote(final("hello"), 2.3)
    assert turn.over_at() == pytest.approx(2.5)


def test_the_recognisers_word_that_the_turn_is_over_needs_no_silence(turn: CallerTurn) -> None:
    said(turn, 1.0, 2.0).wrote(ev.Transcript("bye", True, end_s=2.0, end_of_turn=True), 2.2)
    assert turn.over_at() == pytest.approx(2.0)


@pytest.mark.parametrize(("ended", "over_at"), [(True, 2.0), (False, 7.0)])
def test_behind_an_end_of_turn_a_voice_may_fade(
    turn: CallerTurn, ended: bool, over_at: float
) -> None:
    said(turn, 1.0, 2.0).wrote(ev.Transcript("bye", True, end_s=1.7, end_of_turn=ended), 2.2)
    assert turn.over_at() == pytest.approx(over_at)


@pytest.mark.parametrize(("lasts_s", "over_at"), [(0.1, 2.0), (0.5, 7.8)])
def test_a_cough_behind_an_end_of_turn_does_not_take_it_back(
    turn: CallerTurn, lasts_s: float, over_at: float
) -> None:
    said(turn, 1.0, 2.0).wrote(ev.Transcript("bye", True, end_s=2.0, end_of_turn=True), 2.2)
    said(turn, 2.3, 2.3 + lasts_s)
    assert turn.over_at() == pytest.approx(over_at)


def test_an_empty_end_of_turn_says_nothing(turn: CallerTurn) -> None:
    turn.wrote(ev.Transcript("", True, end_s=2.0, end_of_turn=True), 2.2)
    assert turn.over_at() is None
    assert not turn.closed


def test_speech_takes_back_the_recognisers_word(turn: CallerTurn) -> None:
    said(turn, 1.0, 2.0).wrote(ev.Transcript("well", True, end_s=2.0, end_of_turn=True), 2.2)
    turn.started(ev.SpeechStarted(2.3))
    assert turn.over_at() == pytest.approx(10.2)  # if no word comes with it
    assert not turn.closed


def test_interim_words_await_their_final(turn: CallerTurn) -> None:
    said(turn, 1.0, 2.0).wrote(interim("hel", 1.5), 1.6)
    assert turn.over_at() == pytest.approx(7.0)
    assert turn.text == "hel"
    turn.wrote(final("hello", 2.0), 2.3)
    assert turn.text == "hello"
    assert turn.over_at() == pytest.approx(2.5)


def test_an_interim_replaces_the_last_and_follows_the_finals(turn: CallerTurn) -> None:
    turn.wrote(final("hello"), 1.0)
    turn.wrote(interim("my"), 1.5)
    turn.wrote(interim("my name"), 2.0)
    assert turn.text == "hello my name"


def test_an_interim_that_vanishes_was_a_noise(turn: CallerTurn) -> None:
    said(turn, 1.0, 2.0).wrote(interim("hm", 1.5), 1.6)
    turn.wrote(final("", 2.0), 2.3)
    assert turn.text == ""
    assert turn.is_idle


def test_a_cough_after_the_words_has_none_to_wait_for(turn: CallerTurn) -> None:
    said(turn, 1.0, 2.0).wrote(final("hello", 2.0), 2.3)
    said(turn, 2.3, 2.42)
    assert turn.over_at() == pytest.approx(2.5)


def test_where_no_speech_events_come_words_are_the_only_sign(turn: CallerTurn) -> None:
    turn.wrote(final("hello", 1.0), 1.3)
    assert turn.over_at() == pytest.approx(1.8)
    turn.wrote(final("there", 2.0), 2.3)
    assert turn.over_at() == pytest.approx(2.8)


def test_words_long_after_the_last_speech_event_begin_their_own_turn(turn: CallerTurn) -> None:
    said(turn, 1.0, 1.1)
    turn.wrote(interim("a soft", 30.0), 30.0)
    assert turn.over_at() == pytest.approx(35.0)
    turn.wrote(final("a soft word", 30.5), 30.7)
    assert turn.over_at() == pytest.approx(31.2)


def test_taking_the_words_begins_anew(turn: CallerTurn) -> None:
    said(turn, 1.0, 2.0).wrote(final("hello", 2.0), 2.3)
    assert turn.take() == "hello"
    assert turn.is_idle
    assert turn.over_at() is None
    assert turn.quiet_since is None


@pytest.mark.parametrize(("end_s", "news"), [(0.0, True), (1.5, False), (2.0, False), (2.6, True)])
def test_words_already_answered_are_no_news(turn: CallerTurn, end_s: float, news: bool) -> None:
    said(turn, 1.0, 2.0).wrote(final("hello", 2.0), 2.3)
    turn.take()
    assert (turn.news_of(final("hello", end_s)) is not None) is news


def test_the_final_of_an_interim_already_answered_is_no_news(turn: CallerTurn) -> None:
    turn.wrote(interim("hello", 2.0), 2.3)
    assert turn.take() == "hello"
    assert not turn.news_of(final("hello", 2.0))


def test_words_given_up_on_are_news_when_they_come(turn: CallerTurn) -> None:
    said(turn, 1.0, 2.0).give_up()
    assert turn.over_at() is None
    late = final("hello", 2.0)
    assert turn.news_of(late)
    turn.wrote(late, 9.0)
    assert turn.text == "hello"
    assert turn.over_at() is not None


def test_a_closed_turn_waits_for_nothing(turn: CallerTurn) -> None:
    turn.started(ev.SpeechStarted(1.0))
    turn.wrote(interim("hello", 1.5), 1.6)
    turn.close(2.0)
    assert turn.over_at() == pytest.approx(2.0)
    assert turn.text == "hello"


def test_a_new_recording_counts_audio_from_zero(turn: CallerTurn) -> None:
    said(turn, 50.0, 60.0).wrote(final("hello", 60.0), 60.3)
    turn.take()
    turn.recording_began()
    assert turn.news_of(final("and", 1.0))
    said(turn, 0.5, 1.5).wrote(final("yes", 1.5), 1.8)
    assert turn.over_at() == pytest.approx(2.0)


def test_a_very_long_speech_is_cut(turn: CallerTurn) -> None:
    for at in range(7):
        turn.wrote(final("x" * 9_000, float(at + 1)), at + 1.3)
    assert len(turn.text) == TRANSCRIPT_CHARS


# -- automatic detection --------------------------------------------------------------------------


def test_cv14_half_a_second_of_silence_ends_the_callers_turn() -> None:
    world = World().begin()
    world.says("What does it cost?", length_s=1.0)
    world.advance(1.49)
    assert world.state is LISTENING
    world.advance(0.02)
    assert world.state is THINKING


@pytest.mark.parametrize("pause_s", [0.25, 0.3, 0.35, 0.4])
def test_a_pause_inside_a_sentence_does_not_end_the_turn(pause_s: float) -> None:
    world = World().begin()
    world.says("I would like", length_s=1.0)
    world.advance(1.0 + pause_s)
    world.says("to know more.", length_s=1.0)
    world.until(THINKING)
    assert world.lines == [("user", "I would like to know more.")]
    assert len(world.asked) == 1


@pytest.mark.parametrize("end_silence_s", [0.3, 0.8, 1.5])
def test_cv14_the_silence_is_a_setting(end_silence_s: float) -> None:
    world = World(Policy(end_silence_s=end_silence_s)).begin()
    world.says("Hello", length_s=1.0)
    world.until(THINKING)
    assert world.now - T0 == pytest.approx(1.0 + end_silence_s, abs=0.03)


def test_cv05_an_empty_transcript_stays_listening() -> None:
    world = World().begin()
    world.makes_noise(1.0)
    world.advance(20.0)
    assert world.states == [LISTENING]
    assert world.asked == []
    assert world.lines == []


def test_speech_that_is_never_transcribed_does_not_block_the_next() -> None:
    world = World(script=Script(deaf=True)).begin()
    world.says("Hello?", length_s=1.0)
    world.advance(10.0)
    assert world.timers == {}
    world.script.deaf = False
    world.is_answered("Hello?")


def test_words_that_come_after_the_deadline_are_answered_still() -> None:
    world = World(script=Script(finals_after_s=6.0)).begin()
    world.says("What does it cost?", length_s=1.0)
    world.advance(6.5)
    assert world.state is LISTENING
    world.until(THINKING, within_s=2.0)
    assert world.lines == [("user", "What does it cost?")]


def test_at_the_deadline_interim_words_are_taken_at_their_word() -> None:
    world = World(script=Script(deaf=True, finals_after_s=6.0)).begin()
    world.makes_noise(1.0, interim="What is it")
    world.advance(2.39)
    assert world.state is LISTENING
    world.advance(0.02)
    assert world.lines == [("user", "What is it")]


def test_words_that_are_overdue_are_asked_for() -> None:
    """A recogniser may sit on a short answer for as long as nothing follows it."""
    world = World(script=Script(deaf=True)).begin()
    world.makes_noise(0.3)
    world.advance(0.3 + 0.61)
    assert world.gave(do.Finalise) == [do.Finalise(closes=False)]
    world.handle(final("Yes.", 0.3))
    world.until(THINKING, within_s=0.5)
    assert world.lines == [("user", "Yes.")]


UNHEARD = Policy(greeting="Do you have a minute?", unheard=("Sorry?", "Once more, please?"))


def test_who_is_not_understood_is_asked_again_within_a_breath() -> None:
    world = World(UNHEARD, Script(deaf=True)).begin(greets=True)
    world.until(LISTENING)
    for said in UNHEARD.unheard:
        world.makes_noise(0.4)
        world.advance(0.4)
        world.until(RESPONDING, within_s=1.5)
        world.until(LISTENING)
        assert world.lines[-1] == ("assistant", said)
    world.makes_noise(0.4)
    world.advance(3.0)
    assert world.state is LISTENING  # it is a noise; two questions are enough


def test_who_is_heard_to_say_nothing_is_asked_again_too() -> None:
    world = World(UNHEARD).begin(greets=True)
    world.until(LISTENING)
    world.makes_noise(0.4)
    world.advance(0.4)
    world.until(RESPONDING, within_s=1.5)
    world.until(LISTENING)
    assert world.lines[-1] == ("assistant", UNHEARD.unheard[0])


def test_a_noise_while_the_agent_spoke_is_not_asked_after() -> None:
    world = World(UNHEARD, Script(deaf=True)).begin(greets=True)
    world.until(RESPONDING)
    world.makes_noise(0.15)
    world.until(LISTENING)
    world.advance(3.0)
    assert world.state is LISTENING


def test_a_cough_is_not_asked_after() -> None:
    world = World(UNHEARD, Script(deaf=True)).begin(greets=True)
    world.until(LISTENING)
    world.coughs()
    world.advance(3.0)
    assert world.lines == [("assistant", "Do you have a minute?")]


@pytest.mark.parametrize(
    ("words", "silence_s"),
    [
        ("I would like to", 1.2),
        ("oh seven nine", 1.6),
        ("That sounds good", 0.5),
        ("It is about my", 1.2),
    ],
)
def test_the_silence_that_ends_a_turn_depends_on_how_it_ends(words: str, silence_s: float) -> None:
    world = World().begin()
    world.says(words, length_s=1.0)
    world.until(THINKING)
    assert world.now - T0 == pytest.approx(1.0 + silence_s, abs=0.03)


def test_a_yes_to_a_question_is_taken_at_once() -> None:
    world = World(UNHEARD).begin(greets=True)
    world.until(LISTENING)
    world.says("Sure.", length_s=0.3)
    began = world.now
    world.until(THINKING)
    assert world.now - began == pytest.approx(0.3 + 0.3, abs=0.03)


def test_the_recognisers_word_counts_on_whole_sentences_alone() -> None:
    world = World().begin()
    world.handle(ev.Transcript("I would like to", final=True, end_of_turn=True))
    world.advance(1.1)
    assert world.state is LISTENING
    world.handle(ev.Transcript("know the price.", final=True, end_of_turn=True))
    assert world.state is THINKING


def test_a_caller_who_pauses_long_is_given_longer() -> None:
    world = World().begin()
    world.says("We are a small company", length_s=1.0)
    world.advance(1.0 + 0.45)
    world.says("in the north of England", length_s=1.0)
    world.advance(1.0)
    began = world.now
    world.until(THINKING)
    assert world.now - began == pytest.approx(0.45 * 1.2, abs=0.05)


def test_a_late_final_of_an_answered_turn_is_ignored() -> None:
    world = World().begin()
    world.asks("What does it cost?")
    assert world.handle(final("What does it cost?", 1.2)) == []
    assert world.state is THINKING


def test_a_cough_behind_the_question_does_not_hold_the_answer_up() -> None:
    world = World().begin()
    world.says("What does it cost?", length_s=1.0)
    world.advance(1.3)
    world.coughs()
    world.until(THINKING, within_s=1.0)
    assert len(world.asked) == 1


def test_a_recogniser_without_speech_events_is_enough() -> None:
    world = World().begin()
    world.handle(interim("what does"))
    world.advance(0.4)
    world.handle(final("what does it cost"))
    world.until(THINKING, within_s=0.6)
    world.until(RESPONDING)
    world.handle(interim("and"))
    assert world.state is LISTENING
    world.handle(final("and for ten"))
    world.until(THINKING, within_s=0.6)
    assert world.lines == [("user", "what does it cost and for ten")]


def test_a_recogniser_that_says_when_the_turn_is_over_is_believed_at_once() -> None:
    world = World().begin()
    world.handle(ev.Transcript("what does it cost", final=True, end_of_turn=True))
    assert world.state is THINKING


def test_interims_are_shown_and_not_acted_on() -> None:
    world = World().begin()
    world.handle(ev.SpeechStarted(0.1))
    world.handle(ev.Transcript("what", final=False, confidence=0.4, end_s=0.5))
    world.advance(3.0)
    assert world.told(do.Recognised) == [
        do.Recognised("what", final=False, confidence=0.4, duration_s=0.5)
    ]
    assert world.asked == []


def test_a_final_is_told_with_its_confidence_and_length() -> None:
    world = World().begin()
    world.handle(ev.Transcript(" hello ", True, confidence=0.9, start_s=1.0, end_s=1.5))
    assert world.told(do.Recognised) == [do.Recognised("hello", True, 0.9, 0.5)]


def test_lost_hearing_answers_what_was_understood() -> None:
    world = World(script=Script(deaf=True)).begin()
    world.makes_noise(3.0, interim="What does it cost")
    world.advance(2.0)
    world.handle(ev.HearingFailed("socket lost"))
    assert world.told(do.Fault) == [do.Fault("stt", "socket lost")]
    world.until(THINKING, within_s=1.0)
    assert world.lines == [("user", "What does it cost")]


def test_lost_hearing_lets_a_held_answer_go_on() -> None:
    world = World().begin()
    world.asks("Hello?")
    world.until(RESPONDING)
    world.handle(ev.SpeechStarted(9.0))
    world.handle(ev.HearingFailed("socket lost"))
    world.until(LISTENING)
    assert world.lines[-1][0] == "assistant"


def test_a_lost_recording_is_followed_by_a_good_one() -> None:
    world = World().begin()
    world.handle(ev.SpeechStarted(1.0))
    world.handle(ev.HearingFailed("socket lost"))
    world.record()
    world.is_answered("Hello?")


# -- manual detection -----------------------------------------------------------------------------


def test_silence_does_not_end_a_manual_turn() -> None:
    world = World().begin(automatic=False)
    world.says("What does")
    world.advance(10.0)
    world.says("it cost?")
    world.advance(10.0)
    assert world.state is LISTENING
    world.stop_recording()
    world.advance(0.4)
    assert world.lines == [("user", "What does it cost?")]
    assert world.state is THINKING


def test_the_end_of_input_finalises_at_once_and_asks_when_all_words_are_there() -> None:
    world = World().begin(automatic=False)
    world.says("Hello there", length_s=1.0)
    world.advance(1.0)
    assert do.Finalise() in world.handle(ev.InputEnded())
    world.advance(0.29)
    assert world.state is LISTENING
    world.advance(0.02)
    assert world.state is THINKING
    assert world.lines == [("user", "Hello there")]
    assert world.told(do.InputClosed) == [do.InputClosed()]


def test_a_recogniser_that_never_finalises_is_given_five_seconds() -> None:
    conversation = World().begin(automatic=False).conversation
    conversation.handle(interim("what does it", 1.0), T0 + 1.0)
    effects = conversation.handle(ev.InputEnded(), T0 + 2.0)
    assert do.SetTimer("finalise", T0 + 7.0) in effects
    effects = conversation.handle(ev.TimerFired("finalise"), T0 + 7.0)
    assert do.Notify(do.InputClosed()) in effects
    assert conversation.state is THINKING
    assert conversation.talk.history.lines == (do.Line("user", "what does it"),)


def test_its_late_final_is_ignored() -> None:
    world = World().begin(automatic=False)
    world.handle(interim("what does it", 1.0))
    world.stop_recording()
    world.until(THINKING)
    assert world.handle(final("what does it cost", 2.0)) == []
    assert world.handle(ev.Finalised()) == []
    assert world.state is THINKING


def test_a_recording_without_words_stays_listening_and_is_closed() -> None:
    world = World().begin(automatic=False)
    world.stop_recording()
    world.advance(10.0)
    assert world.states == [LISTENING]
    assert world.told(do.InputClosed) == [do.InputClosed()]
    assert world.timers == {}


def test_words_later_than_an_empty_end_are_answered_still() -> None:
    world = World().begin(automatic=False)
    world.stop_recording()
    world.advance(6.0)
    world.handle(final("hello", 1.0))
    assert world.state is THINKING


def test_two_ends_of_one_recording_close_it_once() -> None:
    world = World().begin(automatic=False)
    world.says("Hello")
    world.advance(1.0)
    world.stop_recording()
    assert world.handle(ev.InputEnded()) == []
    world.advance(10.0)
    assert len(world.told(do.InputClosed)) == 1


def test_finalised_without_an_end_means_nothing() -> None:
    world = World().begin(automatic=False)
    world.handle(final("hello", 1.0))
    assert world.handle(ev.Finalised()) == []
    assert world.state is LISTENING


def test_each_of_five_recordings_is_closed_once_and_answered() -> None:
    world = World(script=Script(answers=["Sure."]))
    world.handle(ev.Ready())
    for number in range(5):
        world.record(automatic=False)
        world.says(f"Question {number}.")
        world.advance(1.2)
        world.stop_recording()
        world.until(RESPONDING)
        world.until(LISTENING)
    assert len(world.told(do.InputClosed)) == 5
    assert [text for role, text in world.lines if role == "user"] == [
        f"Question {number}." for number in range(5)
    ]
    assert len(world.asked[-1].lines) == 9  # SE-06: recordings share one history


def test_a_new_recording_closes_one_that_is_still_closing() -> None:
    world = World(script=Script(finals_after_s=2.0)).begin(automatic=False)
    world.says("Hello")
    world.advance(0.5)
    world.stop_recording()
    world.record(automatic=False)
    assert len(world.told(do.InputClosed)) == 1
    assert "finalise" not in world.timers
    world.advance(5.0)
    assert world.state is LISTENING
    world.stop_recording()
    world.until(THINKING)
    assert world.lines == [("user", "Hello")]
    assert len(world.told(do.InputClosed)) == 2


def test_an_empty_recording_does_not_make_the_next_one_end_by_itself() -> None:
    world = World().begin(automatic=False)
    world.stop_recording()
    world.advance(1.0)
    world.record(automatic=False)
    world.handle(final("first part", 1.0))
    world.advance(5.0)
    assert world.state is LISTENING


def test_a_second_recording_while_thinking_is_joined() -> None:
    world = World(script=Script(first_token_s=5.0)).begin(automatic=False)
    world.says("What does it")
    world.advance(1.0)
    world.stop_recording()
    world.until(THINKING)
    world.record(automatic=False)
    world.says("cost?")
    world.until(LISTENING)
    world.advance(1.0)
    world.stop_recording()
    world.until(THINKING)
    assert world.lines == [("user", "What does it cost?")]


def test_a_second_recording_of_noise_while_thinking_has_the_question_asked_again() -> None:
    world = World(script=Script(first_token_s=5.0)).begin(automatic=False)
    world.says("What does it cost?")
    world.advance(1.5)
    world.stop_recording()
    world.until(THINKING)
    world.record(automatic=False)
    world.makes_noise(0.8)
    world.until(LISTENING)
    world.advance(3.0)
    assert world.state is LISTENING
    world.stop_recording()
    world.until(THINKING)
    assert len(world.asked) == 2


def test_a_second_recording_while_responding_interrupts() -> None:
    world = World().begin(automatic=False)
    world.says("What does it cost?")
    world.advance(1.5)
    world.stop_recording()
    world.until(RESPONDING)
    world.record(automatic=False)
    world.advance(0.5)
    world.says("Stop please")
    world.until(LISTENING)
    assert INTERRUPTED in world.states
    world.advance(1.5)
    world.stop_recording()
    world.until(THINKING)
    assert world.lines[-1] == ("user", "Stop please")


def test_an_empty_second_recording_leaves_the_answer_alone() -> None:
    world = World().begin(automatic=False)
    world.says("What does it cost?")
    world.advance(1.5)
    world.stop_recording()
    world.until(RESPONDING)
    world.record(automatic=False)
    world.stop_recording()
    world.until(LISTENING)
    assert INTERRUPTED not in world.states
    assert len(world.told(do.InputClosed)) == 2


def test_the_end_of_input_closes_an_automatic_turn_too() -> None:
    world = World(Policy(end_silence_s=3.0)).begin()
    world.says("Hello", length_s=1.0)
    world.advance(1.0)
    world.stop_recording()
    world.until(THINKING, within_s=0.5)


def test_a_quick_restart_under_automatic_detection_still_answers() -> None:
    world = World().begin()
    world.says("Hello", length_s=1.0)
    world.advance(1.3)
    world.stop_recording()
    world.record()
    world.until(THINKING, within_s=1.0)


# -- before the call is ready ---------------------------------------------------------------------


def test_what_is_said_before_the_call_is_ready_is_not_lost() -> None:
    world = World(Policy(greeting="Hello there!"))
    world.record(automatic=True, greets=True)
    world.says("Hello?", length_s=0.5)
    world.advance(1.5)
    world.handle(ev.Ready())
    assert world.state is THINKING
    assert world.lines == [("user", "Hello?")]
    assert world.told(do.AnswerStarted) == []


def test_a_whole_recording_before_the_call_is_ready_is_answered() -> None:
    world = World()
    world.record(automatic=False)
    world.says("Hello?", length_s=0.5)
    world.advance(1.0)
    world.stop_recording()
    world.advance(1.0)
    world.handle(ev.Ready())
    assert world.state is THINKING


def test_an_end_told_after_the_words_ends_the_turn_at_once(turn: CallerTurn) -> None:
    turn.wrote(ev.Transcript("hello", final=True, start_s=0.0, end_s=1.0), 1.1)
    turn.wrote(ev.Transcript("", final=True, start_s=1.0, end_s=1.0, end_of_turn=True), 1.3)
    assert turn.over_at() is not None
    assert turn.closed


def test_an_end_without_any_words_ends_nothing(turn: CallerTurn) -> None:
    turn.wrote(ev.Transcript("", final=True, start_s=1.0, end_s=1.0, end_of_turn=True), 1.3)
    assert turn.over_at() is None


# -- enough is enough ------------------------------------------------------------------------------

TALKED_AT = Policy(
    cut_in="Sorry to cut in.", goodbye="I have to go.", silences=Silences(longest_turn_s=20.0)
)


def test_a_caller_without_end_is_cut_in_on_and_left_in_the_end() -> None:
    world = World(TALKED_AT).begin()
    world.makes_noise(100.0)
    while not world.ended:
        assert world.now < T0 + 80.0
        world.event_in(1.0, interim("and another thing"))
        world.advance(1.0)
    said = [line for role, line in world.lines if role == "assistant"]
    assert said == ["Sorry to cut in.", "Sorry to cut in.", "I have to go."]
    assert world.ended == "one_sided"


def test_who_stops_when_cut_in_on_is_answered() -> None:
    world = World(TALKED_AT).begin()
    world.says("We are a company in the north of England that sells pumps.", length_s=21.0)
    world.until(RESPONDING)
    world.until(THINKING, within_s=5.0)
    assert [role for role, _ in world.lines] == ["assistant", "user"]


def test_a_machine_in_a_loop_is_left() -> None:
    world = World().begin()
    for _ in range(2):
        world.is_answered("Your call is important to us.")
    world.says("Your call is important to us.")
    world.advance(5.0)
    assert world.ended == "loop"


def test_people_may_say_hello_as_often_as_they_like() -> None:
    world = World().begin()
    for _ in range(4):
        world.is_answered("Hello, are you there?")
    assert world.ended is None
