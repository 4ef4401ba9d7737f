"""The caller's end of a call in virtual time: a phone at the carrier, or a page in a browser.

A line plays what the call sends, 20 ms at a time, keeps what was heard and when, and sends what
the caller's microphone takes up: their speech, noise, and an echo of what is being played.
"""

# An outlet and a loop are told more than these heed.
# ruff: noqa: ARG002

from __future__ import annotations

import asyncio
import selectors
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, Final, TypeVar, TypeVarTuple

import numpy as np
from msgspec import Struct

from benchmarks.interruptions.corpus import HZ, Wave
from vantum.audio import pcm as sound
from vantum.audio.pcm import Encoding
from vantum.audio.playout import OnHold
from vantum.call import Call
from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation.events import Answered
from vantum.providers.base import ListenOptions
from vantum.simulator.twilio_playout import Playout
from vantum.telemetry import Log
from vantum.transports.base import Outlet
from vantum.transports.twilio import TwilioCall
from vantum.transports.twilio_outlet import HangUp, TwilioOutlet
from vantum.wire import twilio as wire

FRAME_S: Final = 0.02
ECHO_DB: Final = -20.0
FLOOR_DB: Final = -65.0  # of full scale: no line is as silent as zeros
PROGRESS_FRAMES: Final = 10  # a page says every 200 ms what it has played
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class _Jumping(selectors.DefaultSelector):
    """Where another loop would sleep, time passes at once."""

    now = 1_000.0

    def select(self, timeout: float | None = None) -> list[Any]:
        assert timeout is not None, "nothing will ever happen again"
        self.now += max(1e-7, timeout)  # a clock that stands still would never be on time
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time jumps to the next timer; what would run in a thread takes none."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        done: asyncio.Future[T] = self.create_future()
        done.set_result(func(*args))
        return done


def _room() -> Wave:
    """Noise of a room, not of a radio: low tones are louder. RMS 1."""
    white = np.fft.rfft(np.random.default_rng(1).standard_normal(1 << 19))
    shaped = np.fft.irfft(white / np.sqrt(np.arange(white.size) + 500.0))
    return np.asarray(shaped / np.sqrt((shaped**2).mean()))


_ROOM: Final = _room()


class Surroundings(Struct, frozen=True):
    """Where the caller is: noise below their speech, and whether the agent's voice comes back."""

    noise_db: float | None = None  # below the level of speech
    echo_delay_s: float | None = None
    seed: int = 0


