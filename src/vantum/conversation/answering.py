"""How an answer is written, spoken, held, cut off and remembered."""

from __future__ import annotations

import re
from typing import Final

from vantum import limits
from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation import guessing
from vantum.conversation.answerer import objects
from vantum.conversation.policy import TransferTo
from vantum.conversation.reply import Reply, Then
from vantum.conversation.states import State
from vantum.conversation.talk import Talk
from vantum.errors import Trouble

_ENDS: Final[dict[str, ev.EndReason]] = {"end_call": "agent_ended", "opt_out": "opt_out"}
_LOOK_AGAIN_S: Final = 0.5  # what is being said is said to its end first
_MOST_KEYS: Final = 32  # a card number with pauses; a model that writes more is confused


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
    _finish_if_made(talk, reply, now)


def fill(talk: Talk, now: float) -> None:
    """The caller waits and there is nothing to say yet: say so."""
    reply, fillers, said = talk.reply, talk.policy.fillers, talk.counts.fillers
    if reply is None or not reply.may_be_filled or said >= len(fillers):
        return
    talk.counts.fillers += 1
    talk.speak(reply, reply.fill(fillers[said]))
    talk.orders.set_timer("filler", now + talk.policy.filler_again_s)


def write(talk: Talk, reply: Reply, event: ev.Token, _now: float) -> None:
    """The model wrote some text."""
    if reply.written:
        return
    talk.speak(reply, reply.write(event.text))
    _show_text(talk, reply)


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
    _show_text(talk, reply)
    talk.orders.give(do.FinishSpeaking(reply.turn, reply.number))
    _finish_if_made(talk, reply, now)


def _show_text(talk: Talk, reply: Reply) -> None:
    if reply.started_at is None:
        return
    for index, token in reply.shown.untold():
        talk.orders.tell(do.AnswerToken(reply.turn, token, index))


def play(talk: Talk, reply: Reply, event: ev.Speech, now: float) -> None:
    """Sound was made."""
    if not reply.awaits_sound(event.piece):
        return
    reply.voiced(event.piece, event.lasts_s, event.words, now)
    if not event.pcm:
        return
    _start_answer(talk, reply, now)
    talk.orders.give(do.Play(reply.turn, event.pcm, event.rate_hz, event.encoding))


def _start_answer(talk: Talk, reply: Reply, now: float) -> None:
    if reply.started_at is not None:
        return
    reply.started_at = now
    if talk.aside.pickup is not None:
        talk.aside.pickup.sounded(reply, now)
    if talk.state is State.THINKING:
        talk.go(State.RESPONDING, now)
    waited_s = None if reply.waited_from is None else now - reply.waited_from
    talk.orders.tell(do.AnswerStarted(reply.turn, waited_s))
    _show_text(talk, reply)
    if talk.caller.speaking:
        hush(talk, now)


def finish_piece(talk: Talk, reply: Reply, event: ev.PieceVoiced, now: float) -> None:
    """All sound of a piece was made."""
    if reply.awaits_sound(event.piece):
        reply.voiced_whole(event.piece)
    _finish_if_made(talk, reply, now)


def lose_voice(talk: Talk, reply: Reply, event: ev.VoiceFailed, now: float) -> None:
    """The voice failed; the answer goes on as text."""
    if reply.voiceless or reply.played:
        return
    talk.orders.tell(do.Fault("tts", event.message, event.trouble))
    reply.lose_voice()
    _finish_if_made(talk, reply, now)


def _finish_if_made(talk: Talk, reply: Reply, now: float) -> None:
    if reply.played or not reply.is_made:
        return
    reply.played = True
    _start_answer(talk, reply, now)
    talk.orders.tell(
        do.AnswerCompleted(reply.turn, reply.text, len(reply.shown.tokens), reply.sound_s)
    )
    talk.orders.give(do.FinishPlaying(reply.turn))


def conclude(talk: Talk, event: ev.PlayedOut, now: float) -> None:
    """The answer was heard to its end."""
    reply = talk.reply
    if reply is None or reply.turn != event.turn or not reply.played:
        return
    heard = talk.policy.text_is_shown or not reply.voiceless
    _remember(talk, reply, reply.text if heard else reply.heard(reply.sound_s), now)
    let_go(talk, now)
    talk.caller.overlooked()
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
    terms = _terms(talk)
    if terms and any(isinstance(deed, do.Transfer) for deed in then.deeds):
        _begin_handing_over(talk, terms, now)


