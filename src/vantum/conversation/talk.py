"""The record of one talk: its state, its current reply, and the orders being given.

Only the rules in the modules beside it change it, and only while `machine.py` handles an event.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct, field

from vantum.conversation import effects as do
from vantum.conversation.answerer import Overheard
from vantum.conversation.events import EndReason, Kind, Timer, Verdict
from vantum.conversation.history import History
from vantum.conversation.policy import Policy
from vantum.conversation.reply import Guess, Reply
from vantum.conversation.states import State, check_move
from vantum.conversation.turns import CallerTurn

# A carrier that never confirms the hang-up must not keep a call alive.
ENDING_DEADLINE_S = 5.0
# Event loops fire up to their clock's resolution early; no timer here is ever put off by so little.
_TIMER_SLACK_S = 0.02

_OF_REPLIES: Final[tuple[Timer, ...]] = ("hold", "words", "filler")


class Input(Struct):
    """How the caller's recording is being taken."""

    open: bool = False  # a recording is being taken; outside of one only late words come
    automatic: bool = False  # silence ends a turn; else only the client does
    may_speak_first: bool = False
    muted: bool = False  # the caller has chosen to say nothing
    deaf: bool = False  # nothing can be heard of it any more, which the caller is still to learn
    closing: bool = False  # the client ended it; its last words are on their way


class Counts(Struct):
    """What is counted over the whole call."""

    replies: int = 0
    failures: int = 0  # in a row
    nudges: int = 0  # in a row
    unheard: int = 0  # speech without words, in a row
    cut_ins: int = 0  # into a turn without end, in a row
    guesses: int = 0  # in this turn of the caller
    fillers: int = 0  # in this turn of the agent


class Pickup(Struct):
    """A phone call's beginning: who has answered, and what was done about it."""

    answered_at: float | None = None  # clock time
    opened_at: float = 0.0  # clock time from which on there was sound
    inbound: bool = False
    kind: Kind | None = None  # not known yet
    since: float = 0.0  # clock time at which it became known, and its wait began
    other: Overheard = field(default_factory=Overheard)
    verdict: Verdict | None = None  # the carrier's
    beeped_at: float | None = None  # clock time
    noticed: bool = False  # told what must be told before the greeting
    greeted: bool = False  # there is a person, who was spoken to and may be answered
    met: bool = False  # their hello was, by our first words
    greeted_after_s: float | None = None  # our first words sounded, behind their hello
    opening: int = 0  # the turn in which the latest of these two is said
    taken_back: int = 0  # how often it was, to be said again
    dealt_until_s: float = 0.0  # audio time of the words that are answered by what is being said
    said: int = 0  # how often the machine was told what there is to tell it
    menus: list[str] = []  # bounded: the third of a kind ends the call, and so does the wait

    @property
    def begun(self) -> float:
        """Clock time at which what is being done now began."""
        return max(self.answered_at or 0.0, self.since)

    def sounded(self, reply: Reply, now: float) -> bool:
        """An answer begins to sound; whether it is our first words, which somebody waited for."""
        if self.greeted_after_s is not None or reply.turn != self.opening:
            return False
        since = self.begun if reply.waited_from is None else reply.waited_from
        self.greeted_after_s = round(max(0.0, now - since), 3)
        return True


class Aside(Struct):
    """What goes on beside the reply that is being given."""

    guess: Guess | None = None  # a reply that may become the next turn's
    cut: Reply | None = None  # stopped; how much of it was heard is still to be told
    pickup: Pickup | None = None  # of a phone call
    handing_over: bool = False  # the caller is being put through to somebody else
    spoke_at: float = 0.0  # clock time at which what the caller says now was noticed first
    opted_out_at: float | None = None  # clock time: the caller wants no more calls


