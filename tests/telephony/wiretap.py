"""Stands between us and the simulated recogniser, and keeps the sound that it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from msgspec import Struct, field
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


class Overheard(Struct):
    """One connection: what was asked for, and the sound that followed."""

    path: str
    sound: bytearray = field(default_factory=bytearray)


class Wiretap:
    """All connections, oldest first."""

    def __init__(self, target: str) -> None:
        self.url = ""
        self.overheard: list[Overheard] = []
        self._target = target

    async def relay(self, ours: ServerConnection) -> None:
        assert ours.request is not None
        one = Overheard(ours.request.path)
        self.overheard.append(one)
        async with connect(self._target + one.path) as theirs:
            back = asyncio.create_task(_passes(theirs, ours))
            await _passes(ours, theirs, one.sound)
            await back


async def _passes(
    one: ClientConnection | ServerConnection,
    other: ClientConnection | ServerConnection,
    kept: bytearray | None = None,
) -> None:
    try:
        async for message in one:
            if kept is not None and isinstance(message, bytes):
                kept += message
            await other.send(message)
    except ConnectionClosed:
        pass
    await other.close()


@asynccontextmanager
async def wiretap(target: str) -> AsyncIterator[Wiretap]:
    """`target`: the recogniser's address, ws://…"""
    tap = Wiretap(target)
    async with serve(tap.relay, "127.0.0.1", 0, max_size=None) as server:
        tap.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield tap
