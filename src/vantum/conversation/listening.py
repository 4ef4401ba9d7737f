"""What follows from what the caller does: speak, pause, go on, interrupt, fall silent."""

from __future__ import annotations

from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation import floor, guessing, own_voice, patience, pickup
from vantum.conversation.saying import go_on, interrupt, let_go, say
from vantum.conversation.states import ANSWERING, State
from vantum.conversation.talk import Talk


def open_input(talk: Talk, event: ev.InputStarted, now: float) -> None:
    """A recording begins; one that was closing has had its time."""
    conclude_input(talk, now)
    let_go(talk, now)
    talk.input.open = True
    talk.input.deaf = False
    talk.input.automatic = event.automatic
    talk.input.may_speak_first = event.greets
    talk.caller.recording_began()
    if talk.state is State.LISTENING:
        patience.greet(talk, now)


def close_input(talk: Talk, _event: ev.InputEnded, now: float) -> None:
    """The client ended its recording: fetch the last words at once."""
    if talk.input.closing:
        return
    talk.input.closing = True
    talk.orders.give(do.Finalise())
    talk.orders.set_timer("finalise", now + talk.policy.finalise_deadline_s)


def conclude_input(talk: Talk, now: float) -> None:
    """The ended recording is transcribed as far as it will be."""
    if not talk.input.closing:
        return
    talk.input.closing = talk.input.open = False
    talk.orders.cancel_timer("finalise")
    talk.orders.tell(do.InputClosed())
    talk.caller.close(now)
    if talk.caller.text and talk.state is State.THINKING:
        go_on(talk, now)
    elif talk.caller.text and talk.state is State.RESPONDING:
        interrupt(talk, now)
    else:
        let_go(talk, now)


def hear_all(talk: Talk, _event: ev.Finalised, now: float) -> None:
    """The recogniser has no more words for what was said so far."""
    if talk.input.closing:
        conclude_input(talk, now)
    elif talk.caller.awaits_flush:
        _wait_no_more(talk, now)


def _wait_no_more(talk: Talk, now: float) -> None:
    """The words that are there are all; where there are none, the caller is asked again."""
    talk.caller.give_up()
    said, unheard = talk.counts.unheard, talk.policy.unheard
    may_ask = talk.state is State.LISTENING and talk.input.may_speak_first and not talk.mum
    if not talk.caller.text and not talk.caller.owed and may_ask and said < len(unheard):
        talk.counts.unheard += 1
        say(talk, unheard[said], now)


def lose_hearing(talk: Talk, event: ev.HearingFailed, now: float) -> None:
    """Recognition is lost for this recording; the call goes on without ears."""
    talk.orders.tell(do.Fault("stt", event.message, event.trouble))
    talk.caller.fall_silent(now)
    let_go(talk, now)
    conclude_input(talk, now)
    talk.input.deaf = talk.input.automatic  # a client that ends turns itself reads it


def pass_on(talk: Talk, event: ev.Setback, now: float) -> None:
    """The client learns of what is being mended; a caller who may be waiting hears of it."""
    talk.orders.tell(do.Fault(event.service, event.message, event.trouble, passing=True))
    waits = event.unheard and talk.input.automatic and talk.state is State.LISTENING
    if waits and talk.policy.fillers and not talk.mum:
        say(talk, talk.policy.fillers[0], now)


def hear_words(talk: Talk, event: ev.Transcript, now: float) -> None:
    """Words arrive; new ones take the floor from a thinking or speaking agent."""
    answering_it = not talk.input.open and talk.state in ANSWERING
    news = None if answering_it else talk.caller.news_of(event)
    if news is None:
        return
    event, text = news, news.text.strip()
    if event.keyed:
        talk.caller.pressed(text, now)
    else:
        talk.caller.wrote(event, now)
    if not text:
        floor.hear_nothing(talk, now)
        return
    if talk.state in ANSWERING:
        floor.weigh_words(talk, event, now)
    elif event.final and own_voice.is_late_echo(talk, talk.caller.text, now):
        talk.caller.forget()
    duration_s = max(0.0, event.end_s - event.start_s)
    talk.orders.tell(do.Recognised(text, event.final, event.confidence, duration_s))


def hear_keys(talk: Talk, event: ev.Keyed, now: float) -> None:
    """Keys are words that need no recogniser, and no more of them are to come."""
    keys = event.digits.replace("*", " star ").replace("#", " pound ").split()
    if keys:
        said = f"pressed {' '.join(keys)}"
        hear_words(talk, ev.Transcript(said, final=True, keyed=True), now)


def mute(talk: Talk, event: ev.MuteChanged, _now: float) -> None:
    """The caller cannot be heard, by their own choice, or can again."""
    talk.input.muted = event.muted


def lose_stop(talk: Talk, now: float) -> None:
    """The sound was held for too long: what held it would have been sustained, or stopped."""
    talk.caller.lose_stop()
    let_go(talk, now)


def watch(talk: Talk, now: float) -> list[ev.Event]:
    """Run after every event: is the caller's turn over, and has it been quiet for too long?

    Returns what a right guess has kept for this moment.
    """
    over_at, kept = None, None
    pickup.watch(talk, now)
    if (
        talk.state is State.LISTENING
        and not talk.mum
        and (talk.input.automatic or talk.caller.closed)
    ):
        over_at = talk.caller.over_at()
    if over_at is not None and over_at <= now:
        kept = _take_turn(talk, now)
        over_at = None
    if over_at is None:
        talk.orders.cancel_timer("end_of_turn")
    else:
        talk.orders.set_timer("end_of_turn", over_at)
    _watch_flush(talk, now)
    patience.watch_length(talk, now)
    guessing.follow(talk)
    patience.watch_silence(talk, now)
    return kept or []


def _watch_flush(talk: Talk, now: float) -> None:
    """Speech without words is no silence: the recogniser may still sit on a short "yes"."""
    waits = talk.state is State.LISTENING and talk.input.open and talk.input.automatic
    due = talk.caller.flush_at() if waits and not talk.input.closing else None
    if due is None:
        talk.orders.cancel_timer("flush")
    elif due > now:
        talk.orders.set_timer("flush", due)
    else:
        talk.orders.cancel_timer("flush")
        talk.caller.flushed()
        talk.orders.give(do.Finalise(closes=False))


def _take_turn(talk: Talk, now: float) -> list[ev.Event]:
    waited_from = talk.caller.quiet_since
    if not talk.caller.text and not talk.caller.owed:
        _wait_no_more(talk, now)
        return []
    text = talk.caller.take()
    if text and patience.is_loop(talk.history.lines, text, talk.policy.language):
        talk.history.caller_said(text)
        talk.close("loop", now)
        return []
    if text:
        talk.counts.nudges = talk.counts.unheard = talk.counts.cut_ins = 0
        talk.history.caller_said(text)
    talk.go(State.THINKING, now)
    talk.counts.guesses = talk.counts.fillers = 0
    kept = guessing.confirm(talk, text, waited_from)
    if kept is None:
        reply = talk.open_reply(waited_from)
        lines = talk.history.recent(talk.policy.max_lines)
        talk.orders.give(do.Ask(reply.turn, reply.number, lines))
    if talk.policy.fillers:
        since, after_s = now if waited_from is None else waited_from, talk.policy.filler_after_s
        # Who was given long to go on does not wait yet.
        talk.orders.set_timer("filler", max(since + after_s, now + after_s / 2))
    return kept or []