def _must_stay(talk: Talk, ends: ev.EndReason) -> bool:
    """Who was only to be told something wants no more of it, and has to be answered."""
    pickup = talk.policy.pickup
    only_tells = pickup is not None and ends == pickup.ends
    return only_tells and objects(talk.caller.text, talk.policy.language)


def hand_over(talk: Talk, event: ev.TransferAsked, now: float) -> None:
    """Somebody else has the caller put through; whatever is being said is said to its end."""
    terms = _terms(talk)
    if terms is None or talk.aside.handing_over:
        return
    talk.orders.give(do.Transfer(event.to, event.warm, event.summary))
    _begin_handing_over(talk, terms, now)


def _terms(talk: Talk) -> TransferTo | None:
    return talk.policy.pickup.transfer if talk.policy.pickup else None


def _begin_handing_over(talk: Talk, terms: TransferTo, now: float) -> None:
    talk.aside.handing_over = True
    talk.orders.set_timer("transfer", now + terms.deadline_s)
    reassure(talk, now)


def reassure(talk: Talk, now: float) -> None:
    """Whoever waits for somebody else hears now and then that it goes on."""
    terms = _terms(talk)
    if not talk.aside.handing_over or terms is None or not terms.waiting:
        return
    again_s = _LOOK_AGAIN_S
    if talk.state is State.LISTENING and not talk.caller.speaking:
        say(talk, terms.waiting, now)
        again_s = terms.again_s
    talk.orders.set_timer("waiting", now + again_s)


def take_back(talk: Talk, _event: ev.TransferFailed | None, now: float) -> None:
    """Nobody took the call: the caller hears so, and what they said meanwhile is part of it."""
    terms = _terms(talk)
    if not talk.aside.handing_over or terms is None:
        return
    talk.orders.cancel_timer("waiting")
    pickup = talk.aside.pickup
    greets = pickup is not None and not pickup.greeted  # once more, after it met their hello
    if talk.state is not State.LISTENING or greets:
        talk.orders.set_timer("transfer", now + _LOOK_AGAIN_S)
        return
    talk.aside.handing_over = False
    talk.orders.cancel_timer("transfer")
    talk.history.caller_said(talk.caller.take())
    say(talk, terms.failed, now, firm=True)  # they wait for somebody who will not come


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
        talk.orders.give(do.Resume(talk.reply.turn))


def go_on(talk: Talk, now: float) -> None:
    """The caller was not finished after all; the next words continue the same line."""
    talk.caller.pace.went_on()
    talk.stop_reply()
    talk.caller.owed = True  # a noise may have been taken for words
    talk.go(State.LISTENING, now)


def interrupt(talk: Talk, event: object, now: float) -> None:
    """The caller takes the floor, unless they are told what they must hear."""
    if talk.reply is not None and talk.reply.then.firm:
        return
    # A noise may have been taken for words. The button says outright that no answer is wanted.
    asked = talk.reply is not None and talk.reply.waited_from is not None
    talk.caller.owed = asked and not isinstance(event, ev.InterruptAsked)
    call_off(talk, now)


def call_off(talk: Talk, now: float) -> None:
    """Stop speaking, whatever it was."""
    talk.stop_reply()
    talk.go(State.INTERRUPTED, now)


def _remember(
    talk: Talk, reply: Reply, heard: str, now: float, *, interrupted: bool = False
) -> None:
    began = reply.started_at
    talk.history.caller_heard(heard, interrupted=interrupted, began=began, until=now)
    if heard:
        talk.caller.pace.asked(heard, talk.policy)


def settle(talk: Talk, event: ev.TurnStopped, now: float) -> None:
    """The sound is off, and it is known how much of it was heard."""
    cut = talk.aside.cut
    if cut is None or cut.turn != event.turn:
        return
    talk.aside.cut = None
    heard = cut.heard(event.heard_s)
    _remember(talk, cut, heard, now, interrupted=True)
    if cut.has_answered(event.heard_s):
        talk.caller.owed = False
    if cut.started_at is not None:
        talk.orders.tell(do.AnswerInterrupted(cut.turn, heard))
    if talk.state is State.INTERRUPTED:
        talk.go(State.LISTENING, now)
