"""How a simulated media stream runs: the callee's sound to our socket, ours to the callee's ear."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from random import Random
from typing import Final

import aiohttp
from msgspec import Struct

from vantum.limits import FRAME_S
from vantum.simulator.callees import Weather
from vantum.simulator.stage import Stage
from vantum.simulator.stretch import Stretch
from vantum.simulator.twilio_playout import Playout
from vantum.simulator.twilio_twiml import Stream
from vantum.simulator.twilio_web import Web
from vantum.wire import twilio as wire

UNSENT: Final = 500  # messages, 10 s: a server that leaves more unread loses the oldest (31930)
STOP_S: Final = 1.0  # for the last message and the closing handshake
STRUCK_AT: Final = 50  # ticks: a stream is struck in its second second
DROPPED: Final = 1011  # what a media server says that fails
_CALM: Final = Weather()


class Ids(Struct, frozen=True):
    """Whose stream it is."""

    account_sid: str
    call_sid: str
    stream_sid: str


class Line:
    """One stream, from `<Connect><Stream>` to its end."""

    def __init__(
        self,
        stage: Stage,
        ids: Ids,
        stream: Stream,
        weather: Weather,
        *,
        owed: Callable[[], int],
        warn: Callable[[int], None],
    ) -> None:
        """`owed`: how many ticks the telephone's clock is behind."""
        self.ids = ids
        self._stage = stage
        self._stream = stream
        self._warn = warn
        self._network = _Network(weather, stage.dice)
        self._playout = Playout()
        self._inbox = _Inbox(owed)
        self._outbox = _Outbox(warn)
        self._sequence = self._ticks = 0
        self._running = False
        self._work = Stretch()

    async def run(self, web: Web) -> None:
        """Connect, and carry sound until our server closes. Raises UnreachedError.

        Cancelled, it says that the stream stops and closes.
        """
        async with web.socket(self._stream.url) as socket:
            self._begin()
            try:
                if await self._work.run(self._carry(socket)) is None:
                    await socket.close(code=DROPPED)
            finally:
                self._running = False
                await self._stop(socket)

    def exchange(self, said: bytes) -> bytes | None:
        """20 ms: the callee said this; what they hear meanwhile, as `Playout.take` has it."""
        if not self._running:
            return b""
        self._ticks += 1
        for asked in self._inbox.taken(self._ticks):
            self._obey(asked)
        if self._ticks == STRUCK_AT:
            self._suffer()
        # These 20 ms are over in both directions: what was heard has played, what was said is sent.
        heard = self._playout.take()
        self._echo()
        for chunk, ticks, what in self._network.passes(self._ticks, said):
            if isinstance(what, str):
                self._return(what)
                continue
            sound = wire.InboundSound("inbound", str(chunk), _ms(ticks), what)
            self._send(wire.Media(self._next(), self.ids.stream_sid, sound))
        return heard

    def press(self, key: str) -> None:
        """The callee pressed a key."""
        if self._running:
            digit = wire.Digit("inbound_track", key)
            self._send(wire.Dtmf(self._next(), self.ids.stream_sid, digit))

    def _begin(self) -> None:
        ids = self.ids
        self._send(wire.Connected())
        start = wire.StartDetails(
            ids.account_sid,
            ids.stream_sid,
            ids.call_sid,
            custom_parameters=self._stream.parameters,
        )
        self._send(wire.Start(self._next(), ids.stream_sid, start))
        self._running = True
        self._stage.understood("twilio", self._stream)
        self._stage.count("twilio", "streams")

    async def _carry(self, socket: aiohttp.ClientWebSocketResponse) -> bool:
        """Until our server closes."""
        async with asyncio.TaskGroup() as group:
            writing = group.create_task(self._outbox.write(socket), name="write")
            await self._read(socket)
            writing.cancel()
        return True

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self._take(message.data)
            elif message.type is aiohttp.WSMsgType.BINARY:
                self._warn(31950)

    def _take(self, text: str) -> None:
        try:
            asked = wire.to_carrier(text)
        except wire.MessageError:
            self._warn(31951)
            return
        if asked.stream_sid != self.ids.stream_sid:
            self._warn(31951)
            return
        self._inbox.put(self._ticks, asked)
        for now in self._inbox.taken(self._ticks + 1):
            self._obey(now)

    def _obey(self, asked: wire.ToCarrier) -> None:
        if isinstance(asked, wire.Play):
            if not self._playout.add(asked.media.payload):
                self._warn(31931)
        elif isinstance(asked, wire.Label):
            self._playout.mark(asked.mark.name)
            self._echo()
        else:
            self._stage.count("twilio", "clears")
            self._playout.clear()
            self._echo()

    def _echo(self) -> None:
        for name in self._playout.reached():
            if not self._network.holds(self._ticks, name):
                self._return(name)

    def _return(self, mark: str) -> None:
        self._send(wire.Mark(self._next(), self.ids.stream_sid, wire.Name(mark)))

    def _send(self, message: wire.FromCarrier) -> None:
        self._outbox.put(wire.written(message))

    def _suffer(self) -> None:
        struck = self._stage.faults.strikes("twilio", "drop", "stall_middle", "unknown_type")
        if struck is None:
            return
        if struck.fault == "drop":
            self._work.end()
        elif struck.fault == "stall_middle":
            self._network.stall(self._ticks, 3_600 if struck.seconds is None else struck.seconds)
        else:
            self._outbox.put('{"event":"something_new"}')

    async def _stop(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        if socket.closed:
            return
        over = wire.StopDetails(self.ids.account_sid, self.ids.call_sid)
        self._send(wire.Stop(self._next(), self.ids.stream_sid, over))
        try:
            async with asyncio.timeout(STOP_S):
                await self._outbox.flush(socket)
                await socket.close()
        except TimeoutError:
            self._warn(31921)

    def _next(self) -> str:
        self._sequence += 1
        return str(self._sequence)


class _Inbox:
    """What we are told, and in which tick it counts: nothing is heard before it was sent.

    Holds what a stall of the clock lets come in.
    """

    def __init__(self, owed: Callable[[], int]) -> None:
        self._owed = owed
        self._told: deque[tuple[int, wire.ToCarrier]] = deque()  # each after this tick

    def put(self, tick: int, asked: wire.ToCarrier) -> None:
        """Told after this tick, and those that are owed."""
        self._told.append((tick + self._owed(), asked))

    def taken(self, tick: int) -> Iterator[wire.ToCarrier]:
        """What counts from this tick on."""
        while self._told and self._told[0][0] < tick:
            yield self._told.popleft()[1]


class _Outbox:
    """What is to be sent. Bounded: see UNSENT."""

    def __init__(self, warn: Callable[[int], None]) -> None:
        self._warn = warn
        self._texts: deque[str] = deque()
        self._filled = asyncio.Event()

    def put(self, text: str) -> None:
        """Send this."""
        if len(self._texts) >= UNSENT:
            self._texts.popleft()
            self._warn(31930)
        self._texts.append(text)
        self._filled.set()

    async def write(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Send what comes; until it is cancelled."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            await self.flush(socket)

    async def flush(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Send what is there."""
        try:
            while self._texts:
                await socket.send_str(self._texts.popleft())
        except (aiohttp.ClientError, ConnectionError):
            self._texts.clear()  # the other side is gone; its end is read elsewhere


class _Network:
    """What comes through of the callee's sound, and when.

    Order is kept, that of marks among the sound too: the socket is TCP.
    """

    def __init__(self, weather: Weather, dice: Random) -> None:
        self._weather = weather
        self._dice = dice
        self._under_way: deque[tuple[int, int, bytes | str]] = deque()  # due, sent, sound or mark
        self._stalled_until = 0
        self._chunk = 0  # the number of the newest that arrived

    def holds(self, tick: int, mark: str) -> bool:
        """Whether a mark must wait for the sound before it; then it passes behind that."""
        if tick >= self._stalled_until and not self._under_way:
            return False
        self._under_way.append((tick, tick, mark))
        return True

    def passes(self, tick: int, frame: bytes) -> list[tuple[int, int, bytes | str]]:
        """This frame is sent; what arrives now: frames by number, and when each was sent."""
        weather = self._weather
        if weather == _CALM and tick >= self._stalled_until and not self._under_way:
            self._chunk += 1
            return [(self._chunk, tick, frame)]
        if self._dice.random() >= weather.loss_share:
            late = round(self._dice.uniform(0.0, weather.jitter_s) / FRAME_S)
            self._under_way.append((tick + late, tick, frame))
        if self._dice.random() < weather.burst_share:
            self.stall(tick, weather.burst_s)
        arrived = []
        while tick >= self._stalled_until and self._under_way and self._under_way[0][0] <= tick:
            _, sent, what = self._under_way.popleft()
            self._chunk += isinstance(what, bytes)
            arrived.append((self._chunk, sent, what))
        return arrived

    def stall(self, tick: int, seconds: float) -> None:
        """Nothing comes through for so long; then all of it at once."""
        self._stalled_until = max(self._stalled_until, tick + round(seconds / FRAME_S))


def _ms(ticks: int) -> str:
    return str(round(ticks * FRAME_S * 1_000))
