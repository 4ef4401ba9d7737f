"""What somebody on a simulated telephone hears, measured in the time of their own ear. Pure."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from vantum.limits import FRAME_S

HANG_TICKS: Final = 15  # 0.3 s: a shorter silence is inside a sentence
GAP_TICKS: Final = 2  # 40 ms: a longer hole is heard as a stutter


class Gap(Struct, frozen=True):
    """A hole where more sound should have been there, in seconds from the answer."""

    at_s: float
    length_s: float


class Measures(Struct, frozen=True, kw_only=True):
    """All that was measured, in seconds."""

    first_sound_s: float | None  # from the answer to the agent's first sound
    waits_s: list[float]  # from each last word of their own to the agent's next sound
    gaps: list[Gap]  # the stream ran dry inside a sentence, and went on
    overlap_s: float  # both were speaking
    heard_on_s: list[float]  # how long the agent went on after each interruption
    longest_silence_s: float  # nobody was speaking
    sound_s: float  # of the agent, in all


class Ear:
    """Takes note of every 20 ms."""

    def __init__(self) -> None:
        self._tick = 0
        self._first: int | None = None
        self._waits: list[int] = []
        self._holes = _Holes()
        self._silence = _Silence()
        self._heard_on: list[int] = []
        self._loud_ticks = self._overlap = 0
        self._quiet = HANG_TICKS  # ticks since the agent's last sound
        self._waiting: int | None = None  # since their own last word
        self._cutting: int | None = None  # since they began to speak into the agent's words
        self._saying = False

    def tick(self, *, saying: bool, heard: bytes | None, loud: bool) -> None:
        """They were saying something or not, and heard this: see `phone.Party.exchange`."""
        self._tick += 1
        self._holes.tick(self._tick, heard)
        if saying and not self._saying:
            self._waiting = None
            if self._quiet < HANG_TICKS:
                self._cutting = self._tick
                self._heard_on.append(0)
        elif self._saying and not saying:
            self._waiting = self._tick
        self._saying = saying
        self._quiet = 0 if loud else self._quiet + 1
        if loud:
            self._hear(saying=saying)
        elif self._quiet == HANG_TICKS:
            self._cutting = None
        self._silence.tick(broken=loud or saying)

    def measures(self) -> Measures:
        """So far."""
        return Measures(
            first_sound_s=None if self._first is None else _seconds(self._first),
            waits_s=[_seconds(ticks) for ticks in self._waits],
            gaps=list(self._holes.gaps),
            overlap_s=_seconds(self._overlap),
            heard_on_s=[_seconds(ticks) for ticks in self._heard_on],
            longest_silence_s=_seconds(self._silence.longest),
            sound_s=_seconds(self._loud_ticks),
        )

    def _hear(self, *, saying: bool) -> None:
        self._loud_ticks += 1
        self._overlap += saying
        if self._first is None:
            self._first = self._tick - 1
        if self._waiting is not None:
            self._waits.append(self._tick - self._waiting)
            self._waiting = None
        if self._cutting is not None:
            self._heard_on[-1] = self._tick - self._cutting + 1


class _Holes:
    """Where a stream ran dry and went on."""

    def __init__(self) -> None:
        self.gaps: list[Gap] = []
        self._dry = 0  # ticks so far

    def tick(self, now: int, heard: bytes | None) -> None:
        if heard is None:
            self._dry += 1
            return
        if heard and self._dry > GAP_TICKS:
            self.gaps.append(Gap(_seconds(now - 1 - self._dry), _seconds(self._dry)))
        self._dry = 0


class _Silence:
    """The longest that nobody broke."""

    def __init__(self) -> None:
        self.longest = 0
        self._lasts = 0

    def tick(self, *, broken: bool) -> None:
        self._lasts = 0 if broken else self._lasts + 1
        self.longest = max(self.longest, self._lasts)


def _seconds(ticks: int) -> float:
    return round(ticks * FRAME_S, 2)
