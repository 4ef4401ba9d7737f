"""Each turn's time is told from the last speech frame on, whatever order things came in."""

from __future__ import annotations

import pytest

from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation.waterfall import Stopwatch, Waterfall

SOUND = b"\x01\x02" * 160
FRAME_S = 0.02


def asked(watch: Stopwatch, now: float, *, guess: bool = False) -> None:
    watch.gave(do.Ask(1, 1, (), guess=guess), now)


def written(watch: Stopwatch, now: float) -> None:
    watch.took(ev.Token(1, 1, "Yes."), now)
    watch.gave(do.Speak(1, 1, 0, "Yes."), now)


def voiced(watch: Stopwatch, now: float) -> None:
    watch.took(ev.Speech(1, 1, 0, SOUND, 16_000), now)


def started(watch: Stopwatch, now: float, waited_s: float | None) -> None:
    watch.gave(do.Notify(do.AnswerStarted(1, waited_s)), now)


def test_a_turn_is_timed_from_the_last_speech_frame() -> None:
    watch = Stopwatch()
    asked(watch, 10.3)
    written(watch, 10.5)
    voiced(watch, 10.6)
    started(watch, 10.6, 0.6)
    assert watch.awaits(1)
    # The voice begins with 30 ms of silence, and both frames are sent at once.
    assert watch.sent(FRAME_S, FRAME_S, 10.61) is None
    timed = watch.sent(FRAME_S, 0.01, 10.61)
    assert timed == Waterfall(
        turn=1, decided_s=0.3, token_s=0.5, segment_s=0.5, audio_s=0.6, sent_s=0.61, sound_s=0.64
    )
    assert not watch.awaits(1)


def test_what_a_right_guess_has_made_comes_before_the_decision() -> None:
    watch = Stopwatch()
    asked(watch, 10.1, guess=True)
    written(watch, 10.2)
    voiced(watch, 10.25)
    watch.gave(do.Release(1, 1), 10.4)
    started(watch, 10.4, 0.4)
    timed = watch.sent(FRAME_S, 0.0, 10.41)
    assert timed is not None
    assert dict(timed.stages()) == {
        "decided": 0.4,
        "token": 0.2,
        "segment": 0.2,
        "audio": 0.25,
        "sent": 0.41,
        "sound": 0.41,
    }


def test_a_wrong_guess_counts_for_nothing() -> None:
    watch = Stopwatch()
    asked(watch, 10.1, guess=True)
    written(watch, 10.2)
    watch.gave(do.StopTurn(1), 10.3)
    watch.gave(do.Ask(2, 2, ()), 10.8)
    watch.took(ev.Token(1, 1, "late"), 10.9)
    watch.gave(do.Speak(2, 2, 0, "No."), 11.0)
    watch.gave(do.Notify(do.AnswerStarted(2, 0.5)), 11.1)
    timed = watch.sent(FRAME_S, 0.0, 11.1)
    assert timed is not None
    assert (timed.decided_s, timed.token_s, timed.segment_s) == (0.2, None, 0.4)


def test_a_filler_is_what_the_caller_hears_first_and_the_model_is_clocked_behind_it() -> None:
    watch = Stopwatch()
    asked(watch, 10.3)
    watch.gave(do.Speak(1, 1, 0, "One moment, please."), 11.5)
    voiced(watch, 11.6)
    started(watch, 11.6, 1.6)
    timed = watch.sent(FRAME_S, 0.0, 11.6)
    assert timed is not None
    assert (timed.token_s, timed.sound_s) == (None, 1.6)
    watch.gave(do.Speak(1, 1, 1, "Still there?"), 13.0)
    assert watch.took(ev.Speech(1, 1, 0, SOUND, 16_000), 13.1) is None
    assert watch.took(ev.Token(1, 1, "Yes."), 15.0) == 5.0
    assert watch.took(ev.Token(1, 1, "No."), 15.1) is None
    assert not watch.awaits(1)


def test_a_line_in_place_of_an_answer_was_decided_with_its_turn() -> None:
    watch = Stopwatch()
    asked(watch, 10.3)
    watch.gave(do.Speak(1, 2, 0, "Sorry, say that again?"), 12.0)
    started(watch, 12.1, 2.1)
    timed = watch.sent(FRAME_S, 0.0, 12.1)
    assert timed is not None
    assert (timed.decided_s, timed.token_s, timed.segment_s) == (0.3, None, 2.0)


def test_nobody_waits_for_what_is_said_unasked() -> None:
    watch = Stopwatch()
    watch.gave(do.Speak(1, 1, 0, "Hello!"), 10.0)
    started(watch, 10.1, None)
    assert not watch.awaits(1)


@pytest.mark.parametrize(
    ("at_s", "told_s"),
    [(2.0, 0.45), (2.6, 0.4)],
    ids=["it was found late", "the recogniser was given silence too"],
)
def test_the_last_speech_frame_is_when_its_sound_came_not_when_it_was_found(
    at_s: float, told_s: float
) -> None:
    watch = Stopwatch()
    for chunk in range(1, 101):
        watch.heard(chunk * FRAME_S, 8.0 + chunk * FRAME_S)
    watch.took(ev.SpeechStopped(at_s, speech_s=1.0, silence_s=0.0), 10.05)
    asked(watch, 10.3)
    started(watch, 10.45, 0.4)
    timed = watch.sent(FRAME_S, 0.0, 10.45)
    assert timed is not None
    assert timed.sound_s == told_s