class Talk:
    """One call's talk."""

    def __init__(self, policy: Policy, session_id: str, now: float) -> None:
        self.policy = policy
        self.session_id = session_id
        self.state = State.INITIALIZING
        self.since = now  # clock time at which the state began
        self.turn = 0
        self.reply: Reply | None = None
        self.aside = Aside(pickup=Pickup() if policy.pickup else None)
        self.history = History()
        self.caller = CallerTurn(policy)
        self.input = Input()
        self.counts = Counts()
        self.orders = Orders()

    @property
    def mum(self) -> bool:
        """What is said on the line is not answered: not yet, or not by us."""
        pickup = self.aside.pickup
        return self.aside.handing_over or (pickup is not None and not pickup.greeted)

    def go(self, after: State, now: float) -> None:
        """Move to another state; raises MoveRefused where the table forbids it."""
        check_move(self.state, after, self.session_id)
        self.orders.tell(do.StateChanged(self.state, after, now - self.since))
        self.state = after
        self.since = now

    def open_reply(self, waited_from: float | None) -> Reply:
        """Open a reply in a new turn, or in this turn in place of the reply it had."""
        if self.reply is None:
            self.turn += 1
        self.reply = self.new_reply(self.turn, waited_from)
        return self.reply

    def new_reply(self, turn: int, waited_from: float | None = None) -> Reply:
        """The next reply there is; nobody is given it yet."""
        self.counts.replies += 1
        return Reply(
            turn,
            self.counts.replies,
            waited_from=waited_from,
            prerecorded=self.policy.prerecorded,
        )

    def speak(self, reply: Reply, texts: list[str]) -> None:
        """Hand the newest pieces of a reply to the voice.

        What must be heard is said to its end, with the answer that it stands in.
        """
        must_hear = self.policy.must_hear
        if must_hear and any(line in reply.text for line in must_hear):
            reply.then.firm = True
        first = len(reply.pieces) - len(texts)
        for piece, text in enumerate(texts, start=first):
            self.orders.give(do.Speak(reply.turn, reply.number, piece, text))

    def stop_reply(self) -> None:
        """Cancel whatever is being answered; from here on nothing of that turn counts."""
        if self.reply is not None:
            self.aside.cut = self.reply
            self.orders.give(do.StopTurn(self.reply.turn))
            self.reply = None
            self.turn += 1
        for name in _OF_REPLIES:
            self.orders.cancel_timer(name)

    def close(self, reason: EndReason, now: float) -> None:
        """Begin to end the call."""
        self.stop_reply()
        self.orders.cancel_timers()
        self.go(State.ENDING, now)
        self.orders.give(do.EndCall(reason))
        self.orders.set_timer("ending", now + ENDING_DEADLINE_S)

    def end(self, now: float) -> None:
        """The call is over."""
        self.stop_reply()
        self.orders.cancel_timers()
        self.go(State.ENDED, now)


class Orders:
    """The effects of the event being handled, and the timers that are running."""

    def __init__(self) -> None:
        self._effects: list[do.Effect] = []
        self._timers: dict[Timer, float] = {}

    def give(self, effect: do.Effect) -> None:
        """Order something."""
        self._effects.append(effect)

    def tell(self, notice: do.Notice) -> None:
        """Tell the client something."""
        self._effects.append(do.Notify(notice))

    def set_timer(self, name: Timer, at: float) -> None:
        """Have a timer fire at `at`; setting it to the same time again costs nothing."""
        if self._timers.get(name) != at:
            self._timers[name] = at
            self._effects.append(do.SetTimer(name, at))

    def has_timer(self, name: Timer) -> bool:
        """The timer is running."""
        return name in self._timers

    def cancel_timer(self, name: Timer) -> None:
        """Forget a timer; one that is not running costs nothing."""
        if self._timers.pop(name, None) is not None:
            self._effects.append(do.CancelTimer(name))

    def cancel_timers(self) -> None:
        """Forget all timers."""
        for name in list(self._timers):
            self.cancel_timer(name)

    def timer_fired(self, name: Timer, now: float) -> bool:
        """A timer came due; False where it was cancelled or put off in the meantime."""
        at = self._timers.get(name)
        if at is None or at > now + _TIMER_SLACK_S:
            return False
        del self._timers[name]
        return True

    def taken(self) -> list[do.Effect]:
        """Hand over the effects collected so far."""
        effects, self._effects = self._effects, []
        return effects
