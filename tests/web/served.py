"""A real server on a free port, and clients that talk to it in the domain's words.

Every frame that any test receives is held to the rules of the wire: binary, camel case, no wide
integers, no extensions, the session's id, an event id of its own.
"""

from __future__ import annotations

import asyncio
import math
import re
import socket
import struct
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from vantum.calls import Calls
from vantum.limits import Budgets
from vantum.settings import load_settings
from vantum.transports.ids import Ids
from vantum.web.app import build_app
from vantum.web.server import drop_dead_peers, listening_sockets, server_config

UUID7 = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
CAMEL = re.compile(r"^[a-z][a-zA-Z0-9]*$")
DEADLINE_S = 20.0  # nothing here takes a second; a shared machine may stall for some
FAST_POLL_S, SLOW_POLL_S = 0.002, 0.02
CHUNK_S = 0.1

LEGACY_NAMES = {
    "audio.input.start": "voicechat.audio.start",
    "audio.input.chunk": "voicechat.audio.chunk",
    "audio.input.stop": "voicechat.audio.end",
    "connection.lifecycle.ack": "connection.ack",
    "audio.output.start": "voicechat.response.start",
    "audio.output.chunk": "voicechat.response.chunk",
    "audio.output.complete": "voicechat.response.complete",
}


@dataclass(frozen=True)
class Frame:
    name: str
    event_id: str
    session_id: str
    payload: Mapping[str, Any]
    request_type: str | None
    at: float = field(default_factory=time.monotonic)

    @property
    def is_error(self) -> bool:
        return self.request_type is not None


def tone(seconds: float, rate: int = 16_000, level: int = 8_000) -> bytes:
    """Something to hear."""
    samples = (round(level * math.sin(n * 0.3)) | 1 for n in range(round(seconds * rate)))
    return b"".join(struct.pack("<h", sample) for sample in samples)


def _refuse_ext(code: int, _data: memoryview) -> object:
    raise AssertionError(f"extension type {code} on the wire")


_DECODER = msgspec.msgpack.Decoder(ext_hook=_refuse_ext)


def _check_value(value: object) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            assert CAMEL.match(key), f"{key} is not camelCase"
            _check_value(item)
    elif isinstance(value, list):
        for item in value:
            _check_value(item)
    elif isinstance(value, int):
        assert -(2**31) <= value < 2**32, f"{value} becomes a BigInt in a browser"


