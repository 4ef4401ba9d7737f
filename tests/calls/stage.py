"""Whole calls in virtual time: the real call, its tasks and queues, on a clock that jumps.

Nothing waits here: when all tasks sleep, the clock jumps to the next timer. A call that nothing
would ever wake again is reported instead of hanging.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from vantum.audio.pcm import Encoding
from vantum.audio.playout import OnHold
from vantum.call import Call, Cast, House
from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation.policy import Policy
from vantum.conversation.states import State
from vantum.playback import PlayoutClock
from vantum.providers.base import Finalise, ListenOptions, Spoken, VoiceOptions
from vantum.providers.scripted import (
    TONE,
    ScriptedModel,
    ScriptedSpeechToText,
    ScriptedTextToSpeech,
)
from vantum.session import Session
from vantum.telemetry import Metrics, server_log

FRAME_S = 0.1
RATE_HZ = 16_000
FRAME = TONE  # the scripted voice hums in pieces of the same length
T0 = 1_000.0
LEAST_S = 1e-7  # of work, each time round: a clock that stands still would never be on time


class Jumping(selectors.DefaultSelector):
    """Where another loop would sleep, time passes at once."""

    now = T0

    def select(self, timeout: float | None = None) -> list[Any]:
        assert timeout is not None, "nothing will ever happen again"
        self.now += max(LEAST_S, timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    def stand_still(self, seconds: float) -> None:
        """So long something else has the thread, and every timer waits."""
        self._jumping.now += seconds


def play(course: Coroutine[Any, Any, None]) -> None:
    """Run one test in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(course)


@dataclass
class Told:
    """One thing that reached the client."""

    at: float
    what: str
    turn: int = 0
    pcm: bytes = b""


class Ear:
    """The client's end: keeps everything that was sent to it, and when."""

    encoding: Encoding = "s16le"
    rate_hz = RATE_HZ
    frame_s = FRAME_S

    def __init__(self, on_hold: OnHold) -> None:
        self.on_hold: OnHold = on_hold
        self.told: list[Told] = []
        self.notices: list[do.Notice] = []
        self.closed: ev.EndReason | None = None
        self.is_closed = asyncio.Event()
        self.changed = asyncio.Event()

    def _note(self, what: str, turn: int = 0, pcm: bytes = b"") -> None:
        self.told.append(Told(asyncio.get_running_loop().time() - T0, what, turn, pcm))
        self.changed.set()

    def begin(self, turn: int) -> None:
        self._note("begin", turn)

    def send(self, turn: int, pcm: bytes) -> None:
        self._note("frame", turn, pcm)

    def complete(self, turn: int, sound_s: float) -> None:
        self._note("complete", turn)

    def hold(self, turn: int) -> None:
        self._note("hold", turn)

    def resume(self, turn: int, sent_s: float) -> None:
        self._note("resume", turn)

    def cancel(self, turn: int, *, interrupted: bool) -> None:
        self._note("interrupt" if interrupted else "stop", turn)

    def tell(self, notice: do.Notice) -> None:
        self.notices.append(notice)
        self._note(type(notice).__name__)

    def stopping(self, within_s: float) -> None:
        self._note("stopping")

    def close(self, reason: ev.EndReason) -> None:
        self.closed = self.closed or reason
        self.is_closed.set()
        self._note("close")

    def all(self, what: str) -> list[Told]:
        return [told for told in self.told if told.what == what]

    def faults(self) -> list[str]:
        return [notice.service for notice in self.notices if isinstance(notice, do.Fault)]


class Reported:
    """A recogniser that reports what the test says, when it says it."""

    def __init__(self) -> None:
        self.findings: asyncio.Queue[ev.Hearing] = asyncio.Queue()

    async def listen(
        self, audio: AsyncIterator[bytes | Finalise], options: ListenOptions
    ) -> AsyncGenerator[ev.Hearing, None]:
        while True:
            yield await self.findings.get()


class Eager:
    """A voice that makes sound as fast as it is taken, and counts it."""

    def __init__(self) -> None:
        self.made_s = 0.0
        self.opened = self.closed = 0

    async def speak(
        self, pieces: AsyncIterator[str], options: VoiceOptions
    ) -> AsyncGenerator[Spoken, None]:
        self.opened += 1
        try:
            number = 0
            async for text in pieces:
                for _ in range(len(text)):
                    self.made_s += FRAME_S
                    yield Spoken(number, FRAME, RATE_HZ)
                yield Spoken(number, b"", RATE_HZ, last=True)
                number += 1
        finally:
            self.closed += 1


@dataclass
class Talk:
    """One live call and the test's hands on it."""

    call: Call
    ear: Ear
    gone: asyncio.Event
    _before: set[Any] = field(default_factory=set)

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time() - T0

    async def until(self, condition: Callable[[], Any], deadline_s: float = 120.0) -> None:
        async with asyncio.timeout(deadline_s):
            while not condition():
                self.ear.changed.clear()
                await self.ear.changed.wait()

    async def is_in(self, state: State) -> None:
        await self.until(lambda: self.call.state is state)

    async def asks(self) -> None:
        """A whole question, in a recording of its own."""
        self.call.open_input(ListenOptions(RATE_HZ), automatic=False, greets=False)
        await self.call.hear(FRAME)
        self.call.close_input()

    async def is_answered(self) -> int:
        """Wait for the sound of the next answer; returns its turn."""
        heard = len(self.ear.all("begin"))
        await self.asks()
        await self.until(lambda: len(self.ear.all("begin")) > heard)
        return self.ear.all("begin")[-1].turn

    async def settles(self) -> None:
        """Let everything due now happen; no time passes."""
        for _ in range(20):
            await asyncio.sleep(0)


def cast(**parts: Any) -> Cast:
    """Scripted providers, but for those named."""
    given = {
        "ears": ScriptedSpeechToText(),
        "mind": ScriptedModel(),
        "voice": ScriptedTextToSpeech(),
        "policy": Policy(),
    }
    return Cast(**(given | parts))


@asynccontextmanager
async def calling(on_hold: OnHold = "pauses", **parts: Any) -> AsyncIterator[Talk]:
    """A call that has begun; afterwards it is hung up, and nothing of it may be left."""
    loop = asyncio.get_running_loop()
    before = asyncio.all_tasks()
    clock = PlayoutClock()
    ticking = loop.create_task(clock.run(), name="playout")
    ear = Ear(on_hold)
    now = loop.time()
    session = Session("session-7", "connection-7", created_at=now, last_activity=now)
    call = Call(cast(**parts), session, ear, House(clock, Metrics()), server_log())
    gone = asyncio.Event()

    async def listen() -> None:
        await gone.wait()

    async def write() -> None:
        await ear.is_closed.wait()

    life = loop.create_task(call.run(listen(), write()), name="call")
    talk = Talk(call, ear, gone)
    try:
        await talk.is_in(State.LISTENING)
        yield talk
        gone.set()
        async with asyncio.timeout(30):
            await life
        assert call.state is State.ENDED
        told = len(ear.told)
        await asyncio.sleep(60)
        assert len(ear.told) == told, "something was sent after the end"
        left = asyncio.all_tasks() - before - {ticking}
        assert not left
    finally:
        life.cancel()
        ticking.cancel()
        await asyncio.gather(life, ticking, return_exceptions=True)
