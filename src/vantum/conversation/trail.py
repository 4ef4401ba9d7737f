"""What was worked on in each turn of a call, from when to when: what a trace of it is made of.

Read off the events and effects that pass the call, like the waterfall, but to the turn's end and
with all that was asked in vain. Nothing is decided by it, and no word is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

from msgspec import Struct

from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.errors import Service, Trouble

MOST: Final = 16  # jobs or setbacks of one turn that are kept; a turn has two or three

Outcome = Literal[
    "heard",  # to its end
    "stopped",  # by the caller, after some sound or before it
    "left",  # the call ended first
]


class Job(Struct):
    """What a model or a voice did for one reply; moments are clock seconds."""

    reply: int
    began: float
    guess: bool = False  # begun before the caller's turn was over
    first: float | None = None  # token, or sound
    ended: float | None = None  # None: it was called off
    trouble: Trouble | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0


class Stumble(Struct, frozen=True):
    """A provider was in trouble."""

    at: float
    service: Service
    trouble: Trouble


class Turn(Struct):
    """One turn, from the caller's last word, or our first deed, to the end of what was heard."""

    number: int
    began: float
    waited: bool = False  # somebody did; else it was said unasked
    words: float | None = None  # the last final ones came
    decided: float | None = None  # that the caller had finished
    asked: list[Job] = []
    voiced: list[Job] = []
    stumbles: list[Stumble] = []
    sent: float | None = None  # the first sound
    ended: float = 0.0
    heard_s: float | None = None  # known where it was stopped
    outcome: Outcome = "left"

    @property
    def was_guessed_only(self) -> bool:
        """It never came to be: the caller went on."""
        return self.decided is None and self.sent is None


