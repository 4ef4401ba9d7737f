"""What the agent does while it becomes clear who has answered the phone.

A person is greeted within a second, and so is whoever may be one. A greeting into which somebody
says hello is taken back and said again, as people do; whatever else they say into it is answered
behind it. It is taken back for good when it was a machine. A machine is listened to, not answered:
a message is left, a screener told who calls, a menu worked, a queue waited in, each for so long and
no longer. When a person comes on after all, they are greeted. A browser's call has no pickup, and
nothing here concerns it.
"""

from __future__ import annotations

from typing import Final

from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation.answerer import MACHINES, objects
from vantum.conversation.deciding import judge, rules_of, turn_to
from vantum.conversation.machines import PLANS
from vantum.conversation.saying import call_off, say
from vantum.conversation.segments import spoken_text
from vantum.conversation.states import State
from vantum.conversation.talk import Pickup, Talk
from vantum.conversation.utterances import is_hello, is_nod
from vantum.limits import COVER_S

_TAKEN_BACK: Final = 2  # times: who speaks into the greeting once more has something to say
_SET_UP_S: Final = 1.0  # carriers open a stream within 0.6 s; two machines' clocks may differ


def answer(talk: Talk, event: ev.Answered, now: float) -> None:
    """The phone was picked up; `watch` finds the moment to speak."""
    pickup = talk.aside.pickup
    if pickup is None or pickup.answered_at is not None:
        return
    pickup.opened_at, pickup.inbound = now, event.inbound
    pickup.answered_at = now - min(max(0.0, event.ago_s), _SET_UP_S)
    if event.inbound:
        turn_to(talk, pickup, "person", now)


def weigh_verdict(talk: Talk, event: ev.AnsweredBy, now: float) -> None:
    """The carrier has an opinion."""
    pickup = talk.aside.pickup
    if pickup is None or pickup.inbound:
        return
    pickup.verdict = event.verdict
    if event.verdict == "machine_end_beep":
        pickup.beeped_at = now
    judge(talk, pickup, now)


def hear_beep(talk: Talk, _event: ev.Beeped, now: float) -> None:
    """A recording begins; a message that was begun too early is begun again."""
    pickup = talk.aside.pickup
    if pickup is None or _is_settled(talk, pickup, now):
        return
    early = pickup.beeped_at is None and pickup.kind == "voicemail" and pickup.said > 0
    pickup.beeped_at = now
    if early and talk.state is State.RESPONDING:
        call_off(talk, now)
    judge(talk, pickup, now)


def takes(talk: Talk, event: ev.Event, now: float) -> bool:
    """Follow what the other side does; True where no other rule is to see it.

    Those are a machine's sounds and words, and words of a hello that come behind the greeting.
    """
    pickup = talk.aside.pickup
    if pickup is None or pickup.answered_at is None or _is_settled(talk, pickup, now):
        return False
    other = pickup.other
    match event:
        case ev.SpeechStarted() | ev.SpeechSustained():
            _forget_what_is_past(talk, pickup, now)
            other.started(event)
            if isinstance(event, ev.SpeechSustained):
                _take_back(talk, pickup, now - event.speech_s, now)
        case ev.SpeechStopped():
            other.stopped(event, now)
        case ev.Transcript():
            return _takes_words(talk, pickup, event, now)
        case ev.Keyed():
            pass
        case _:
            return False
    return pickup.kind in MACHINES


def _takes_words(talk: Talk, pickup: Pickup, event: ev.Transcript, now: float) -> bool:
    _forget_what_is_past(talk, pickup, now)
    late, machine = _is_late(talk, pickup, event), pickup.kind in MACHINES
    pickup.other.wrote(event, now)
    if late and machine:
        pickup.other.forget()
    elif event.text.strip() and not late:
        _take_back(talk, pickup, now, now)
    if late or machine:
        _tell(talk, event)
    if late and not machine:
        _hear_late(talk, pickup, event, now)
    judge(talk, pickup, now)
    return late or pickup.kind in MACHINES


def _is_settled(talk: Talk, pickup: Pickup, now: float) -> bool:
    """There is a person, and nothing else is to be expected."""
    if pickup.inbound:
        return True
    return pickup.kind == "person" and pickup.greeted and now > _deadline(talk, pickup)


def _deadline(talk: Talk, pickup: Pickup) -> float:
    return pickup.begun + rules_of(talk).decide_s


def _forget_what_is_past(talk: Talk, pickup: Pickup, now: float) -> None:
    """What a machine says behind a pause is judged by itself."""
    other = pickup.other
    if pickup.kind not in MACHINES or other.quiet_since is None or not other.settled:
        return
    if now - other.quiet_since >= rules_of(talk).utterance_silence_s:
        other.forget()


def _is_late(talk: Talk, pickup: Pickup, event: ev.Transcript) -> bool:
    """Words of the hello that the greeting already answers, or of what a machine is told upon."""
    speaks = pickup.noticed or pickup.greeted or pickup.said > 0
    if not speaks or talk.state is not State.RESPONDING:
        return False
    if event.end_s:
        return event.end_s <= pickup.dealt_until_s + COVER_S
    return pickup.other.owes_words


