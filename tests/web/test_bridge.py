"""What a WebSocket of the one port lets through: raw frames, as browsers and liars send them."""

from __future__ import annotations

import asyncio
import base64
import os
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from served import DEADLINE_S, Served, eventually

from vantum.limits import MESSAGE_BYTES

pytestmark = pytest.mark.anyio

TEXT, BINARY, CONTINUED, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10
LAST = 0x80
RESERVED = 0x40


class Peer:
    """A connection that sends frames bit by bit."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def asks(self, port: int, connection: str = "Upgrade", more: bytes = b"") -> bytes:
        """The head of the answer to a request for an upgrade; `more` are lines of its own."""
        key = base64.b64encode(os.urandom(16)).decode()
        self._writer.write(
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: {connection}\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n".encode()
            + more
            + b"\r\n"
        )
        async with asyncio.timeout(DEADLINE_S):
            return await self._reader.readuntil(b"\r\n\r\n")

    def sends(self, first: int, data: bytes = b"", *, masked: bool = True) -> None:
        """One frame; `first` is its first byte."""
        length = len(data)
        head = bytes([first, (0x80 if masked else 0) | (length if length < 126 else 127)])
        if length >= 126:
            head += struct.pack("!Q", length) if length > 0xFFFF else b""
        self._writer.write(head + (bytes(4) if masked else b"") + data)

    async def hears(self, kind: int) -> bytes:
        """The next frame of this kind that the server sends."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                first, length = await self._reader.readexactly(2)
                if length == 126:
                    [length] = struct.unpack("!H", await self._reader.readexactly(2))
                data = await self._reader.readexactly(length)
                if first & 0x0F == kind:
                    return data

    async def is_sent_away_with(self, code: int) -> None:
        """The server closes for this reason, and the connection ends."""
        [said] = struct.unpack("!H", (await self.hears(CLOSE))[:2])
        assert said == code
        async with asyncio.timeout(DEADLINE_S):
            assert await self._reader.read() == b""


@asynccontextmanager
async def peer_of(server: Served) -> AsyncIterator[Peer]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        yield Peer(reader, writer)
    finally:
        writer.transport.abort()


@asynccontextmanager
async def let_in(server: Served) -> AsyncIterator[Peer]:
    async with peer_of(server) as peer:
        assert b" 101 " in await peer.asks(server.port)
        yield peer


@pytest.mark.parametrize("connection", ["Upgrade", "keep-alive, Upgrade", "upgrade"])
async def test_browsers_word_the_upgrade_differently(server: Served, connection: str) -> None:
    async with peer_of(server) as peer:
        assert b" 101 " in await peer.asks(server.port, connection)
        peer.sends(LAST | PING, b"there?")
        assert await peer.hears(PONG) == b"there?"


async def test_a_message_may_come_in_parts_with_a_ping_between(server: Served) -> None:
    async with let_in(server) as peer:
        await peer.hears(BINARY)  # the ack
        peer.sends(BINARY, b"\x81\xa9")
        peer.sends(LAST | PING)
        peer.sends(LAST | CONTINUED, b"eventType\xa1x")
        await peer.hears(PONG)
        assert b"error" in await peer.hears(BINARY)  # it was read as one message


REPEATED = b"Sec-WebSocket-Key: " + b"A" * 100 + b"\r\n"


async def test_headers_that_are_repeated_are_counted_once(server: Served) -> None:
    async with peer_of(server) as peer:
        assert b" 101 " in await peer.asks(server.port, more=REPEATED * 60)


@pytest.mark.parametrize(
    "more",
    [
        b"Sec-WebSocket-Version: \xff\r\n",
        b"Sec-WebSocket-Version: 99\r\n",
        b"Sec-WebSocket-Key: \xff\r\n",
        b"Sec-WebSocket-Key: none\r\n" + REPEATED * 60,
    ],
)
async def test_an_upgrade_that_is_none_is_refused_and_forgotten(
    server: Served, more: bytes
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(
        b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + more
        + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    async with asyncio.timeout(DEADLINE_S):
        assert b" 400 " in (await reader.read()).partition(b"\r\n")[0]
    writer.close()
    await eventually(lambda: not server.uvicorn.server_state.connections)


async def test_parts_without_end_that_hold_nothing_cost_nothing(server: Served) -> None:
    async with let_in(server) as peer:
        await peer.hears(BINARY)  # the ack
        began = time.process_time()
        peer.sends(BINARY, b"\x81\xa9")
        for _ in range(50_000):
            peer.sends(CONTINUED)
        peer.sends(LAST | CONTINUED, b"eventType\xa1x")
        while b"error" not in await peer.hears(BINARY):  # it was read as one message
            pass
        assert time.process_time() - began < 3.0  # a second per 10,000 where each counts all


@pytest.mark.parametrize(
    ("first", "data", "code"),
    [
        (LAST | TEXT, b"\xff\xfe", 1007),
        (LAST | CONTINUED, b"of nothing", 1002),
        (LAST | RESERVED | BINARY, b"x", 1002),
        (LAST | 0x3, b"x", 1002),
        (PING, b"in parts", 1002),
    ],
)
async def test_what_breaks_the_protocol_ends_the_connection(
    server: Served, first: int, data: bytes, code: int
) -> None:
    async with let_in(server) as peer:
        peer.sends(first, data)
        await peer.is_sent_away_with(code)
    await server.is_empty()


async def test_a_message_between_the_parts_of_another_is_refused(server: Served) -> None:
    async with let_in(server) as peer:
        peer.sends(BINARY, b"x")
        peer.sends(LAST | BINARY, b"y")
        await peer.is_sent_away_with(1002)


async def test_frames_of_a_client_are_masked(server: Served) -> None:
    async with let_in(server) as peer:
        peer.sends(LAST | BINARY, b"x", masked=False)
        await peer.is_sent_away_with(1002)


async def test_parts_that_are_too_much_together_are_refused(server: Served) -> None:
    async with let_in(server) as peer:
        half = bytes(MESSAGE_BYTES // 2 + 1)
        peer.sends(BINARY, half)
        peer.sends(LAST | CONTINUED, half)
        await peer.is_sent_away_with(1009)


async def test_a_goodbye_is_answered_with_the_same_code(server: Served) -> None:
    async with let_in(server) as peer:
        peer.sends(LAST | CLOSE, struct.pack("!H", 3_000))
        await peer.is_sent_away_with(3_000)
    await server.is_empty()