class Microphone:
    """What the caller's side sounds like, frame by frame."""

    def __init__(self, around: Surroundings, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._frame = round(FRAME_S * rate_hz)
        self._at = 977 * around.seed % (_ROOM.size // 2)  # of the room
        self._level = 10 ** (FLOOR_DB / 20)
        self._around = around
        self._speech: Wave = np.zeros(0)
        delay = round((around.echo_delay_s or 0.0) * rate_hz)
        self._played: Wave = np.zeros(delay)  # sounds that are still on their way back

    def set_level(self, speech: Wave) -> None:
        """Noise is so much softer than this."""
        if self._around.noise_db is not None:
            rms = float(np.sqrt((speech**2).mean()))
            self._level = rms * 10 ** (-self._around.noise_db / 20)

    def say(self, wave: Wave) -> None:
        self._speech = np.concatenate((self._speech, wave))

    @property
    def speaking(self) -> bool:
        return bool(self._speech.size)

    def take(self, played: Wave) -> bytes:
        """The next 20 ms as s16le, while this is played."""
        mixed = np.zeros(self._frame)
        said, self._speech = self._speech[: self._frame], self._speech[self._frame :]
        mixed[: said.size] += said
        mixed += self._noise()
        if self._around.echo_delay_s is not None:
            self._played = np.concatenate((self._played, played))
            mixed += self._played[: self._frame] * 10 ** (ECHO_DB / 20)
            self._played = self._played[self._frame :]
        return sound.from_float(mixed)

    def _noise(self) -> Wave:
        self._at = (self._at + self._frame) % (_ROOM.size - self._frame)
        return _ROOM[self._at : self._at + self._frame] * self._level


class Heard(Struct):
    """What reached the caller's ear: sound and when its frame began, by the clock."""

    at: float
    pcm: bytes


class PhoneLine:
    """8 kHz mu-law through the messages of a media stream; the carrier's buffer is emptied."""

    rate_hz: int = 8_000
    encoding: Encoding = "mulaw"

    def __init__(self, log: Log) -> None:
        self.outlet = TwilioOutlet("MZ1")
        self.heard: list[Heard] = []
        self.heard_bytes = 0
        self.held_at: list[float] = []
        self._log = log
        self._playout = Playout()
        self._messages: asyncio.Queue[str | None] = asyncio.Queue()
        self._ticks = 0

    async def listen(self, call: Call) -> None:
        phone = TwilioCall(call, self.outlet, self._log, answered=Answered(inbound=True))
        await phone.listen(self._messages.get)

    async def write(self) -> None:
        while not isinstance(message := await self.outlet.messages.get(), HangUp):
            match wire.to_carrier(message):
                case wire.Play(media=media):
                    self._playout.add(media.payload)
                case wire.Label(mark=mark):
                    self._playout.mark(mark.name)
                case wire.Clear():
                    self._playout.clear()
                    self.held_at.append(asyncio.get_running_loop().time())
            self._send_marks()

    def _send_marks(self) -> None:
        for name in self._playout.reached():
            self._messages.put_nowait(wire.written(wire.Mark("1", "MZ1", wire.Name(name))))

    def take(self, now: float) -> Wave:
        """What was played in the 20 ms that are over."""
        played = self._playout.take()
        self._send_marks()
        if not played:
            return np.zeros(wire.FRAME_BYTES)
        self.heard.append(Heard(now - FRAME_S, played))
        self.heard_bytes += len(played)
        return sound.to_float(sound.decode_mulaw(played)).astype(np.float64)

    async def send(self, pcm: bytes) -> None:
        media = wire.InboundSound(
            "inbound", str(self._ticks + 1), str(20 * self._ticks), sound.encode_mulaw(pcm)
        )
        self._ticks += 1
        self._messages.put_nowait(wire.written(wire.Media("1", "MZ1", media)))

    def hang_up(self) -> None:
        self._messages.put_nowait(None)


class PageOutlet:
    """A browser's ear: it pauses on being told to, and goes on where it was."""

    encoding: Encoding = "s16le"
    rate_hz: int = HZ
    frame_s: float = FRAME_S
    on_hold: OnHold = "pauses"

    def __init__(self) -> None:
        self.queue: deque[tuple[int, bytes]] = deque()
        self.paused = False
        self.held_at: list[float] = []
        self.closed = asyncio.Event()

    def begin(self, turn: int) -> None:
        self.paused = False

    def send(self, turn: int, pcm: bytes) -> None:
        self.queue.append((turn, pcm))

    def complete(self, turn: int, sound_s: float) -> None: ...

    def hold(self, turn: int) -> None:
        self.paused = True
        self.held_at.append(asyncio.get_running_loop().time())

    def resume(self, turn: int, sent_s: float) -> None:
        self.paused = False

    def cancel(self, turn: int, *, interrupted: bool) -> None:
        self.hold(turn)
        self.queue.clear()
        self.paused = False

    def press(self, digits: str) -> None: ...

    def transfer(self, order: do.Transfer) -> None: ...

    def tell(self, notice: do.Notice) -> None: ...

    def stopping(self, within_s: float) -> None: ...

    def close(self, reason: ev.EndReason) -> None:
        self.closed.set()


class PageLine:
    """16 kHz, straight into the call: what the browser's frames hold."""

    rate_hz: int = HZ
    encoding: Encoding = "s16le"

    def __init__(self, _log: Log) -> None:
        self._page = PageOutlet()
        self.outlet: Outlet = self._page
        self.heard: list[Heard] = []
        self.heard_bytes = 0
        self.held_at = self._page.held_at
        self._call: Call | None = None
        self._gone = asyncio.Event()
        self._turn = self._played = 0

    async def listen(self, call: Call) -> None:
        self._call = call
        call.open_input(ListenOptions(HZ), automatic=True, greets=True)
        await self._gone.wait()

    async def write(self) -> None:
        await self._page.closed.wait()

    def take(self, now: float) -> Wave:
        size = round(FRAME_S * HZ)
        if self._page.paused or not self._page.queue:
            return np.zeros(size)
        turn, pcm = self._page.queue.popleft()
        if turn != self._turn:
            self._turn, self._played = turn, 0
        self._played += len(pcm) // 2
        self.heard.append(Heard(now - FRAME_S, pcm))
        self.heard_bytes += len(pcm)
        if self._call is not None and self._played // (size * PROGRESS_FRAMES) != (
            (self._played - len(pcm) // 2) // (size * PROGRESS_FRAMES)
        ):
            self._call.confirm_heard(turn, self._played / HZ)
        wave = np.zeros(size)
        wave[: len(pcm) // 2] = sound.to_float(pcm)
        return wave

    async def send(self, pcm: bytes) -> None:
        if self._call is not None:
            await self._call.hear(pcm)

    def hang_up(self) -> None:
        self._gone.set()
        self._page.closed.set()


Line = PhoneLine | PageLine
