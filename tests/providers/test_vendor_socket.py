"""A socket to a vendor that nobody waits for any more is not kept, however late it is answered."""

from __future__ import annotations

import asyncio
import base64
import gc
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from vantum.providers.vendor_socket import opened
from vantum.websocket import Frames

pytestmark = pytest.mark.anyio

PATIENCE_S = 10.0
ACCEPTS = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 §1.3


@dataclass
class Vendor:
    """It answers an upgrade only once it is told to."""

    url: str = ""
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    answers: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def takes(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = re.search(r"(?i)sec-websocket-key: (\S+)", head)
        assert key is not None
        self.asked.set()
        await self.answers.wait()
        accept = base64.b64encode(hashlib.sha1((key[1] + ACCEPTS).encode()).digest()).decode()
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept.encode() + b"\r\n\r\n"
        )
        try:
            while await reader.read(1_024):
                pass
        except ConnectionError:
            pass
        self.left.set()
        writer.close()


@asynccontextmanager
async def vendor() -> AsyncIterator[Vendor]:
    slow = Vendor()
    async with await asyncio.start_server(slow.takes, "127.0.0.1", 0) as server:
        slow.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield slow


async def test_one_that_is_answered_is_open() -> None:
    async with vendor() as slow:
        slow.answers.set()
        frames = await opened(slow.url, {}, open_s=PATIENCE_S, close_s=0.1)
        assert frames.opened
        frames.give_up()
        async with asyncio.timeout(PATIENCE_S):
            await slow.left.wait()


async def test_one_that_was_called_off_is_left_when_it_is_answered_at_last() -> None:
    async with vendor() as slow:
        opening = asyncio.ensure_future(opened(slow.url, {}, open_s=60.0, close_s=60.0))
        async with asyncio.timeout(PATIENCE_S):
            await slow.asked.wait()
            opening.cancel()
            await asyncio.wait([opening])
            slow.answers.set()
            await slow.left.wait()


async def test_nothing_is_kept_of_one_that_was_called_off() -> None:
    def held() -> int:
        return sum(type(one) is Frames for one in gc.get_objects())

    async with vendor() as slow:
        before = held()
        opening = asyncio.ensure_future(opened(slow.url, {}, open_s=60.0, close_s=60.0))
        async with asyncio.timeout(PATIENCE_S):
            await slow.asked.wait()
            assert held() == before + 1
            opening.cancel()
            await asyncio.wait([opening])
            del opening
            assert held() == before
            slow.answers.set()
            await slow.left.wait()


async def test_one_that_comes_too_late_is_left_too() -> None:
    async with vendor() as slow:
        with pytest.raises(TimeoutError):
            await opened(slow.url, {}, open_s=0.05, close_s=60.0)
        slow.answers.set()
        async with asyncio.timeout(PATIENCE_S):
            await slow.left.wait()


@pytest.mark.parametrize("turns", range(12))
async def test_one_that_is_called_off_while_it_is_answered_is_left(turns: int) -> None:
    """`turns` of the loop after the answer was sent: in one of them it has just come."""
    async with vendor() as slow:
        opening = asyncio.ensure_future(opened(slow.url, {}, open_s=60.0, close_s=60.0))
        async with asyncio.timeout(PATIENCE_S):
            await slow.asked.wait()
            slow.answers.set()
            for _ in range(turns):
                await asyncio.sleep(0)
            opening.cancel()
            await asyncio.wait([opening])
            if not opening.cancelled():
                (await opening).give_up()
            await slow.left.wait()
