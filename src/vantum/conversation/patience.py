"""When we speak unasked: first, into a silence, into a turn without end; and when to give up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rapidfuzz import fuzz

from vantum.conversation.answerer import MACHINES, Heard, classify
from vantum.conversation.effects import Line
from vantum.conversation.saying import say
from vantum.conversation.states import State
from vantum.conversation.talk import Talk
from vantum.conversation.utterances import dictates, words

_LOOP: Final = 3  # times the same
_ASKED_LOOP: Final = 5  # times the same to our questions: people say again what we did not get
_LOOP_WORDS: Final = 12  # people repeat shorter sentences; of machines' own ones all count
_LOOKED_BACK: Final = 12  # lines; a queue's announcement comes round after two or three others
_SAME: Final = 80  # of 100: a recogniser never writes the same sentence twice alike
_LOOK_AGAIN_S: Final = 1.0  # a nudge that came at a bad moment is put off by a breath
_CUT_INS: Final = 2  # who talks on behind the second does not talk with us


def is_loop(lines: Sequence[Line], text: str, language: str) -> bool:
    """Has the other side said this again and again, as only machines do?"""
    found = classify(Heard(text), language)
    latest = lines[-_LOOKED_BACK:]
    same = [at for at, line in enumerate(latest) if line.role == "user" and _same(line.text, text)]
    if len(same) < _LOOP - 1:
        return False
    if found is not None and found.kind in MACHINES:
        return True
    if len(words(text)) < _LOOP_WORDS or dictates(text, language):
        return False
    ours = [line.text for line in latest[same[1 - _LOOP] :] if line.role == "assistant"]
    return "?" not in "".join(ours) or len(same) >= _ASKED_LOOP - 1


def _same(text: str, other: str) -> bool:
    """Two hearings of the same sentence, with its words in the same order."""
    return fuzz.ratio(" ".join(words(text)), " ".join(words(other))) >= _SAME


def watch_length(talk: Talk, now: float) -> None:
    """Run after every event: the caller's turn may take so long, and then we speak up."""
    listens = talk.state is State.LISTENING and talk.input.automatic and not talk.mum
    if not (listens and talk.policy.cut_in and (talk.caller.speaking or talk.caller.text)):
        talk.orders.cancel_timer("long")
    elif not talk.orders.has_timer("long"):
        talk.orders.set_timer("long", now + talk.policy.silences.longest_turn_s)


def cut_in(talk: Talk, now: float) -> None:
    """Say, over their words, that we would like to answer; it cannot be interrupted."""
    talk.counts.cut_ins += 1
    if talk.counts.cut_ins > _CUT_INS:
        say(talk, talk.policy.goodbye, now, ends="one_sided", firm=True)
    else:
        say(talk, talk.policy.cut_in, now, firm=True)


def greet(talk: Talk, now: float) -> None:
    """Speak first where that is wanted and nothing has been said yet."""
    if talk.aside.pickup is not None:  # whether anybody has picked up, and who, is seen there
        return
    fresh = talk.turn == 0 and not talk.history.lines and not talk.caller.text
    if fresh and talk.input.may_speak_first and talk.policy.greeting:
        say(talk, talk.policy.greeting, now)


def watch_silence(talk: Talk, now: float) -> None:
    """Run after every event: has it been quiet for so long that we speak up?"""
    listens = talk.state is State.LISTENING and not talk.mum
    if talk.input.deaf and talk.policy.deaf and listens:
        talk.input.deaf = False
        talk.counts.nudges = len(talk.policy.nudges)  # questions would be mockery now
        say(talk, talk.policy.deaf, now)
    # Only words break a silence: a street or a television must not keep a call alive for ever.
    waits = listens and not talk.caller.text and not talk.input.muted
    if not (waits and talk.input.may_speak_first and talk.policy.nudges):
        talk.orders.cancel_timer("silence")
    elif not talk.orders.has_timer("silence"):
        talk.orders.set_timer("silence", now + talk.policy.nudge_after_s)


def break_silence(talk: Talk, now: float) -> None:
    """Ask whether they are there, and in the end say goodbye."""
    patient = now - talk.since < talk.policy.nudge_after_s + talk.policy.silences.radio_s
    if patient and not talk.caller.is_idle:  # a noise, or words to come
        talk.orders.set_timer("silence", now + _LOOK_AGAIN_S)
        return
    said, nudges = talk.counts.nudges, talk.policy.nudges
    talk.counts.nudges += 1
    heard = any(line.role == "user" for line in talk.history.lines)
    if talk.aside.pickup is not None and said and not heard:  # one is enough for an empty line
        talk.close("no_speech", now)
    elif said < len(nudges):
        say(talk, nudges[said], now)
    elif said == len(nudges) and talk.policy.goodbye:  # once: noise may have cut it off
        say(talk, talk.policy.goodbye, now, ends="silence")
    else:
        talk.close("silence", now)
