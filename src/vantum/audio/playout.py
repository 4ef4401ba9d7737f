"""What of one utterance was queued, sent and heard, and which frames are due now.

Positions are samples from the beginning of the utterance. Two clocks run along them: `schedule`
says what may be sent (absolute, so nothing drifts, and late confirmations do not make it stutter),
`ear` says what the caller has heard (our clock, corrected by the carrier's marks or the page's
progress). Both wait while there is nothing left to play, and go on with the next frame sent.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from vantum.audio.pcm import Encoding, even, sample_bytes

SLACK_SAMPLES: Final = 0.01  # monotonic time in float64 is good to 1e-4 samples after months

# Voices make sound in parts of about 100 ms; what follows this long comes before it has sounded.
FIRST_S: Final = 0.06

OnHold = Literal[
    "clears",  # phone: the carrier's buffer is emptied; sending goes on again from what was heard
    "pauses",  # page: keeps its buffer and stops playing it
    "plays_on",  # legacy client: is only sent no more, and plays what it has
]


class Playout:
    """The outbound sound of one call, one utterance (turn) at a time."""

    def __init__(
        self,
        rate_hz: int,
        frame_s: float,
        lead_s: float,
        on_hold: OnHold,
        *,
        encoding: Encoding = "s16le",
        confirm_s: float = 0.0,
    ) -> None:
        frame = max(1, round(frame_s * rate_hz))
        # at least two frames: one sounding, one under way
        lead = max(2 * frame, round(lead_s * rate_hz))
        confirm = round(confirm_s * rate_hz)
        self._rate_hz = rate_hz
        self._line = _Line(frame, lead, on_hold, sample_bytes(encoding), confirm)
        self._turn = -1
        # What may still be sent: all of it where a peer clears. None: nothing may play.
        self._sound: bytearray | None = None
        self._dropped = 0  # samples before the first one kept
        self._queued = 0
        self._sent = 0
        self._confirmed = 0  # by the peer
        self._finished = False
        self._held = False
        self._schedule = _Clock(rate_hz)
        self._ear = _Clock(rate_hz)

    @property
    def sent_s(self) -> float:
        """How much of the utterance has been sent: the position a mark sent now stands for."""
        return self._sent / self._rate_hz

    @property
    def all_sent(self) -> bool:
        """Nothing queued waits to be sent."""
        return self._sent >= self._queued

    def begin(self, turn: int) -> None:
        """Open `turn` and drop all sound of older ones.

        Beginning the current turn again changes nothing: once stopped, it stays stopped.
        Raises ValueError for an older turn.
        """
        if turn < self._turn:
            raise ValueError(f"turn {turn} is over, turn {self._turn} has begun")
        if turn > self._turn:
            self._reset(bytearray())
            self._turn = turn

    def queue(self, pcm: bytes) -> None:
        """Add sound to the utterance; dropped when it was stopped. An odd last byte is lost."""
        if self._sound is not None:
            self._sound += pcm if self._line.width == 1 else even(pcm)
            self._queued = self._dropped + len(self._sound) // self._line.width

    def finish(self) -> None:
        """No more sound will be queued."""
        self._finished = True

    def due(self, now: float) -> list[bytes]:
        """The frames to send now, each `frame_s` long but the last.

        A shorter frame is given when no more is coming, or when the caller would otherwise fall
        silent within a frame: the end of a word belongs to the word, not to the next sentence. And
        an utterance may begin with one of `FIRST_S` or more, since somebody waits for it.
        """
        until = self._until(now)
        if self._sound is None or until <= self._sent:
            return []
        self._restart_dry(now)
        step = self._line.frame * self._line.width
        begin = (self._sent - self._dropped) * self._line.width
        end = (until - self._dropped) * self._line.width
        with memoryview(self._sound) as sound:
            frames = [bytes(sound[at : min(at + step, end)]) for at in range(begin, end, step)]
        self._sent = until
        if self._line.on_hold != "clears":  # nobody will ask for it again
            del self._sound[:end]
            self._dropped = until
        return frames

    def hold(self, now: float) -> None:
        """Send nothing until `resume`."""
        if self._held:
            return
        self._held = True
        if self._line.on_hold != "plays_on":
            self._schedule.stop(now)
            self._ear.stop(now)

    def resume(self, now: float) -> None:
        """Go on; a peer that clears is sent again what it had not heard."""
        if not self._held:
            return
        self._held = False
        if self._line.on_hold == "clears":
            self._sent = self._heard(now)
            self._schedule.set(now, self._sent)
        self._schedule.run(now)
        self._ear.run(now)

    def confirm(self, position_s: float, now: float) -> None:
        """The peer says that `position_s` of the utterance was heard up to now.

        A peer that clears is not believed while held: it returns the marks of what it threw away.
        """
        if self._held and self._line.on_hold == "clears":
            return
        self._confirmed = round(min(max(0.0, position_s) * self._rate_hz, self._sent))
        self._ear.set(now, self._confirmed)

    def heard_s(self, now: float) -> float:
        """How much the caller has heard: last confirmation and the time played since."""
        return self._heard(now) / self._rate_hz

    def queued_ahead_s(self, now: float) -> float:
        """Made and not yet heard."""
        return (self._queued - self._heard(now)) / self._rate_hz

    def done(self, now: float) -> bool:
        """Finished, sent and heard to the end; never true of a stopped utterance.

        A peer that confirms what it has played is given `confirm_s` to do so.
        """
        if self._sound is None or not self._finished or self._sent < self._queued:
            return False
        wait = 0 if self._confirmed >= self._queued else self._line.confirm
        return self._ear.at(now) + SLACK_SAMPLES >= self._queued + wait

    def stop(self, now: float) -> float:
        """End the utterance, drop the rest and give the seconds that were heard."""
        heard_s = self.heard_s(now)
        self._reset(None)
        return heard_s

    def _reset(self, sound: bytearray | None) -> None:
        self._sound = sound
        self._sent = self._dropped = self._queued = self._confirmed = 0
        self._finished = self._held = False
        self._schedule = _Clock(self._rate_hz)
        self._ear = _Clock(self._rate_hz)

    def _heard(self, now: float) -> int:
        return min(self._sent, int(self._ear.at(now) + SLACK_SAMPLES))

    def _dry(self, clock: _Clock, now: float) -> bool:
        return clock.at(now) + SLACK_SAMPLES >= self._sent

    def _restart_dry(self, now: float) -> None:
        """A clock with nothing left to play has waited; it goes on with what is sent now."""
        for clock in (self._schedule, self._ear):
            if self._dry(clock, now):
                clock.set(now, self._sent)
                clock.run(now)

    def _until(self, now: float) -> int:
        """The position up to which sound may be sent now, on a frame boundary if it can be."""
        if self._held:
            return self._sent
        played = min(self._sent, self._schedule.at(now))
        room = int(played + self._line.lead - self._sent + SLACK_SAMPLES)
        left = self._queued - self._sent
        if left <= room and self._finished:
            return self._queued
        if left < self._line.frame:
            begins = self._sent == 0 and left >= FIRST_S * self._rate_hz
            falls_silent = 0 < self._sent <= played + self._line.frame + SLACK_SAMPLES
            return self._queued if begins or falls_silent else self._sent
        return self._sent + min(left, room) // self._line.frame * self._line.frame


class _Line(Struct, frozen=True):
    """What is fixed about the way out: counts of samples, and bytes a sample."""

    frame: int
    lead: int
    on_hold: OnHold
    width: int
    confirm: int


class _Clock:
    """A position in samples that moves with time while it runs."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._position = 0.0
        self._since: float | None = None

    def at(self, now: float) -> float:
        if self._since is None or now <= self._since:
            return self._position
        return self._position + (now - self._since) * self._rate_hz

    def set(self, now: float, position: float) -> None:
        self._position = position
        if self._since is not None:
            self._since = now

    def run(self, now: float) -> None:
        if self._since is None:
            self._since = now

    def stop(self, now: float) -> None:
        self._position, self._since = self.at(now), None
