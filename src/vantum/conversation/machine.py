"""What a call does when something happens: handle(event, now) -> effects.

This is the only writer of conversation state. TABLE names the rule for every pair of state and
event that means something; all other pairs are refused, which is logged and changes nothing. What
is said on the phone passes `pickup.py` first, which keeps a machine's sounds and words to itself.
Reply-side events pass one guard first: they must name the current turn and reply, else they are
dropped, so nothing late can ever be spoken. Those of a guess are kept unheard until it counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from vantum.conversation import (
    answering,
    floor,
    guessing,
    handing_over,
    listening,
    patience,
    pickup,
    saying,
)
from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation.policy import Policy
from vantum.conversation.reply import Reply
from vantum.conversation.states import State
from vantum.conversation.talk import Pickup, Talk
from vantum.conversation.turns import CallerTurn


def _begin(talk: Talk, _event: ev.Ready, now: float) -> None:
    talk.go(State.LISTENING, now)
    patience.greet(talk, now)


def _fail_setup(talk: Talk, event: ev.SetupFailed, now: float) -> None:
    talk.orders.tell(do.Fault("setup", event.message))
    talk.end(now)
    talk.orders.give(do.EndCall("setup_failed"))


def _end(talk: Talk, event: ev.EndAsked, now: float) -> None:
    talk.close(event.reason, now)


def _take_back(talk: Talk, _event: ev.TransferFailed, now: float) -> None:
    handing_over.take_back(talk, now)


def _stop_at_button(talk: Talk, _event: ev.InterruptAsked, now: float) -> None:
    saying.interrupt(talk, now, no_answer=True)  # says outright that none is wanted


def _vanish(talk: Talk, _event: ev.Disconnected, now: float) -> None:
    talk.end(now)


def _keep_time(talk: Talk, event: ev.TimerFired, now: float) -> None:
    if talk.orders.timer_fired(event.name, now):
        TIMES[event.name](talk, now)


def _look(_talk: Talk, _now: float) -> None:
    """Nothing more is needed: what watches after every event looks at the clock."""


def _let_alone(talk: Talk, now: float) -> None:
    talk.close("opt_out", now)


# A rule takes (talk, event, now); the event's type is the table's key, which no annotation can say.
Rule = Callable[[Talk, Any, float], None]
TimeRule = Callable[[Talk, float], None]
ReplyRule = Callable[[Talk, Reply, Any, float], None]

_ALWAYS: Final[dict[type, Rule]] = {ev.EndAsked: _end, ev.Disconnected: _vanish}
_HEARING: Final[dict[type, Rule]] = {
    ev.InputStarted: listening.open_input,
    ev.InputEnded: listening.close_input,
    ev.SpeechStarted: floor.hear_start,
    ev.SpeechSustained: floor.hear_on,
    ev.SpeechStopped: floor.hear_stop,
    ev.Transcript: listening.hear_words,
    ev.Finalised: listening.hear_all,
    ev.HearingFailed: listening.lose_hearing,
    ev.Setback: listening.pass_on,
    ev.MuteChanged: listening.mute,
    ev.Answered: pickup.answer,
    ev.AnsweredBy: pickup.weigh_verdict,
    ev.Beeped: pickup.hear_beep,
    ev.Keyed: listening.hear_keys,
    ev.TransferAsked: handing_over.hand_over,
    ev.TransferFailed: _take_back,
    ev.TimerFired: _keep_time,
    ev.TurnStopped: answering.settle,
}

TABLE: Final[dict[State, dict[type, Rule]]] = {
    State.INITIALIZING: {
        ev.Ready: _begin,
        ev.SetupFailed: _fail_setup,
        **_HEARING,  # what is said meanwhile is not lost
        **_ALWAYS,
    },
    State.LISTENING: {**_HEARING, **_ALWAYS},
    State.THINKING: {**_HEARING, **_ALWAYS},
    State.RESPONDING: {
        ev.InterruptAsked: _stop_at_button,
        ev.PlayedOut: answering.conclude,
        **_HEARING,
        **_ALWAYS,
    },
    State.INTERRUPTED: {**_HEARING, **_ALWAYS},
    State.ENDING: {
        ev.TurnStopped: answering.settle,
        ev.TimerFired: _keep_time,
        ev.Disconnected: _vanish,
    },
    State.ENDED: {ev.TurnStopped: answering.settle},
}

TIMES: Final[dict[ev.Timer, TimeRule]] = {
    "end_of_turn": _look,
    "flush": _look,
    "pickup": _look,
    "finalise": listening.conclude_input,
    "floor": floor.hear_long,
    "words": saying.let_go,
    "hold": listening.lose_stop,
    "silence": patience.break_silence,
    "long": patience.cut_in,
    "filler": saying.fill,
    "transfer": handing_over.take_back,
    "waiting": handing_over.reassure,
    "opt_out": _let_alone,
    "ending": Talk.end,
}

# Only of the current reply, which there is in THINKING and RESPONDING alone. What belongs to a
# guess comes here once that is the current reply.
REPLY_TABLE: Final[dict[type, ReplyRule]] = {
    ev.Token: answering.write,
    ev.ActionAsked: answering.take_action,
    ev.ReplyWritten: answering.finish_writing,
    ev.ReplyFailed: answering.fail_reply,
    ev.Speech: answering.play,
    ev.PieceVoiced: answering.finish_piece,
    ev.VoiceFailed: answering.lose_voice,
}


class Conversation:
    """One call's talk, driven by events."""

    def __init__(self, policy: Policy, session_id: str, now: float) -> None:
        self.talk = Talk(policy, session_id, now)

    @property
    def state(self) -> State:
        """What the call is doing."""
        return self.talk.state

    def recast(self, policy: Policy) -> bool:
        """Let another agent take the call; False once anything was said in it."""
        talk = self.talk
        if talk.turn or talk.history.lines or talk.caller.text:
            return False
        talk.policy, talk.caller = policy, CallerTurn(policy)
        talk.aside.pickup = Pickup() if policy.pickup else None
        return True

    def handle(self, event: ev.Event, now: float) -> list[do.Effect]:
        """Take one event at clock time `now` (seconds); returns what is to be done, in order."""
        talk = self.talk
        if type(event) in REPLY_TABLE:
            _go_on(talk, event, now)
            return talk.orders.taken()
        rule = TABLE[talk.state].get(type(event))
        if rule is None:
            return [do.Refused(talk.state, type(event).__name__)]
        if not pickup.takes(talk, event, now):
            rule(talk, event, now)
        for kept in listening.watch(talk, now):
            _go_on(talk, kept, now)
        return talk.orders.taken()


def _go_on(talk: Talk, event: Any, now: float) -> None:
    """Something was made of a reply: it counts for the current one, or for a guess."""
    reply, guess = talk.reply, talk.aside.guess
    if reply is not None and (event.turn, event.reply) == (reply.turn, reply.number):
        REPLY_TABLE[type(event)](talk, reply, event, now)
    elif guess is not None and (event.turn, event.reply) == (guess.reply.turn, guess.reply.number):
        guessing.keep(talk, guess, event)
