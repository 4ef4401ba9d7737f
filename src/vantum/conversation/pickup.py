"""What the agent does while it becomes clear who has answered the phone.

A person is greeted within a second, and so is whoever may be one; the greeting is taken back when
it was a machine. A machine is listened to, not answered: a message is left, a screener told who
calls, a menu worked, a queue waited in, each for so long and no longer. When a person comes on
after all, they are greeted. A browser's call has no pickup, and nothing here concerns it.
"""

from __future__ import annotations

from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation.answerer import COVER_S, MACHINES
from vantum.conversation.answering import interrupt, say
from vantum.conversation.deciding import judge, rules_of, turn_to
from vantum.conversation.machines import PLANS
from vantum.conversation.segments import spoken_text
from vantum.conversation.states import State
from vantum.conversation.talk import Pickup, Talk


def answer(talk: Talk, event: ev.Answered, now: float) -> None:
    """The phone was picked up; `watch` finds the moment to speak."""
    pickup = talk.aside.pickup
    if pickup is None or pickup.answered_at is not None:
        return
    pickup.answered_at, pickup.inbound = now, event.inbound
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
        interrupt(talk, None, now)
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
        case ev.SpeechStopped():
            other.stopped(event, now)
        case ev.Transcript():
            _forget_what_is_past(talk, pickup, now)
            late = _is_late(talk, pickup, event)
            other.wrote(event, now)
            if late or pickup.kind in MACHINES:
                _note(talk, event, late=late)
            judge(talk, pickup, now)
            return late or pickup.kind in MACHINES
        case ev.Keyed():
            pass
        case _:
            return False
    return pickup.kind in MACHINES


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
    """Words of the hello that the greeting already answers."""
    if not pickup.greeted or talk.state is not State.RESPONDING:
        return False
    if event.end_s:
        return event.end_s <= pickup.hello_until_s + COVER_S
    return pickup.other.owes_words


def _note(talk: Talk, event: ev.Transcript, *, late: bool) -> None:
    """Words that no other rule sees are told all the same; a late hello belongs to the talk."""
    text = event.text.strip()
    if text:
        talk.orders.tell(do.Recognised(text, event.final, event.confidence))
    if late and event.final and not talk.history.lines:
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
    other = pickup.other
    pickup.greeted, pickup.hello_until_s = True, other.until_s
    text = _opening(talk)
    if text:
        talk.history.caller_said(talk.caller.take())
        waited_from = other.quiet_since if other.has_spoken else None
        say(talk, text, now, ends=rules_of(talk).ends, waited_from=waited_from)
    return None


def _greeting_at(talk: Talk, pickup: Pickup) -> float:
    """When to greet, on what is known now: after a hello at once, into a silence a bit later."""
    rules, other = rules_of(talk), pickup.other
    if other.speaking:
        return pickup.begun + rules.decide_s  # by then it is noise
    if other.quiet_since is None or not other.has_spoken:
        return pickup.begun + (0.0 if pickup.kind == "person" else rules.greet_after_s)
    long = other.may_go_on or (pickup.kind is None and other.unbroken_s >= rules.announcement_s)
    return other.quiet_since + (rules.announcement_silence_s if long else rules.hello_silence_s)


def _opening(talk: Talk) -> str:
    whole = spoken_text(talk.policy.greeting)
    heard = any(line.role == "assistant" and line.text == whole for line in talk.history.lines)
    return rules_of(talk).again if heard else talk.policy.greeting