class Trail:
    """One call's; there is one turn at a time, be it a guess."""

    def __init__(self) -> None:
        self._turn: Turn | None = None
        self._words: float | None = None
        self._wasted: list[Job] = []  # on guesses, since the last turn

    def took(self, event: ev.Event, now: float) -> Turn | None:
        """The conversation is given this. Gives the turn that is over with it."""
        note = _TAKEN.get(type(event))
        return None if note is None else note(self, event, now)

    def gave(self, effect: do.Effect, now: float) -> None:
        """It has ordered this."""
        note = _GIVEN.get(type(effect))
        if note is not None:
            note(self, effect, now)

    def timed(self, number: int, since: float, sent: float) -> None:
        """When the caller's last word of this turn was, exactly, and our first frame."""
        if self._turn is not None and self._turn.number == number:
            self._turn.began, self._turn.sent = since, sent

    def spent(self, prompt: int, completion: int, cached: int) -> None:
        """The model tells what its answer took, which is nearly written."""
        if self._turn is not None and self._turn.asked:
            job = self._turn.asked[-1]
            job.prompt_tokens, job.completion_tokens, job.cached_tokens = prompt, completion, cached

    def leave(self, now: float) -> Turn | None:
        """The call is over. Gives the turn that it was in."""
        return self._over(now, "left")

    # -- what is noted ---------------------------------------------------------------------------

    def _asked(self, effect: do.Ask, now: float) -> None:
        turn = self._of(effect.turn, now)
        if not effect.guess and turn.decided is None:
            turn.decided = now
        if len(turn.asked) < MOST:
            turn.asked.append(Job(effect.reply, now, effect.guess))

    def _released(self, effect: do.Release, now: float) -> None:
        self._of(effect.turn, now).decided = now

    def _spoken(self, effect: do.Speak, now: float) -> None:
        turn = self._of(effect.turn, now)
        if not turn.asked and turn.decided is None:  # a line of our own
            turn.decided = now
        if _job(turn.voiced, effect.reply) is None and len(turn.voiced) < MOST:
            turn.voiced.append(Job(effect.reply, now))

    def _told(self, effect: do.Notify, now: float) -> None:
        notice, turn = effect.notice, self._turn
        if not isinstance(notice, do.AnswerStarted) or turn is None or turn.number != notice.turn:
            return
        turn.sent = now
        if notice.waited_s is not None:
            turn.began, turn.waited = now - notice.waited_s, True

    def _recognised(self, event: ev.Transcript, now: float) -> None:
        if event.final:
            self._words = now

    def _wrote(self, event: ev.Token, now: float) -> None:
        if job := self._at_work("asked", event.turn, event.reply):
            job.first = now if job.first is None else job.first

    def _sounded(self, event: ev.Speech, now: float) -> None:
        if job := self._at_work("voiced", event.turn, event.reply):
            job.first = now if job.first is None else job.first

    def _written(self, event: ev.ReplyWritten | ev.ReplyFailed, now: float) -> None:
        if job := self._at_work("asked", event.turn, event.reply):
            job.ended, job.trouble = now, getattr(event, "trouble", None)

    def _voiced(self, event: ev.PieceVoiced | ev.VoiceFailed, now: float) -> None:
        if job := self._at_work("voiced", event.turn, event.reply):
            job.ended, job.trouble = now, getattr(event, "trouble", None)

    def _stumbled(self, event: ev.Setback, now: float) -> None:
        self._trouble(event.service, event.trouble, now)

    def _deaf(self, event: ev.HearingFailed, now: float) -> None:
        self._trouble("stt", event.trouble, now)

    def _trouble(self, service: Service, trouble: Trouble, now: float) -> None:
        if self._turn is not None and len(self._turn.stumbles) < MOST:
            self._turn.stumbles.append(Stumble(now, service, trouble))

    def _played_out(self, event: ev.PlayedOut, now: float) -> Turn | None:
        return self._over(now, "heard", event.turn)

    def _stopped(self, event: ev.TurnStopped, now: float) -> Turn | None:
        turn = self._turn
        if turn is not None and turn.number == event.turn:
            turn.heard_s = round(event.heard_s, 3)
        return self._over(now, "stopped", event.turn)

    # -- one turn at a time ----------------------------------------------------------------------

    def _of(self, number: int, now: float) -> Turn:
        if self._turn is None or self._turn.number != number:
            self._turn = Turn(number, now, words=self._words, asked=self._wasted)
            self._wasted = []
        return self._turn

    def _at_work(self, what: Literal["asked", "voiced"], number: int, reply: int) -> Job | None:
        turn = self._turn
        if turn is None or turn.number != number:
            return None
        return _job(turn.asked if what == "asked" else turn.voiced, reply)

    def _over(self, now: float, outcome: Outcome, number: int | None = None) -> Turn | None:
        turn = self._turn
        if turn is None or number not in {None, turn.number}:
            return None
        self._turn = None
        if turn.was_guessed_only:
            for job in turn.asked:
                job.ended = now if job.ended is None else job.ended
            self._wasted = turn.asked
            return None
        turn.ended, turn.outcome, self._words = now, outcome, None
        return turn


def _job(jobs: list[Job], reply: int) -> Job | None:
    return next((job for job in reversed(jobs) if job.reply == reply), None)


# Each takes what is its key, which no annotation of a dictionary can say.
_GIVEN: Final[dict[type, Callable[[Trail, Any, float], None]]] = {
    do.Ask: Trail._asked,
    do.Release: Trail._released,
    do.Speak: Trail._spoken,
    do.Notify: Trail._told,
}
_TAKEN: Final[dict[type, Callable[[Trail, Any, float], Turn | None]]] = {
    ev.Transcript: Trail._recognised,
    ev.Token: Trail._wrote,
    ev.ReplyWritten: Trail._written,
    ev.ReplyFailed: Trail._written,
    ev.Speech: Trail._sounded,
    ev.PieceVoiced: Trail._voiced,
    ev.VoiceFailed: Trail._voiced,
    ev.Setback: Trail._stumbled,
    ev.HearingFailed: Trail._deaf,
    ev.PlayedOut: Trail._played_out,
    ev.TurnStopped: Trail._stopped,
}
