"""When the sound of a call goes out: one ledger per call, one clock for all calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import floor
from typing import Final

from vantum import limits
from vantum.audio.echo import Played
from vantum.audio.pcm import Encoding
from vantum.audio.playout import Playout
from vantum.audio.resample import Resampler, resampler
from vantum.conversation.effects import Play
from vantum.nobody import nobody
from vantum.transports.base import Outlet

_REST_S: Final = 1.0  # a voice that was far enough ahead is not woken for each of its sounds
_ROUNDING: Final = 1e-6  # of a tick: waking a hair early must not make a second round


class PlayoutClock:
    """Wakes every speaking player on an absolute 20 ms schedule; silent ones cost nothing."""

    def __init__(self) -> None:
        self._players: set[Player] = set()
        self._somebody = asyncio.Event()

    def add(self, player: Player) -> None:
        """Wake this player from now on."""
        self._players.add(player)
        self._somebody.set()

    def remove(self, player: Player) -> None:
        """Leave it alone."""
        self._players.discard(player)

    async def run(self) -> None:
        """Tick for ever; the composition root owns the task."""
        loop = asyncio.get_running_loop()
        while True:
            if not self._players:
                self._somebody.clear()
                await self._somebody.wait()
            self._pump_all(loop.time())
            await asyncio.sleep(_next_tick(loop.time()) - loop.time())

    def _pump_all(self, now: float) -> None:
        for player in tuple(self._players):
            player.pump(now)


def _next_tick(now: float) -> float:
    """The next point of the grid, however long the last round took; never `now` itself."""
    return (floor(now / limits.FRAME_S + _ROUNDING) + 1) * limits.FRAME_S


class Player:
    """The sound of one call on its way out."""

    def __init__(
        self,
        outlet: Outlet,
        clock: PlayoutClock,
        played_out: Callable[[int], None],
        sent: Callable[[int, bytes, float], None],
    ) -> None:
        """`sent` is told the turn, each frame of it, and when it went out."""
        self._outlet = outlet
        self._clock = clock
        self._played_out = played_out
        self._sent = sent
        self._playout = Playout(
            outlet.rate_hz,
            outlet.frame_s,
            limits.LEAD_S,
            outlet.on_hold,
            encoding=outlet.encoding,
            confirm_s=limits.MARK_S if outlet.on_hold == "clears" else 0.0,
        )
        # Browsers remove their echo themselves, phones may not.
        self.played = Played() if outlet.encoding == "mulaw" else None
        # The voice's rate and coding, and their converter.
        self._voice: tuple[int, Encoding, Resampler] | None = None
        self._turn: int | None = None  # being played
        self._held_turn: int | None = None  # may be held before its first sound
        self._finished = False
        self._completed = False  # the client was told that all was sent
        self._room = asyncio.Event()
        self._room.set()

    def play(self, sound: Play, now: float) -> None:
        """Queue sound of a turn."""
        if sound.turn != self._turn:
            self._begin(sound.turn, now)
        kind = (sound.rate_hz, sound.encoding)
        if self._voice is None or self._voice[:2] != kind:
            out = self._outlet
            self._voice = (*kind, resampler(kind[0], out.rate_hz, kind[1], out.encoding))
        self._playout.queue(self._voice[2].push(sound.pcm))
        self.pump(now)

    def _begin(self, turn: int, now: float) -> None:
        self._turn = turn
        self._voice = None
        self._finished = self._completed = False
        self._playout.begin(turn)
        self._outlet.begin(turn)
        self._clock.add(self)
        if self._held_turn == turn:
            self.hold(turn, now)

    def finish(self, turn: int, now: float) -> None:
        """No more sound of `turn` will come; a turn without sound is over at once."""
        if turn != self._turn:
            self._played_out(turn)
            return
        if self._voice is not None:
            self._playout.queue(self._voice[2].flush())
        self._finished = True
        self._playout.finish()
        self.pump(now)

    def pump(self, now: float) -> None:
        """Send what is due."""
        turn = self._turn
        if turn is None:
            self._clock.remove(self)
            return
        for frame in self._playout.due(now):
            self._outlet.send(turn, frame)
            self._sent(turn, frame, now)
            if self.played is not None:
                self.played.sent(frame)
        ahead_s = self._playout.queued_ahead_s(now)
        if ahead_s >= limits.AHEAD_S:
            self._room.clear()
        elif ahead_s < limits.AHEAD_S - _REST_S:
            self._room.set()
        if not self._finished:
            return
        if not self._completed and ahead_s <= limits.LEAD_S and self._playout.all_sent:
            self._completed = True
            self._outlet.complete(turn, self._playout.sent_s)
        if self._playout.done(now):
            self._turn = None
            self._clock.remove(self)
            self._played_out(turn)

    async def room(self) -> None:
        """Wait while more than enough sound is made ahead of the caller's ear."""
        await self._room.wait()

    def hold(self, turn: int, now: float) -> None:
        """Fall silent, or begin silent; what was not heard is kept."""
        self._held_turn = turn
        if turn == self._turn:
            self._playout.hold(now)
            self._outlet.hold(turn)

    def resume(self, turn: int, now: float) -> None:
        """Go on where the caller stopped hearing."""
        self._held_turn = None
        if turn == self._turn:
            self._playout.resume(now)
            self._outlet.resume(turn, self._playout.sent_s)
            self.pump(now)

    def stop(self, turn: int, now: float, *, interrupted: bool) -> float:
        """Drop the sound of `turn`; returns the seconds of it that were heard."""
        self._room.set()
        if turn != self._turn:
            return 0.0
        heard_s = self._playout.stop(now)
        self._turn = None
        self._clock.remove(self)
        self._outlet.cancel(turn, interrupted=interrupted)
        return heard_s

    def close(self) -> None:
        """Nothing is played any more, and nobody told."""
        self._clock.remove(self)
        self._played_out = nobody

    def confirm(self, turn: int, heard_s: float, now: float) -> None:
        """The client reports how much of `turn` it has played."""
        if turn == self._turn:
            self._playout.confirm(heard_s, now)
