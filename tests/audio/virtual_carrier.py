"""A phone carrier in virtual time, the way to it, and an agent that is cut off now and then.

The carrier writes down what the callee said and heard, each on its own clock: the recording that
ours is held against. Messages keep their order each way, as on one socket.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from vantum.audio.arrivals import Arrivals
from vantum.audio.two_channels import TwoChannels

RATE_HZ = 8_000
FRAME = 160
FRAME_S = 0.02
LEAD_S = 0.2
MARK_EVERY = 20  # frames
EPOCH_S = 86_400.0  # what our clock shows when the stream begins

Waits = Callable[[random.Random], float]


def steady(delay_s: float) -> Waits:
    return lambda _: delay_s


def jittery(delay_s: float, jitter_s: float) -> Waits:
    """Seldom the whole jitter, as queues on the way are."""
    return lambda lots: delay_s + jitter_s * lots.random() ** 3


def stalling(delay_s: float, stall_s: float, share: float) -> Waits:
    """Something is lost now and then, and all behind it waits until it was sent again."""
    return lambda lots: delay_s + (stall_s if lots.random() < share else 0.0)


@dataclass
class Way:
    """One direction of a socket."""

    waits: Waits
    free_at: float = 0.0

    def stalls(self, until: float) -> None:
        """What is sent from now on arrives no sooner."""
        self.free_at = max(self.free_at, until)

    def arrival(self, now: float, lots: random.Random) -> float:
        self.free_at = max(self.free_at, now + self.waits(lots))
        return self.free_at


@dataclass
class World:
    """Time goes from one happening to the next; `t` is the true time since the stream began."""

    lots: random.Random
    to_us: Way
    to_carrier: Way
    skew: float = 0.0  # how much faster our clock runs than the carrier's
    lost_share: float = 0.0  # of the callee's frames
    t: float = 0.0
    _agenda: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def now(self) -> float:
        """Our clock."""
        return EPOCH_S + self.t * (1 + self.skew)

    @property
    def position(self) -> int:
        """The carrier's clock."""
        return round(self.t * RATE_HZ)

    def at(self, t: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (t, next(self._order), act))

    def after(self, our_seconds: float, act: Callable[[], None]) -> None:
        self.at(self.t + our_seconds / (1 + self.skew), act)

    def send_us(self, act: Callable[[], None]) -> None:
        self.at(self.to_us.arrival(self.t, self.lots), act)

    def send_carrier(self, act: Callable[[], None]) -> None:
        self.at(self.to_carrier.arrival(self.t, self.lots), act)

    def run(self, until: float) -> None:
        while self._agenda and self._agenda[0][0] <= until:
            self.t, _, act = heapq.heappop(self._agenda)
            act()
        self.t = until


class Carrier:
    """Plays what it is sent, first in, first out; sends the callee's sound and its marks back."""

    def __init__(self, world: World, us: Us) -> None:
        self._world = world
        self._us = us
        self._buffer_end = 0
        self._generation = 0
        self._marks: list[str] = []
        self._frames = itertools.count()
        self._said: dict[int, bytes] = {}  # by position
        self._played: dict[int, bytes] = {}
        self._over = False
        self.said = self.heard = b""  # by the callee
        world.at(FRAME_S, self._hear)

    def _hear(self) -> None:
        if self._over:
            return
        number = next(self._frames)
        frame = unique_sound(self._world.lots, FRAME)
        self._said[number * FRAME] = frame
        if self._world.lots.random() >= self._world.lost_share:
            stamp_ms = round(number * FRAME_S * 1000)
            self._world.send_us(lambda: self._us.media(stamp_ms, frame))
        self._world.at((number + 2) * FRAME_S, self._hear)

    def media(self, frame: bytes) -> None:
        begin = max(self._buffer_end, self._world.position)
        self._played[begin] = frame
        self._buffer_end = begin + len(frame)

    def mark(self, name: str) -> None:
        self._marks.append(name)
        generation = self._generation
        played_at = max(self._buffer_end / RATE_HZ, self._world.t)
        self._world.at(played_at, lambda: self._echo(name, generation))

    def _echo(self, name: str, generation: int) -> None:
        if generation == self._generation:
            self._marks.remove(name)
            self._world.send_us(lambda: self._us.mark(name))

    def clear(self) -> None:
        here = self._world.position
        self._generation += 1
        self._played = {
            begin: frame[: max(0, here - begin)]
            for begin, frame in self._played.items()
            if begin < here
        }
        self._buffer_end = min(self._buffer_end, here)
        for name in self._marks:
            self._world.send_us(lambda name=name: self._us.mark(name))
        self._marks.clear()

    def hang_up(self) -> None:
        """Keep the recording up to now, and say that the call is over."""
        self._over = True
        length = self._world.position
        self.said = on_one_line(self._said, length)
        self.heard = on_one_line(self._played, length)
        self._world.send_us(self._us.is_over)


