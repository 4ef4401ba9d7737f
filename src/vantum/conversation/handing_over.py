"""How a caller is put through to somebody else, and taken back where nobody comes."""

from __future__ import annotations

from typing import Final

from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation.policy import TransferTo
from vantum.conversation.saying import say
from vantum.conversation.states import State
from vantum.conversation.talk import Talk

_LOOK_AGAIN_S: Final = 0.5  # what is being said is said to its end first


def hand_over(talk: Talk, event: ev.TransferAsked, now: float) -> None:
    """Somebody else has the caller put through; whatever is being said is said to its end."""
    terms = terms_of(talk)
    if terms is None or talk.aside.handing_over:
        return
    talk.orders.give(do.Transfer(event.to, event.warm, event.summary))
    begin(talk, terms, now)


def terms_of(talk: Talk) -> TransferTo | None:
    """To whom, and what is said meanwhile; None where nobody can be put through."""
    return talk.policy.pickup.transfer if talk.policy.pickup else None


def begin(talk: Talk, terms: TransferTo, now: float) -> None:
    """The carrier was told; the caller waits from now on."""
    talk.aside.handing_over = True
    talk.orders.set_timer("transfer", now + terms.deadline_s)
    reassure(talk, now)


def reassure(talk: Talk, now: float) -> None:
    """Whoever waits for somebody else hears now and then that it goes on."""
    terms = terms_of(talk)
    if not talk.aside.handing_over or terms is None or not terms.waiting:
        return
    again_s = _LOOK_AGAIN_S
    if talk.state is State.LISTENING and not talk.caller.speaking:
        say(talk, terms.waiting, now)
        again_s = terms.again_s
    talk.orders.set_timer("waiting", now + again_s)


def take_back(talk: Talk, now: float) -> None:
    """Nobody took the call: the caller hears so, and what they said meanwhile is part of it."""
    terms = terms_of(talk)
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
