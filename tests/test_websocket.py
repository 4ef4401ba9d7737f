"""What waits at an open WebSocket, in which order, and what is told of a message we fail at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from vantum.limits import MESSAGE_BYTES
from vantum.providers.vendor_socket import opened
from vantum.websocket import Frames

pytestmark = pytest.mark.anyio

PATIENCE_S = 10.0


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": True}


@asynccontextmanager
async def both_ends() -> AsyncIterator[tuple[Frames, ServerConnection]]:
    """One connection: ours, and the peer's."""
    peers: asyncio.Queue[ServerConnection] = asyncio.Queue(1)

    async def welcome(peer: ServerConnection) -> None:
        await peers.put(peer)
        await peer.wait_closed()

    async with serve(welcome, "127.0.0.1", 0, max_size=None, compression=None) as server:
        url = f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        frames = await opened(url, {}, open_s=PATIENCE_S, close_s=0.1)
        try:
            async with asyncio.timeout(PATIENCE_S):
                yield frames, await peers.get()
        finally:
            frames.give_up()


async def test_who_waits_to_send_is_not_overtaken_when_the_peer_has_caught_up() -> None:
    async with both_ends() as (frames, peer):
        frames.pause_writing()
        held = asyncio.ensure_future(frames.send("first"))
        await asyncio.sleep(0)
        frames.resume_writing()
        assert not frames.send_at_once("too early")  # as a frame of sound whose time has come
        assert await held
        assert frames.send_at_once("second")
        assert [await peer.recv(), await peer.recv()] == ["first", "second"]


async def test_who_waits_while_another_fills_the_way_again_waits_on() -> None:
    async with both_ends() as (frames, peer):
        frames.pause_writing()
        flood = "x" * MESSAGE_BYTES
        sending = [asyncio.ensure_future(frames.send(text)) for text in (flood, "after it")]
        await asyncio.sleep(0)
        frames.resume_writing()
        assert await peer.recv() == flood
        assert await peer.recv() == "after it"
        assert [await one for one in sending] == [True, True]


async def test_a_peer_is_not_read_while_more_waits_than_the_largest_message() -> None:
    async with both_ends() as (frames, peer):
        large = bytes(MESSAGE_BYTES // 4)

        async def send_all() -> None:
            for number in range(40):
                await peer.send(number.to_bytes(1) + large)

        sending = asyncio.ensure_future(send_all())
        while frames._reads and not sending.done():  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(0)
        assert not sending.done()  # what the kernel holds is far less than half of it
        heard = [await frames.receive() for _ in range(40)]
        assert [message[0] for message in heard if isinstance(message, bytes)] == list(range(40))
        await sending


async def test_a_message_that_we_fail_at_is_told_and_ends_the_connection() -> None:
    async with both_ends() as (frames, peer):
        told: list[dict[str, Any]] = []
        loop = asyncio.get_running_loop()
        before = loop.get_exception_handler()
        loop.set_exception_handler(lambda _, context: told.append(context))

        def fail(_: bytes | str) -> bool:
            raise ZeroDivisionError("a mistake of ours")

        frames.take_at_once = fail
        taking = asyncio.ensure_future(frames.receive())
        await asyncio.sleep(0)
        for _ in range(3):
            await peer.send("what somebody said")
        assert await taking is None
        await peer.wait_closed()
        assert peer.close_code == 1011
        loop.set_exception_handler(before)
        [context] = [one for one in told if isinstance(one.get("exception"), ZeroDivisionError)]
        assert "somebody" not in str(context)
