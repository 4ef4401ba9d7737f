"""A turn's trail: what was worked on, guesses in vain too, and how the turn ended."""

from __future__ import annotations

from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation.trail import MOST, Trail, Turn

LINES = (do.Line("user", "what does it cost"),)


def ask(turn: int, reply: int, *, guess: bool = False) -> do.Ask:
    return do.Ask(turn, reply, LINES, guess)


def started(turn: int, waited_s: float | None) -> do.Notify:
    return do.Notify(do.AnswerStarted(turn, waited_s))


def sound(turn: int, reply: int) -> ev.Speech:
    return ev.Speech(turn, reply, 0, b"\1\1", 8_000)


def answered(trail: Trail, turn: int, reply: int, at: float) -> None:
    """Asked, written, spoken and begun to be heard within a second."""
    trail.gave(ask(turn, reply), at)
    trail.took(ev.Token(turn, reply, "Ten"), at + 0.3)
    trail.gave(do.Speak(turn, reply, 0, "Ten euros."), at + 0.4)
    trail.took(ev.ReplyWritten(turn, reply), at + 0.5)
    trail.took(sound(turn, reply), at + 0.6)
    trail.gave(started(turn, 0.9), at + 0.6)
    trail.took(ev.PieceVoiced(turn, reply, 0), at + 0.8)


def test_a_turn_that_is_heard_to_its_end() -> None:
    trail = Trail()
    trail.took(ev.Transcript("what does it cost", final=True), 9.9)
    answered(trail, 1, 1, at=10.0)
    trail.spent(100, 5, 0)
    turn = trail.took(ev.PlayedOut(1), 13.0)
    assert isinstance(turn, Turn)
    assert (turn.number, turn.outcome, turn.waited, turn.words) == (1, "heard", True, 9.9)
    assert (round(turn.began, 3), turn.decided, turn.sent, turn.ended) == (9.7, 10.0, 10.6, 13.0)
    [asked] = turn.asked
    assert (asked.began, asked.first, asked.ended, asked.prompt_tokens) == (10.0, 10.3, 10.5, 100)
    [voiced] = turn.voiced
    assert (voiced.began, voiced.first, voiced.ended) == (10.4, 10.6, 10.8)
    assert trail.leave(14.0) is None


def test_an_interruption_says_how_much_was_heard() -> None:
    trail = Trail()
    answered(trail, 1, 1, at=10.0)
    trail.gave(do.StopTurn(1), 11.5)
    turn = trail.took(ev.TurnStopped(1, 0.8764), 11.5)
    assert turn is not None
    assert (turn.outcome, turn.heard_s, turn.ended) == ("stopped", 0.876, 11.5)


def test_a_guess_in_vain_is_told_with_the_turn_that_came() -> None:
    trail = Trail()
    trail.gave(ask(1, 1, guess=True), 9.0)
    trail.took(ev.Token(1, 1, "Ten"), 9.3)
    assert trail.took(ev.TurnStopped(1, 0.0), 9.5) is None
    answered(trail, 2, 2, at=10.0)
    turn = trail.took(ev.PlayedOut(2), 13.0)
    assert turn is not None
    assert [(job.guess, job.began, job.ended) for job in turn.asked] == [
        (True, 9.0, 9.5),
        (False, 10.0, 10.5),
    ]


def test_a_right_guess_was_begun_before_the_turn_was_over() -> None:
    trail = Trail()
    trail.gave(ask(1, 1, guess=True), 9.0)
    trail.gave(do.Release(1, 1), 9.6)
    trail.gave(started(1, 0.7), 9.7)
    turn = trail.leave(10.0)
    assert turn is not None
    assert (turn.decided, turn.asked[0].began, turn.outcome) == (9.6, 9.0, "left")


def test_what_fails_and_what_is_mended_is_told() -> None:
    trail = Trail()
    trail.gave(ask(1, 1), 10.0)
    trail.took(ev.Setback("llm", "throttled", "429 for +15550100100"), 10.2)
    trail.took(ev.ReplyFailed(1, 1, "no", "server"), 10.5)
    trail.gave(do.Speak(1, 2, 0, "One moment."), 10.5)
    trail.took(ev.VoiceFailed(1, 2, "no", "quota"), 10.6)
    turn = trail.took(ev.TurnStopped(1, 0.0), 11.0)
    assert turn is not None
    assert (turn.asked[0].trouble, turn.voiced[0].trouble) == ("server", "quota")
    assert [(one.service, one.trouble) for one in turn.stumbles] == [("llm", "throttled")]


def test_what_is_kept_of_a_turn_is_bounded_and_what_is_late_is_no_part_of_it() -> None:
    trail = Trail()
    for reply in range(1, 100):
        trail.gave(ask(1, reply), float(reply))
        trail.gave(do.Speak(1, reply, 0, "Hm."), float(reply))
        trail.took(ev.Setback("tts", "network", "lost"), float(reply))
        trail.took(ev.Token(7, reply, "late"), float(reply))
    turn = trail.leave(100.0)
    assert turn is not None
    assert {len(turn.asked), len(turn.voiced), len(turn.stumbles)} == {MOST}
    assert all(job.first is None for job in turn.asked)
