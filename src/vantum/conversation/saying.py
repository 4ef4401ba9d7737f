"""How a line is begun, held, let go on and called off, whoever it was that wrote it."""

from __future__ import annotations

from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation import guessing
from vantum.conversation.reply import Reply, Then
from vantum.conversation.states import State
from vantum.conversation.talk import Talk


def say(
    talk: Talk,
    text: str,
    now: float,
    *,
    ends: ev.EndReason | None = None,
    unheard: ev.EndReason | None = None,
    firm: bool = False,
    waited_from: float | None = None,
) -> None:
    """Speak a text of our own: greeting, nudge, fallback, goodbye.

    It `ends` the call once it was heard; `unheard` is why the call ends if the voice fails. If it
    is `firm` it is neither held nor cut off, and what the caller says meanwhile answered behind it.
    """
    guessing.drop(talk)  # its turn is used up, so that nothing ends what is said now
    if talk.reply is not None:
        waited_from = talk.reply.waited_from
    reply = talk.open_reply(waited_from)
    reply.then = Then(ends=ends, unheard=unheard, firm=firm)
    talk.speak(reply, reply.say(text))
    talk.orders.give(do.FinishSpeaking(reply.turn, reply.number))
    if talk.state is not State.RESPONDING:
        talk.go(State.RESPONDING, now)
    finish_if_made(talk, reply, now)


def fill(talk: Talk, now: float) -> None:
    """The caller waits and there is nothing to say yet: say so."""
    reply, fillers, said = talk.reply, talk.policy.fillers, talk.counts.fillers
    if reply is None or not reply.may_be_filled or said >= len(fillers):
        return
    talk.counts.fillers += 1
    talk.speak(reply, reply.fill(fillers[said]))
    talk.orders.set_timer("filler", now + talk.policy.filler_again_s)


def finish_if_made(talk: Talk, reply: Reply, now: float) -> None:
    """Once all of an answer is made, its end is told to the client and the line."""
    if reply.played or not reply.is_made:
        return
    reply.played = True
    start_answer(talk, reply, now)
    talk.orders.tell(
        do.AnswerCompleted(reply.turn, reply.text, len(reply.shown.tokens), reply.sound_s)
    )
    talk.orders.give(do.FinishPlaying(reply.turn))


def show_text(talk: Talk, reply: Reply) -> None:
    """A client sees the text once the answer has begun to sound."""
    if reply.started_at is None:
        return
    for index, token in reply.shown.untold():
        talk.orders.tell(do.AnswerToken(reply.turn, token, index))


def start_answer(talk: Talk, reply: Reply, now: float) -> None:
    """The first of an answer reaches the caller."""
    if reply.started_at is not None:
        return
    reply.started_at = now
    pickup = talk.aside.pickup
    if pickup is not None and pickup.sounded(reply, now):
        talk.orders.tell(do.Greeted(pickup.greeted_after_s))
    if talk.state is State.THINKING:
        talk.go(State.RESPONDING, now)
    waited_s = None if reply.waited_from is None else now - reply.waited_from
    talk.orders.tell(do.AnswerStarted(reply.turn, waited_s))
    show_text(talk, reply)
    if talk.caller.speaking:
        hush(talk, now)


def hush(talk: Talk, now: float) -> None:
    """Hold the sound: somebody may be speaking."""
    if talk.reply is not None and not (talk.reply.held or talk.reply.then.firm):
        talk.reply.hold(now)
        talk.orders.give(do.Hold(talk.reply.turn))
        talk.orders.set_timer("hold", now + _hold_s(talk))


def _hold_s(talk: Talk) -> float:
    """By then it is known what the sound was: words, or speech that has taken the floor."""
    silences = talk.policy.silences
    return max(silences.held_s, 2 * silences.floor_s + 0.6)


def let_go(talk: Talk, now: float) -> None:
    """It was nothing: go on where the caller stopped hearing."""
    if talk.reply is not None and talk.reply.held:
        talk.reply.resume(now)
        talk.orders.cancel_timer("hold")
        talk.orders.cancel_timer("words")
        talk.orders.give(do.Resume(talk.reply.turn))


def go_on(talk: Talk, now: float) -> None:
    """The caller was not finished after all; the next words continue the same line."""
    talk.stop_reply()
    talk.caller.goes_on()
    talk.go(State.LISTENING, now)


def interrupt(talk: Talk, now: float, *, no_answer: bool = False) -> None:
    """The caller takes the floor, unless they are told what they must hear.

    `no_answer`: they want none to what they said before, either.
    """
    if talk.reply is not None and talk.reply.then.firm:
        return
    # A noise may have been taken for words.
    asked = talk.reply is not None and talk.reply.waited_from is not None
    talk.caller.cut_in(owed=asked and not no_answer)
    call_off(talk, now)


def call_off(talk: Talk, now: float) -> None:
    """Stop speaking, whatever it was."""
    talk.stop_reply()
    talk.go(State.INTERRUPTED, now)