class Client:
    """One connection, legacy or `vantum.v2`."""

    def __init__(self, socket: ClientConnection, *, v2: bool) -> None:
        self.socket = socket
        self.v2 = v2
        self.events: list[Frame] = []
        self.session_id = ""
        self._ids = Ids()
        self._own_ids: set[str] = set()
        self._server_ids: set[str] = set()
        self._read_upto = 0
        self._changed = asyncio.Event()
        self._ended = asyncio.Event()
        self._reader = asyncio.get_running_loop().create_task(self._read(), name="client")
        self._failure: BaseException | None = None

    # -- reading -------------------------------------------------------------------------------

    async def _read(self) -> None:
        try:
            async for message in self.socket:
                self._take(message)
        except ConnectionClosed:
            pass
        except AssertionError as failure:
            self._failure = failure
        finally:
            self._ended.set()
            self._changed.set()

    def _take(self, message: str | bytes) -> None:
        assert isinstance(message, bytes), "a text frame"
        tree = _DECODER.decode(message)
        _check_value(tree)
        frame = Frame(
            tree["eventType"],
            tree["eventId"],
            tree["sessionId"],
            tree["payload"],
            tree.get("requestType"),
        )
        self.session_id = self.session_id or frame.session_id
        assert frame.session_id == self.session_id
        assert isinstance(frame.payload, dict)
        if frame.event_id not in self._own_ids:
            assert UUID7.match(frame.event_id), frame
            assert frame.event_id not in self._server_ids, "an event id twice"
            self._server_ids.add(frame.event_id)
        self.events.append(frame)
        self._changed.set()

    async def until(
        self, condition: Callable[[], Any], what: str = "", deadline_s: float = DEADLINE_S
    ) -> None:
        """Wait for something that frames bring about."""
        try:
            async with asyncio.timeout(deadline_s):
                while not condition():
                    if self._failure is not None:
                        raise self._failure
                    assert not self._ended.is_set(), f"closed, no {what}: {self.names()}"
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"no {what} in {deadline_s} s: {self.names()}") from None

    async def hears(self, name: str, deadline_s: float = DEADLINE_S) -> Frame:
        """The next frame of that canonical name, after those already waited for."""
        wire = self.wire_name(name)

        def find() -> int | None:
            unread = range(self._read_upto, len(self.events))
            return next((n for n in unread if self.events[n].name == wire), None)

        await self.until(lambda: find() is not None, wire, deadline_s)
        found = find()
        assert found is not None
        self._read_upto = found + 1
        return self.events[found]

    async def answer_to(self, event_id: str, deadline_s: float = DEADLINE_S) -> Frame:
        """The ack or error of a request."""

        def find() -> Frame | None:
            return next((f for f in self.events if f.event_id == event_id), None)

        await self.until(find, "answer", deadline_s)
        found = find()
        assert found is not None
        return found

    async def state(self, name: str) -> Frame:
        """The next change to that state."""
        while (frame := await self.hears("conversation.state.changed")).payload["to"] != name:
            pass
        return frame

    async def is_closed(self, deadline_s: float = DEADLINE_S) -> int:
        """The code with which the server closes."""
        async with asyncio.timeout(deadline_s):
            await self._ended.wait()
        if self._failure is not None:
            raise self._failure
        code = self.socket.close_code
        assert code is not None
        return code

    @property
    def has_ended(self) -> bool:
        """The connection is closed."""
        return self._ended.is_set()

    def names(self) -> list[str]:
        return [frame.name for frame in self.events]

    def all(self, name: str) -> list[Frame]:
        """Every frame of that canonical name so far."""
        return [frame for frame in self.events if frame.name == self.wire_name(name)]

    def wire_name(self, name: str) -> str:
        return name if self.v2 else LEGACY_NAMES.get(name, name)

    # -- speaking ------------------------------------------------------------------------------

    async def send(
        self, name: str, payload: object = None, /, *, event_id: str | None = None, **envelope: Any
    ) -> str:
        """Send one request under exactly this name; returns its id."""
        event_id = event_id or self._ids.new()
        self.will_echo(event_id)
        frame = {
            "eventType": name,
            "eventId": event_id,
            "sessionId": self.session_id,
            "payload": {} if payload is None else payload,
        } | envelope
        await self.socket.send(msgspec.msgpack.encode(frame))
        return event_id

    def will_echo(self, event_id: str | None) -> None:
        """An answer may bear this id of a request."""
        if event_id is not None:
            self._own_ids.add(event_id)

    async def asks(self, name: str, payload: object = None, /, **envelope: Any) -> Frame:
        """Send one request under exactly this name and wait for its ack or error."""
        return await self.answer_to(await self.send(name, payload, **envelope))

    async def start(self, rate: int | None = 16_000, **payload: object) -> Frame:
        if rate is not None:
            payload["samplingRate"] = rate
        return await self.asks(self.wire_name("audio.input.start"), payload)

    async def says(
        self, seconds: float = 0.5, rate: int = 16_000, *, pcm: bytes | None = None
    ) -> None:
        """Speak, faster than anybody could."""
        sound = tone(seconds, rate) if pcm is None else pcm
        step = round(CHUNK_S * rate) * 2
        for at in range(0, len(sound), step):
            await self.send(self.wire_name("audio.input.chunk"), {"audio": sound[at : at + step]})

    async def is_silent(self, seconds: float, rate: int = 16_000) -> None:
        await self.says(pcm=bytes(round(seconds * rate) * 2), rate=rate)

    async def ends(self) -> Frame:
        return await self.asks(self.wire_name("audio.input.stop"))

    async def asks_aloud(self, **start: object) -> Frame:
        """A whole question; returns the ack of its end."""
        ack = await self.start(**start)
        assert ack.payload == {"success": True}, ack
        await self.says()
        return await self.ends()

    async def hears_answer(self) -> list[Frame]:
        """The next answer, whole; returns its sound."""
        start = await self.hears("audio.output.start")
        utterance = start.payload["utteranceId"]
        complete = await self.hears("audio.output.complete")
        assert complete.payload["utteranceId"] == utterance
        return [f for f in self.all("audio.output.chunk") if f.payload["utteranceId"] == utterance]

    async def is_alive(self) -> None:
        """The connection still answers."""
        event_id = await self.send("user.feedback.sentiment", {"sentiment": "neutral"})
        assert (await self.answer_to(event_id)).payload == {"success": True}

    # -- leaving -------------------------------------------------------------------------------

    async def leaves(self) -> None:
        await self.socket.close()
        await self._reader

    async def vanishes(self) -> None:
        """As if the cable was cut."""
        self.socket.transport.abort()
        await self._reader


