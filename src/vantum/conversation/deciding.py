"""Who is taken to have answered the phone, and what such a change of mind means at once."""

from __future__ import annotations

from typing import Final

from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation import guessing
from vantum.conversation.answerer import (
    HINTED,
    MACHINES,
    SURE,
    Heard,
    Opinion,
    classify,
    echoes,
)
from vantum.conversation.policy import PickupPolicy
from vantum.conversation.saying import call_off
from vantum.conversation.states import State
from vantum.conversation.talk import Pickup, Talk

_WAITING: Final = frozenset({"ivr", "hold"})  # one may lead to the other; the wait is one


def rules_of(talk: Talk) -> PickupPolicy:
    """The agent's rules for phone calls; there are some wherever there is a pickup."""
    assert talk.policy.pickup is not None
    return talk.policy.pickup


def judge(talk: Talk, pickup: Pickup, now: float) -> None:
    """Something new is known: change one's mind where it is good enough for that."""
    found = opinion(talk, pickup)
    if found is not None and found.kind != pickup.kind and _is_reason(talk, pickup, found):
        turn_to(talk, pickup, found.kind, now)


def opinion(talk: Talk, pickup: Pickup) -> Opinion | None:
    """Who it seems to be, by all that is known."""
    other, language = pickup.other, talk.policy.language
    if pickup.kind in MACHINES and pickup.verdict != "fax":  # new words alone tell more
        return classify(Heard(other.text, other.unbroken_s), language)
    beeped = pickup.beeped_at is not None
    return classify(Heard(other.text, other.unbroken_s, pickup.verdict, beeped), language)


def _is_reason(talk: Talk, pickup: Pickup, opinion: Opinion) -> bool:
    """Is the opinion strong enough to change what is being done?"""
    if opinion.confidence <= HINTED:
        return False
    if pickup.kind == "person":  # made out by words, or nothing was known against it
        return opinion.confidence >= SURE or not pickup.other.ever
    if pickup.kind not in MACHINES:
        return True
    if pickup.kind == "voicemail" and pickup.said:
        # A mailbox has its say while it records, and may play us back.
        return opinion.kind == "person" and pickup.other.settled and not _is_echo(talk, pickup)
    if opinion.kind == "person":
        return pickup.other.settled
    return opinion.confidence >= SURE and (pickup.kind, opinion.kind) != ("screening", "hold")


def _is_echo(talk: Talk, pickup: Pickup) -> bool:
    return echoes(pickup.other.text, rules_of(talk).message, talk.policy.language)


def turn_to(talk: Talk, pickup: Pickup, kind: ev.Kind, now: float) -> None:
    """Take it for this from now on; what was begun for a person is taken back for a machine."""
    stops_message = pickup.kind == "voicemail" and talk.state is State.RESPONDING
    if {kind, pickup.kind} & set(MACHINES) and not {kind, pickup.kind} <= _WAITING:
        pickup.since = now
    pickup.kind = kind
    talk.orders.tell(do.AnswererKnown(kind))
    if kind == "fax":
        talk.close("fax", now)
    if kind not in MACHINES:
        if stops_message and kind == "person":
            call_off(talk, now)
        return
    _begin_anew(talk, pickup)
    _fall_silent(talk, now)
    rules = rules_of(talk)
    if kind == "voicemail" and not rules.message:
        talk.close("no_message", now)
    elif kind == "screening" and not rules.statement:
        talk.close("screened_out", now)


def _begin_anew(talk: Talk, pickup: Pickup) -> None:
    """Whoever comes on behind a machine waits for our first words."""
    pickup.greeted, pickup.noticed, pickup.said = False, False, 0
    if pickup.greeted_after_s is not None:
        pickup.greeted_after_s = None
        talk.orders.tell(do.Greeted(None))


def _fall_silent(talk: Talk, now: float) -> None:
    """Take back what was begun for a person; the machine's words are no turn of theirs."""
    guessing.drop(talk)
    if talk.state is State.RESPONDING:
        call_off(talk, now)
    elif talk.state is State.THINKING:
        talk.stop_reply()
        talk.go(State.LISTENING, now)
    talk.caller.dismiss(now)
