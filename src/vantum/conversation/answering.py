"""How an answer is written, voiced, heard to its end or cut off, and remembered."""

from __future__ import annotations

import re
from typing import Final

from vantum import limits
from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation import handing_over
from vantum.conversation.answerer import objects
from vantum.conversation.reply import Reply, Then
from vantum.conversation.saying import (
    finish_if_made,
    let_go,
    say,
    show_text,
    start_answer,
)
from vantum.conversation.states import State
from vantum.conversation.talk import Talk
from vantum.errors import Trouble

_ENDS: Final[dict[str, ev.EndReason]] = {"end_call": "agent_ended", "opt_out": "opt_out"}
_MOST_KEYS: Final = 32  # a card number with pauses; a model that writes more is confused


def write(talk: Talk, reply: Reply, event: ev.Token, _now: float) -> None:
    """The model wrote some text."""
    if reply.written:
        return
    talk.speak(reply, reply.write(event.text))
    show_text(talk, reply)


def take_action(talk: Talk, reply: Reply, event: ev.ActionAsked, now: float) -> None:
    """The model asked for something to be done; done once the answer was heard."""
    then, phone = reply.then, talk.policy.pickup
    if event.name in _ENDS:
        if then.ends != "opt_out":  # that the call ends is part of it
            then.ends = _ENDS[event.name]
        if event.name == "opt_out":
            _leave_alone(talk, reply, now)
    elif phone is None:
        return
    elif event.name == "transfer_call" and phone.transfer and phone.transfer.number:
        terms = phone.transfer
        then.deeds.append(do.Transfer(terms.number, terms.warm, event.argument.strip()))
    elif event.name == "press_keys":
        digits = re.sub(r"[^0-9*#w]", "", event.argument)[:_MOST_KEYS]
        then.deeds += [do.PressKeys(digits)] if digits else []


def _leave_alone(talk: Talk, reply: Reply, now: float) -> None:
    """Whoever wants no more calls hears that there will be none, and is soon let go."""
    let_go(talk, now)
    reply.then.firm = True
    if talk.aside.opted_out_at is None:
        talk.aside.opted_out_at = now
        talk.orders.tell(do.OptedOut())
        talk.orders.set_timer("opt_out", now + limits.OPT_OUT_S)


def finish_writing(talk: Talk, reply: Reply, _event: ev.ReplyWritten, now: float) -> None:
    """The model is done; an answer with nothing to say is a failure."""
    if reply.written:
        return
    talk.speak(reply, reply.finish())
    if reply.is_empty and reply.then.is_nothing:
        _fail(talk, reply, "the model gave an empty answer", now)
        return
    talk.counts.failures = 0
    _finish_text(talk, reply, now)


def fail_reply(talk: Talk, reply: Reply, event: ev.ReplyFailed, now: float) -> None:
    """The model broke off."""
    if reply.written:
        return
    talk.speak(reply, reply.finish())
    _fail(talk, reply, event.message, now, trouble=event.trouble)


def _fail(
    talk: Talk, reply: Reply, message: str, now: float, *, trouble: Trouble = "server"
) -> None:
    """Speak what the model wrote, or a sentence of our own; the third failure ends the call."""
    talk.orders.tell(do.Fault("llm", message, trouble))
    talk.counts.failures += 1
    fallbacks = talk.policy.fallbacks
    tier = min(talk.counts.failures, len(fallbacks))
    ends: ev.EndReason | None = "faults" if tier == len(fallbacks) else None
    if not reply.pieces:
        say(talk, fallbacks[tier - 1], now, ends=ends)
        return
    excuse = fallbacks[tier - 1] if ends or reply.is_empty else talk.policy.broken_off
    says_goodbye = reply.then.ends is not None and not reply.is_empty
    if excuse and not says_goodbye:
        reply.then.ends = reply.then.ends or ends
        talk.speak(reply, reply.append(excuse))
    _finish_text(talk, reply, now)


def _finish_text(talk: Talk, reply: Reply, now: float) -> None:
    show_text(talk, reply)
    talk.orders.give(do.FinishSpeaking(reply.turn, reply.number))
    finish_if_made(talk, reply, now)


def play(talk: Talk, reply: Reply, event: ev.Speech, now: float) -> None:
    """Sound was made."""
    if not reply.awaits_sound(event.piece):
        return
    reply.voiced(event.piece, event.lasts_s, event.words, now)
    if not event.pcm:
        return
    start_answer(talk, reply, now)
    talk.orders.give(do.Play(reply.turn, event.pcm, event.rate_hz, event.encoding))


def finish_piece(talk: Talk, reply: Reply, event: ev.PieceVoiced, now: float) -> None:
    """All sound of a piece was made."""
    if reply.awaits_sound(event.piece):
        reply.voiced_whole(event.piece)
    finish_if_made(talk, reply, now)


def lose_voice(talk: Talk, reply: Reply, event: ev.VoiceFailed, now: float) -> None:
    """The voice failed; the answer goes on as text."""
    if reply.voiceless or reply.played:
        return
    talk.orders.tell(do.Fault("tts", event.message, event.trouble))
    reply.lose_voice()
    finish_if_made(talk, reply, now)


def conclude(talk: Talk, event: ev.PlayedOut, now: float) -> None:
    """The answer was heard to its end."""
    reply = talk.reply
    if reply is None or reply.turn != event.turn or not reply.played:
        return
    heard = talk.policy.text_is_shown or not reply.voiceless
    text = reply.text if heard else reply.heard(reply.sound_s)
    talk.history.caller_heard(text, began=reply.started_at, until=now)
    talk.caller.heard(text, answered=reply.waited_from is not None)
    let_go(talk, now)
    if not talk.caller.text:  # nothing is to be done about a sound that had no words
        talk.caller.give_up()
    talk.reply = None
    _follow_up(talk, reply.then, now, heard=heard)


def _follow_up(talk: Talk, then: Then, now: float, *, heard: bool) -> None:
    """What the answer announced is done, now that it was heard."""
    for deed in then.deeds:
        talk.orders.give(deed)
    ends = then.ends if heard else then.unheard or then.ends
    if ends is not None and not _must_stay(talk, ends):
        talk.close(ends, now)
        return
    talk.go(State.LISTENING, now)
    terms = handing_over.terms_of(talk)
    if terms and any(isinstance(deed, do.Transfer) for deed in then.deeds):
        handing_over.begin(talk, terms, now)


def _must_stay(talk: Talk, ends: ev.EndReason) -> bool:
    """Who was only to be told something wants no more of it, and has to be answered."""
    pickup = talk.policy.pickup
    only_tells = pickup is not None and ends == pickup.ends
    return only_tells and objects(talk.caller.text, talk.policy.language)


def settle(talk: Talk, event: ev.TurnStopped, now: float) -> None:
    """The sound is off, and it is known how much of it was heard."""
    cut = talk.aside.cut
    if cut is None or cut.turn != event.turn:
        return
    talk.aside.cut = None
    heard = cut.heard(event.heard_s)
    talk.history.caller_heard(heard, interrupted=True, began=cut.started_at, until=now)
    talk.caller.heard(heard, answered=cut.has_answered(event.heard_s))
    if cut.started_at is not None:
        talk.orders.tell(do.AnswerInterrupted(cut.turn, heard))
    if talk.state is State.INTERRUPTED:
        talk.go(State.LISTENING, now)