class Served:
    """The running server as a test sees it from outside and, for counting, from inside."""

    def __init__(self, port: int, calls: Calls, uvicorn_server: uvicorn.Server) -> None:
        self.port = port
        self.calls = calls
        self.uvicorn = uvicorn_server

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    @asynccontextmanager
    async def connect(
        self,
        *,
        v2: bool = False,
        url: str | None = None,
        origin: str | None = None,
        compression: str | None = None,
        greeted: bool = True,
    ) -> AsyncIterator[Client]:
        connection = await connect(
            url or self.url,
            subprotocols=[Subprotocol("vantum.v2")] if v2 else None,
            origin=None if origin is None else Origin(origin),
            compression=compression,
            max_size=None,
            ping_interval=None,
            close_timeout=2,
        )
        client = Client(connection, v2=v2)
        try:
            if greeted:
                await client.until(lambda: client.events, "connection ack")
            yield client
        finally:
            with suppress(ConnectionClosed):
                await connection.close()
            await client._reader

    async def is_empty(self, deadline_s: float = DEADLINE_S) -> None:
        """All calls are over."""
        await eventually(lambda: not len(self.calls), deadline_s)


async def soon(seconds: Callable[[], Awaitable[float]], *, under_s: float) -> None:
    """A number of seconds that a requirement names is kept in one of five tries.

    A shared machine may stall for longer in one of them; a product that is slow is slow in all.
    """
    tries = []
    while len(tries) < 5:
        tries.append(await seconds())
        if tries[-1] < under_s:
            return
    raise AssertionError(f"took {tries}, not under {under_s} s")


async def eventually(condition: Callable[[], object], deadline_s: float = DEADLINE_S) -> None:
    """Wait for something that no frame tells."""
    pause_s = FAST_POLL_S
    async with asyncio.timeout(deadline_s):
        while not condition():
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, SLOW_POLL_S)  # who waits for long takes no time from others


@asynccontextmanager
async def serving(
    *,
    ping_interval_s: float | None = None,
    send_buffer_bytes: int | None = None,
    budgets: Budgets | None = None,
    **settings: object,
) -> AsyncIterator[Served]:
    """A server with scripted providers and brief answers, configured as `vantum serve` is."""
    given = {"STT_PROVIDER": "scripted", "LLM_PROVIDER": "staged", "TTS_PROVIDER": "scripted"}
    sockets = listening_sockets("127.0.0.1", 0)
    port = sockets[0].getsockname()[1]
    folder = tempfile.TemporaryDirectory()
    given["VANTUM_DATA_DIR"] = folder.name
    # An address of this server may be among the settings, before there is one.
    given |= {name.upper(): str(of).replace("{port}", str(port)) for name, of in settings.items()}
    known = load_settings(given)
    app = build_app(known, budgets=budgets)
    config = server_config(app, known)
    if ping_interval_s is not None:
        config.ws_ping_interval = config.ws_ping_timeout = ping_interval_s
    server = uvicorn.Server(config)
    if ping_interval_s is not None:
        drop_dead_peers(sockets[0], 2 * ping_interval_s)
    if send_buffer_bytes is not None:
        sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer_bytes)
    task = asyncio.get_running_loop().create_task(server.serve(sockets), name="uvicorn")
    try:
        await eventually(lambda: server.started or task.done())
        yield Served(port, app.state.calls, server)
    finally:
        server.should_exit = True
        await task
        folder.cleanup()


@asynccontextmanager
async def alone(*, v2: bool = False, **settings: object) -> AsyncIterator[Client]:
    """The only client of a server of its own."""
    async with serving(**settings) as server, server.connect(v2=v2) as client:
        yield client
