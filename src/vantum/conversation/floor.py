"""Who has the floor: speech into the agent's words is an interruption, a nod, or our own echo.

The sound is held with the first sign of speech. Words decide: a nod or an echo lets it go on where
it was held, anything else takes the floor. Without words, speech that lasts takes it too.
"""

from __future__ import annotations

from typing import Final

from vantum.conversation import events as ev
from vantum.conversation.own_voice import is_echo_of
from vantum.conversation.pace import asked_so_far
from vantum.conversation.reply import Reply
from vantum.conversation.saying import go_on, hush, interrupt, let_go
from vantum.conversation.segments import spoken_text
from vantum.conversation.states import ANSWERING, State
from vantum.conversation.talk import Talk
from vantum.conversation.utterances import is_farewell, is_hello, is_nod

_END_S: Final = 0.2  # so late it is told that speech has ended
_AHEAD_S: Final = 0.3  # our clock runs before the caller's ear, or behind it


def hear_start(talk: Talk, event: ev.SpeechStarted, now: float) -> None:
    """The caller speaks; a speaking agent falls silent at once, but keeps its turn."""
    _begins(talk, now)
    talk.caller.started(event)
    talk.orders.cancel_timer("words")  # they may have only begun
    if talk.state is State.RESPONDING:
        hush(talk, now)


def _begins(talk: Talk, now: float) -> None:
    if not (talk.caller.speaking or talk.caller.text):
        talk.aside.spoke_at = now


def hear_on(talk: Talk, event: ev.SpeechSustained, now: float) -> None:
    """It is no click. Who presses a button to talk means it; else words are to tell."""
    _begins(talk, now)
    talk.caller.started(event)
    if talk.state not in ANSWERING:
        return
    if talk.input.automatic:
        left_s = talk.policy.silences.floor_s - event.speech_s
        talk.orders.set_timer("floor", now + left_s + _END_S)
    else:
        _yield(talk, now)


def hear_long(talk: Talk, now: float) -> None:
    """The caller speaks on without a word that is known: this is no nod, for a while."""
    if talk.state not in ANSWERING or not talk.caller.speaking:
        return
    floor_s = talk.policy.silences.floor_s
    may_nod = now - talk.aside.spoke_at < 2 * floor_s  # nobody does for longer
    if _is_courtesy(talk, now, whole=True) and (may_nod or _echoes(talk, now)):
        talk.orders.set_timer("floor", now + floor_s)
    else:
        _yield(talk, now)


def hear_stop(talk: Talk, event: ev.SpeechStopped, now: float) -> None:
    """The caller pauses; a sound that was none of theirs, or a nod, is over with that."""
    talk.caller.stopped(event, now)
    talk.orders.cancel_timer("floor")
    if not talk.caller.owes_words or talk.caller.text:
        let_go(talk, now)
    elif talk.reply is not None and talk.reply.held:
        talk.orders.set_timer("words", now + talk.policy.silences.words_s)


def hear_nothing(talk: Talk, now: float) -> None:
    """The recogniser has made out that a sound was no words."""
    if talk.state is State.RESPONDING and not (talk.caller.speaking or talk.caller.text):
        let_go(talk, now)


def weigh_words(talk: Talk, event: ev.Transcript, now: float) -> None:
    """Words have come while the agent thinks or speaks."""
    if not talk.input.automatic or not _is_courtesy(talk, now, whole=event.final):
        _yield(talk, now)
        return
    if event.final and not _answers_early(talk, now):
        talk.caller.forget()
    if not talk.caller.speaking:
        let_go(talk, now)


def _yield(talk: Talk, now: float) -> None:
    talk.orders.cancel_timer("floor")
    if talk.state is State.THINKING:
        go_on(talk, now)
    elif talk.state is State.RESPONDING:
        interrupt(talk, now)


def _heard(reply: Reply, now: float) -> str:
    return reply.heard(reply.heard_s(now) + _AHEAD_S)


def _echoes(talk: Talk, now: float) -> bool:
    reply = talk.reply
    return reply is not None and is_echo_of(talk, _heard(reply, now), now, whole=True)


def _answers_early(talk: Talk, now: float) -> bool:
    """Is it a yes into the first half of a question, which is still said to its end?"""
    text, reply, language = talk.caller.text, talk.reply, talk.policy.language
    if reply is None or is_nod(text, language, asked="before"):
        return False
    return asked_so_far(reply.text, _heard(reply, now), talk.policy) == "begun"


def _is_courtesy(talk: Talk, now: float, *, whole: bool) -> bool:
    """Is what the caller has said so far only a nod, a goodbye to ours, or our own echo?"""
    text, reply, language = talk.caller.text, talk.reply, talk.policy.language
    if not text or reply is None:
        return False
    heard = _heard(reply, now)
    asked = asked_so_far(reply.text, heard, talk.policy)
    if is_nod(text, language, asked=asked, whole=whole):
        return True
    if reply.then.ends is not None and is_farewell(text, language):
        return True
    pickup = talk.aside.pickup
    greets = reply.text == spoken_text(talk.policy.greeting) and (pickup is None or pickup.inbound)
    if greets and is_hello(text, language, asked=bool(asked)):
        return True  # whom we have called is greeted anew: see `pickup.py`
    return is_echo_of(talk, heard, now, whole=whole)
