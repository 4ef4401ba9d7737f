"""How the simulated carrier reaches our side: signed requests, and sockets for sound."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import aiohttp
from msgspec import Struct
from yarl import URL

from vantum.hosts import THIS_MACHINE
from vantum.limits import MESSAGE_BYTES
from vantum.simulator.stage import Stage
from vantum.simulator.twilio_signs import HEADER, signature

CONNECT_S: Final = 5.0  # the vendor's defaults for webhooks
ANSWER_S: Final = 15.0
ANSWER_BYTES: Final = 64 * 1024  # the vendor's bound for a TwiML document

Form = Sequence[tuple[str, str]]


class Fetched(Struct, frozen=True):
    """What our side answered."""

    status: int
    body: bytes


class UnreachedError(Exception):
    """Our side could not be reached, for a reason that has a number in the vendor's catalogue."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Web:
    """The carrier's way out."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, url: str, form: Form, *, method: str = "POST") -> Fetched:
        """Send a form and wait for the answer. Raises UnreachedError."""
        if method == "GET":
            url += ("&" if "?" in url else "?") + urlencode(form)
            form = ()
        headers = {
            HEADER: signature(self._stage.account.token, url, form),
            "User-Agent": "TwilioProxy/1.1",
            "I-Twilio-Idempotency-Token": str(uuid4()),
        }
        data = urlencode(form).encode() if method != "GET" else None
        if data is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        try:
            async with self._open().request(
                method, URL(url, encoded=True), data=data, headers=headers
            ) as answer:
                body = b""
                async for part in answer.content.iter_any():
                    body += part
                    if len(body) > ANSWER_BYTES:
                        raise UnreachedError(11200)
                return Fetched(answer.status, body)
        except aiohttp.ClientConnectorError:
            raise UnreachedError(11205) from None
        except (aiohttp.ClientError, TimeoutError, ValueError):
            raise UnreachedError(11200) from None

    @asynccontextmanager
    async def socket(self, url: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """A media stream's socket, cut at the end if nobody closed it. Raises UnreachedError."""
        parts = urlsplit(url)
        if parts.scheme != "wss" and (parts.scheme != "ws" or parts.hostname not in THIS_MACHINE):
            raise UnreachedError(31922)
        url = parts._replace(query="").geturl()
        headers = {HEADER: signature(self._stage.account.token, url)}
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            try:
                socket = await session.ws_connect(
                    URL(url, encoded=True),
                    headers=headers,
                    max_msg_size=MESSAGE_BYTES,
                    timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
                )
            except aiohttp.ClientConnectorError:
                raise UnreachedError(31902) from None
            except (aiohttp.ClientError, TimeoutError, ValueError):
                raise UnreachedError(31920) from None
            yield socket

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=ANSWER_S, sock_connect=CONNECT_S)
            self._session = aiohttp.ClientSession(timeout=timeout)
            self._stage.upkeep.at_end(self._session.close)
        return self._session