def _take_back(talk: Talk, pickup: Pickup, began: float, now: float) -> None:
    """Somebody began to speak into our first words: these are said again behind theirs."""
    reply = talk.reply
    if talk.state is not State.RESPONDING or reply is None or reply.turn != pickup.opening:
        return
    into_s = 0.0 if reply.started_at is None else began - reply.started_at
    if into_s > rules_of(talk).reversible_s or pickup.taken_back >= _TAKEN_BACK:
        return
    pickup.taken_back += 1
    if pickup.greeted:
        pickup.greeted = False
    else:
        pickup.noticed = False
    call_off(talk, now)


def _tell(talk: Talk, event: ev.Transcript) -> None:
    """Words that no other rule sees are shown all the same."""
    if text := event.text.strip():
        talk.orders.tell(do.Recognised(text, event.final, event.confidence))


def _hear_late(talk: Talk, pickup: Pickup, event: ev.Transcript, now: float) -> None:
    """A late hello belongs to the talk; what was more than that is answered behind our words."""
    text = event.text.strip()
    if not event.final or not text:
        return
    if not _is_met(talk, pickup, text, first=True):
        talk.caller.wrote(event, now)
    elif not pickup.met:
        pickup.met = True
        talk.history.caller_said(text)


def watch(talk: Talk, now: float) -> None:
    """Run after every event: is it time to speak, to press a key, or to give up?"""
    pickup = talk.aside.pickup
    if pickup is None or pickup.answered_at is None:
        return
    if talk.state in {State.INITIALIZING, State.ENDING, State.ENDED}:
        return
    look_at: float | None = None
    if pickup.kind is None:
        look_at = _deadline(talk, pickup)
        if now >= look_at:
            turn_to(talk, pickup, "person" if pickup.other.ever else "silence", now)
            look_at = None
    if talk.state is State.LISTENING:
        due = PLANS.get(pickup.kind, _greet)(talk, pickup, now)
        look_at = min((at for at in (look_at, due) if at is not None), default=None)
    if look_at is None:
        talk.orders.cancel_timer("pickup")
    else:
        talk.orders.set_timer("pickup", look_at)


def _greet(talk: Talk, pickup: Pickup, now: float) -> float | None:
    if pickup.kind == "silence" and pickup.other.ever:
        turn_to(talk, pickup, "person", now)
    if pickup.greeted:
        return None
    due = _greeting_at(talk, pickup)
    if now < due:
        return due
    rules, other = rules_of(talk), pickup.other
    waited_from = other.quiet_since if other.has_spoken else None
    pickup.dealt_until_s = other.until_s
    if rules.notice and not pickup.noticed:
        pickup.noticed = True
        _meet(talk, pickup, first=True)
        say(talk, rules.notice, now, unheard="faults", firm=True, waited_from=waited_from)
    else:
        pickup.greeted = True
        _say_greeting(talk, pickup, None if rules.notice else waited_from, now)
    pickup.opening = talk.turn
    return None


def _say_greeting(talk: Talk, pickup: Pickup, waited_from: float | None, now: float) -> None:
    text, ends = _opening(talk), rules_of(talk).ends
    if not text:
        return
    _meet(talk, pickup, first=not pickup.noticed)  # behind the notice they know who speaks
    unheard: ev.EndReason | None = None if ends is None else "faults"
    firm = ends is not None
    say(talk, text, now, ends=ends, unheard=unheard, firm=firm, waited_from=waited_from)


def _meet(talk: Talk, pickup: Pickup, *, first: bool) -> None:
    """A hello is met by what is said now; whatever else they have said waits for an answer.

    Who calls us had something to say, and waits in any case.
    """
    text = talk.caller.text
    if pickup.inbound or (text and not _is_met(talk, pickup, text, first=first)):
        return
    pickup.met = pickup.met or bool(text)
    talk.history.caller_said(talk.caller.take())


def _is_met(talk: Talk, pickup: Pickup, text: str, *, first: bool) -> bool:
    """Do our first words answer this? People pick up with a name, a firm, a "who is it?"."""
    language = talk.policy.language
    if first and not pickup.met:
        return not objects(text, language)
    return is_hello(text, language) or is_nod(text, language)


def _greeting_at(talk: Talk, pickup: Pickup) -> float:
    """When to greet, on what is known now: after a hello at once, into a silence a bit later."""
    rules, other = rules_of(talk), pickup.other
    if pickup.inbound:
        return pickup.opened_at
    if other.speaking:
        return pickup.begun + rules.decide_s  # by then it is noise
    if other.quiet_since is None or not other.has_spoken:
        at_first = (pickup.answered_at or 0.0) + rules.greet_after_s
        return max(at_first, pickup.opened_at + rules.listen_s)
    long = other.may_go_on or (pickup.kind is None and other.unbroken_s >= rules.announcement_s)
    return other.quiet_since + (rules.announcement_silence_s if long else rules.hello_silence_s)


def _opening(talk: Talk) -> str:
    whole = spoken_text(talk.policy.greeting)
    heard = any(line.role == "assistant" and line.text == whole for line in talk.history.lines)
    return rules_of(talk).again if heard else talk.policy.greeting
