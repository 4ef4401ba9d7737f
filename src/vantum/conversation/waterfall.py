"""Where the time of a turn goes, from the caller's last speech frame to the first sound sent back.

Read off the events and effects that pass the call; nothing is decided by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from vantum.audio.carrier_clock import CarrierClock
from vantum.audio.pcm import MULAW_HZ
from vantum.conversation import effects as do
from vantum.conversation import events as ev

STAGES: Final = ("decided", "token", "segment", "audio", "sent", "sound")
# A finding comes later than the sound it is of: 2 to 60 ms, on a busy machine 0.3 s. Where it seems
# to come before, the recogniser was given silence for what stalled, and its places are not ours.
_LATE_S: Final = 1.0


class Waterfall(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Moments of one turn, in seconds since the caller's last speech frame, as far as we know it.

    None where there was none: lines of our own ask no model. What a right guess had made lies
    before `decided_s`, and before the last frame where it was begun on words alone. A token behind
    the sound means that a filler was said while the model thought.
    """

    turn: int
    decided_s: float  # the caller's turn is over
    token_s: float | None = None  # the model's first
    segment_s: float | None = None  # the voice is given something to say
    audio_s: float | None = None  # the voice's first
    sent_s: float  # the first frame
    sound_s: float  # the first sound in it: voices begin with silence

    def stages(self) -> Iterator[tuple[str, float]]:
        """Name and moment of each that there was."""
        for name in STAGES:
            moment: float | None = getattr(self, f"{name}_s")
            if moment is not None:
                yield name, moment


class _Moments(Struct):
    """Of one reply, in clock seconds."""

    turn: int
    reply: int
    decided: float | None = None
    token: float | None = None
    segment: float | None = None
    audio: float | None = None
    sent: float | None = None
    quiet_s: float = 0.0  # silence sent so far
    waited_from: float | None = None  # nobody waits for what is said unasked


class Stopwatch:
    """One call's. There is one reply at a time, be it a guess; what belongs to another is late."""

    def __init__(self) -> None:
        self._reply: _Moments | None = None
        self._filled: _Moments | None = None  # it sounds, but the model has written nothing yet
        self._sound: CarrierClock | None = None
        self._quiet_from: float | None = None  # the last speech frame came, or would have
        self.timed_from = 0.0  # the same of the turn that was timed last

    def heard(self, position_s: float, now: float) -> None:
        """The caller's sound has come up to here."""
        if self._sound is None:
            self._sound = CarrierClock(now)
        self._sound.shown(round(position_s * MULAW_HZ), now)

    def took(self, event: ev.Event, now: float) -> float | None:
        """The conversation is given this.

        Gives `token_s` of a turn whose sound was a filler, once the model has begun.
        """
        if isinstance(event, ev.InputStarted):
            self._sound = self._quiet_from = None
        elif isinstance(event, ev.SpeechStarted):
            self._quiet_from = None
        elif isinstance(event, ev.SpeechStopped) and self._sound is not None:
            self._quiet_from = self._sound.when(round(event.at_s * MULAW_HZ))
        elif isinstance(event, ev.Token | ev.Speech):
            return self._made(event, now)
        return None

    def _made(self, event: ev.Token | ev.Speech, now: float) -> float | None:
        reply, wrote = self._reply or self._filled, isinstance(event, ev.Token)
        if reply is None or (event.turn, event.reply) != (reply.turn, reply.reply):
            return None
        if reply is self._filled and reply.waited_from is not None:
            self._filled = None if wrote else reply
            return round(now - reply.waited_from, 3) if wrote else None
        if isinstance(event, ev.Token):
            reply.token = now if reply.token is None else reply.token
        elif event.pcm and reply.audio is None:
            reply.audio = now
        return None

    def gave(self, effect: do.Effect, now: float) -> None:
        """It has ordered this."""
        if isinstance(effect, do.Ask):
            reply = self._of(effect.turn, effect.reply)
            if not effect.guess:
                reply.decided = now
        elif isinstance(effect, do.Release):
            self._of(effect.turn, effect.reply).decided = now
        elif isinstance(effect, do.Speak):
            reply = self._of(effect.turn, effect.reply)
            reply.segment = now if reply.segment is None else reply.segment
        elif isinstance(effect, do.Notify) and isinstance(effect.notice, do.AnswerStarted):
            self._started(effect.notice, now)
        elif isinstance(effect, do.StopTurn):
            self._reply = None if self._is_on(effect.turn) else self._reply
            self._filled = None

    def awaits(self, turn: int) -> bool:
        """The first sound of this turn is still to be sent, and somebody waits for it."""
        return self._is_on(turn) and self._reply is not None and self._reply.waited_from is not None

    def sent(self, lasts_s: float, quiet_s: float, now: float) -> Waterfall | None:
        """A frame that is awaited was sent, which begins with `quiet_s` of silence.

        Gives the whole turn once there was sound in one.
        """
        reply = self._reply
        if reply is None or reply.waited_from is None:
            return None
        reply.sent = now if reply.sent is None else reply.sent
        reply.quiet_s += quiet_s
        if quiet_s >= lasts_s:
            return None
        self._reply = None
        self._filled = reply if reply.token is None and reply.decided is not None else None
        self.timed_from = reply.waited_from
        return _waterfall(reply, reply.waited_from, reply.sent)

    def _is_on(self, turn: int) -> bool:
        return self._reply is not None and self._reply.turn == turn

    def _of(self, turn: int, number: int) -> _Moments:
        """The moments of this reply; where it stands in for another, its turn was decided then."""
        filled = self._filled
        if filled is not None and (filled.turn, filled.reply) == (turn, number):
            return filled  # it has been told already
        before = self._reply
        if before is None or (before.turn, before.reply) != (turn, number):
            same_turn = before is not None and before.turn == turn
            self._filled = None
            self._reply = _Moments(turn, number, before.decided if before and same_turn else None)
        assert self._reply is not None
        return self._reply

    def _started(self, answer: do.AnswerStarted, now: float) -> None:
        if self._reply is not None and self._is_on(answer.turn) and answer.waited_s is not None:
            since = now - answer.waited_s
            exact = since if self._quiet_from is None else self._quiet_from
            self._reply.waited_from = exact if 0 <= since - exact <= _LATE_S else since


def _waterfall(reply: _Moments, since: float, sent: float) -> Waterfall:
    def after(moment: float | None) -> float | None:
        return None if moment is None else round(moment - since, 3)

    # A line of our own is decided when it is given to the voice.
    decided = reply.decided if reply.decided is not None else reply.segment
    return Waterfall(
        turn=reply.turn,
        decided_s=round((sent if decided is None else decided) - since, 3),
        token_s=after(reply.token),
        segment_s=after(reply.segment),
        audio_s=after(reply.audio),
        sent_s=round(sent - since, 3),
        sound_s=round(sent + reply.quiet_s - since, 3),
    )
