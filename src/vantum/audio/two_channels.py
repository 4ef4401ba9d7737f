"""Where the sound of both ends stands on the one clock of a phone call, and what of it is final.

The clock is the carrier's: samples since its stream began, which its own frames count. The caller's
sound says itself where it belongs. The agent's is placed as the carrier plays it, first in, first
out: as if nothing took time on the way, and later by the time there and back, which every mark that
comes back tells. It comes between two inbound frames, so that these say on the carrier's clock,
within 20 ms even on a line that stalls, when all before the mark had played.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from vantum.audio.arrivals import FRAME_SAMPLES, RATE_HZ, SILENCE
from vantum.audio.carrier_clock import CarrierClock

# Sound is not torn apart for less: a mark is as exact as one frame.
_TORN_SAMPLES: Final = FRAME_SAMPLES
_LOST_SAMPLES: Final = 2 * RATE_HZ  # a mark that is so late will not come


class TwoChannels:
    """The ledger of one call; sound is mu-law at 8 kHz, `now` seconds on a monotonic clock."""

    def __init__(self, now: float) -> None:
        """`now`: when the carrier said that its stream begins."""
        self._clock = CarrierClock(now)
        self._taken = 0  # so much of both channels was given away
        self._caller = bytearray()  # from there on
        self._agent = bytearray()
        self._sent: deque[_Sent] = deque()  # not known to have played
        self._sent_end = 0
        self._placed_end = 0  # of the sound that was placed last, as `_Sent` counts
        self._marks: dict[str, int] = {}  # name -> where it stands, as `_Sent` counts
        self._echoes: list[tuple[int, int]] = []  # where they stand, the clock when they came
        self._delay: int | None = None  # there and back, of what is being placed

    def heard(self, mulaw: bytes, position: int, now: float) -> None:
        """The caller's sound, and where on the clock it ends."""
        moved = self._clock.shown(position, now)
        if moved:
            self._move(moved)
        begin = position - len(mulaw)
        self._resolve_echoes(position)
        self._caller += SILENCE * (begin - self._caller_end)
        self._caller += mulaw

    def at(self, now: float) -> int:
        """The clock, as far as the caller's sound tells."""
        return self._clock.at(now)

    def plays(self, mulaw: bytes, now: float) -> None:
        """Sound is sent, to be played behind what was sent before."""
        begin = max(self._sent_end, self._clock.at(now))
        self._sent.append(_Sent(begin, mulaw))
        self._sent_end = begin + len(mulaw)

    def marked(self, name: str, now: float) -> None:
        """A mark is sent behind that."""
        self._marks[name] = max(self._sent_end, self._clock.at(now))

    def cleared(self, now: float) -> None:
        """The carrier is told to throw away what has not played; it returns its marks at once."""
        at = self._clock.at(now)
        thrown: deque[bytes] = deque()
        while self._sent and self._sent[-1].end > at and not self._sent[-1].thrown:
            last = self._sent.pop()
            played = max(0, at - last.begin)
            thrown.appendleft(last.mulaw[played:])
            if played:
                self._sent.append(_Sent(last.begin, last.mulaw[:played]))
        if thrown:
            self._sent.append(_Sent(at, b"".join(thrown), thrown=True))
        self._sent_end = min(self._sent_end, at)
        self._marks = {name: min(stands, at) for name, stands in self._marks.items()}

    def echoed(self, name: str, now: float) -> None:
        """A mark came back. Unknown ones are ignored."""
        stands = self._marks.pop(name, None)
        if stands is not None:
            self._echoes.append((stands, self._clock.at(now)))

    def settled(self, now: float) -> tuple[bytes, bytes]:
        """What is final since it was last asked: caller and agent, as long as each other."""
        self._place(self._clock.at(now) - (self._delay or 0) - _LOST_SAMPLES, None)
        # Whatever is sent from now on plays later than this, and what was sent no earlier.
        final = min(self._caller_end, self._sent[0].begin if self._sent else self._caller_end)
        return self._take(final)

    def end(self) -> tuple[bytes, bytes]:
        """All that is left: up to the last frame, since nothing tells what was heard after it."""
        self._resolve_echoes(self._caller_end + FRAME_SAMPLES)
        self._place(self._sent_end + 1, None)
        return self._take(self._caller_end)

    @property
    def _caller_end(self) -> int:
        return self._taken + len(self._caller)

    def _take(self, until: int) -> tuple[bytes, bytes]:
        length = max(0, until - self._taken)
        self._taken += length
        return _cut(self._caller, length), _cut(self._agent, length)

    def _move(self, moved: int) -> None:
        """What was sent before the first frame stands where the clock was thought to be."""
        self._sent = deque(
            _Sent(sent.begin + moved, sent.mulaw, sent.thrown) for sent in self._sent
        )
        self._sent_end += moved
        self._marks = {name: stands + moved for name, stands in self._marks.items()}
        self._echoes = [(stands + moved, at + moved) for stands, at in self._echoes]

    def _resolve_echoes(self, position: int) -> None:
        """The frame that ends at `position` is the first one behind these echoes."""
        for stands, at in self._echoes:
            # The carrier sent the echo before this frame had ended. Where it came long after that,
            # it was held up on the way, and the frame's middle is nearest to all it may have been.
            held_up = at > position + FRAME_SAMPLES // 2
            echoed_at = position - FRAME_SAMPLES // 2 if held_up else min(at, position)
            self._place(stands, max(0, echoed_at - stands))  # nothing plays before it is sent
        self._echoes.clear()

    def _place(self, until: int, delay: int | None) -> None:
        """Place what was sent before `until`; a mark there has come back after `delay`."""
        self._marks = {name: at for name, at in self._marks.items() if at > until}
        batch = []
        while self._sent and self._sent[0].is_before(until):
            batch.append(self._sent.popleft())
        more = b""
        if delay is not None and self._delay is not None and _is_cut(batch, until):
            # The clear brought this mark back. If it was late, so was the clear: more has played.
            late = delay - self._delay
            more = batch[-1].mulaw[:late] if late > _TORN_SAMPLES else b""
            delay = self._delay
        whole_from = _last_pause(batch)
        for sent in batch:
            if not sent.thrown:
                self._measure(sent.begin, delay, measured=sent.begin >= whole_from)
                self._put(sent.begin, sent.mulaw)
        if more:
            self._put(until, more)

    def _measure(self, begin: int, delay: int | None, *, measured: bool) -> None:
        """The delay changes in a pause, and in the midst of sound only where the line stalled.

        `measured`: no pause lies between this sound and the mark that came back after `delay`.
        """
        if delay is None:
            return
        pause = begin > self._placed_end
        if self._delay is None or (measured and (pause or delay > self._delay + _TORN_SAMPLES)):
            self._delay = delay
        elif pause:
            self._delay = min(self._delay, delay)

    def _put(self, begin: int, mulaw: bytes) -> None:
        at = begin + (self._delay or 0) - self._taken
        self._agent += SILENCE * (at - len(self._agent))
        self._agent += mulaw
        self._placed_end = begin + len(mulaw)


class _Sent(Struct, frozen=True):
    """Sound on its way, and where it would begin to play if nothing took time on the way."""

    begin: int
    mulaw: bytes
    thrown: bool = False  # by a clear that stands at `begin`

    @property
    def end(self) -> int:
        return self.begin + (0 if self.thrown else len(self.mulaw))

    def is_before(self, mark: int) -> bool:
        return self.begin < mark or (self.thrown and self.begin == mark)


def _is_cut(batch: Sequence[_Sent], at: int) -> bool:
    return bool(batch) and batch[-1].thrown and batch[-1].begin == at


def _last_pause(batch: Sequence[_Sent]) -> int:
    """Where the sound begins that is whole up to the end."""
    begin = batch[-1].begin if batch else 0
    for sent in reversed(batch):
        if sent.end < begin:
            break
        begin = sent.begin
    return begin


def _cut(sound: bytearray, length: int) -> bytes:
    """Take the first `length` samples out, silence where there are not so many."""
    taken = bytes(sound[:length])
    del sound[:length]
    return taken + SILENCE * (length - len(taken))
