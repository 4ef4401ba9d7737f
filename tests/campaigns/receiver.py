"""Another program that is told of what happens: it answers as it is bid, and keeps what it got."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec
from aiohttp import web

from a_door import posted_to


@dataclass(frozen=True)
class Got:
    """One request."""

    body: bytes
    signature: str
    headers: dict[str, str]

    @property
    def id(self) -> str:
        return str(msgspec.json.decode(self.body)["id"])


@dataclass
class Receiver:
    """What it will answer, 204 where nothing is said, and what it was told."""

    url: str = ""
    answers: deque[int] = field(default_factory=deque)
    got: list[Got] = field(default_factory=list)
    holds: asyncio.Event | None = None  # until this is set nothing is answered

    async def takes(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = dict(request.headers)
        self.got.append(Got(body, headers.get("Vantum-Signature", ""), headers))
        if self.holds is not None:
            await self.holds.wait()
        status = self.answers.popleft() if self.answers else 204
        return web.Response(status=status, headers={"Location": self.url} if status == 302 else {})


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    async with posted_to("/in", receiver.takes) as server:
        receiver.url = f"{server}/in"
        yield receiver