class Us:
    """The agent's end: an agent that speaks, is held and goes on, and a recording of it all."""

    def __init__(self, world: World, *, marks_clears: bool = True) -> None:
        """`marks_clears`: a mark is sent behind each clear."""
        self._world = world
        self._marks_clears = marks_clears
        self.carrier = Carrier(world, self)
        self._arrivals = Arrivals()
        self._channels = TwoChannels(world.now)
        self._names = itertools.count()
        self._speech = 0  # which one may go on
        self.caller, self.agent = bytearray(), bytearray()

    def media(self, stamp_ms: int, frame: bytes) -> None:
        heard = self._arrivals.push(stamp_ms, frame)
        if heard:
            self._channels.heard(heard, self._arrivals.position, self._world.now)
            self._keep(self._channels.settled(self._world.now))

    def mark(self, name: str) -> None:
        self._channels.echoed(name, self._world.now)

    def says(self, length_s: float) -> None:
        """Speak from now on, paced; what is still being said is not said any more."""
        self._speech += 1
        self._say(self._speech, self._world.now, 0, round(length_s / FRAME_S))

    def _say(self, speech: int, begun: float, sent: int, frames: int) -> None:
        if speech != self._speech:
            return
        while sent < frames and sent * FRAME_S < self._world.now - begun + LEAD_S - 1e-6:
            frame = unique_sound(self._world.lots, FRAME)
            self._channels.plays(frame, self._world.now)
            self._world.send_carrier(lambda frame=frame: self.carrier.media(frame))
            sent += 1
            if sent % MARK_EVERY == 0 or sent == frames:
                self._mark()
        if sent < frames:
            self._world.after(FRAME_S, lambda: self._say(speech, begun, sent, frames))

    def _mark(self) -> None:
        name = str(next(self._names))
        self._channels.marked(name, self._world.now)
        self._world.send_carrier(lambda: self.carrier.mark(name))

    def is_cut_off(self) -> None:
        self._speech += 1
        self._channels.cleared(self._world.now)
        self._world.send_carrier(self.carrier.clear)
        if self._marks_clears:
            self._mark()

    def is_over(self) -> None:
        self._keep(self._channels.end())

    def _keep(self, both: tuple[bytes, bytes]) -> None:
        caller, agent = both
        assert len(caller) == len(agent)
        self.caller += caller
        self.agent += agent


def unique_sound(lots: random.Random, length: int) -> bytes:
    """Noise without silence in it; no two pieces are alike."""
    return lots.randbytes(length).replace(b"\xff", b"\x7e")


def on_one_line(pieces: dict[int, bytes], length: int) -> bytes:
    """Pieces at their positions, silence between them."""
    line = bytearray(b"\xff" * length)
    for begin, sound in pieces.items():
        kept = sound[: max(0, length - begin)]
        line[begin : begin + len(kept)] = kept
    return bytes(line)
