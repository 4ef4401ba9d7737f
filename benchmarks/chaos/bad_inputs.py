"""What strangers send to every door: no bytes of theirs may be answered with a fault of ours."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

import httpx
from twilio.request_validator import RequestValidator
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from vantum.simulator.stage import ONE_ACCOUNT

EVERY_S: Final = 0.2
PATIENCE_S: Final = 20.0  # nothing here takes a second, on a machine that does nothing else
OUR_FAULT: Final = 1011  # RFC 6455 §7.4.1
BAD_JSON: Final = (
    b"",
    b"{",
    b"[]",
    b"null",
    b'{"to": 7}',
    b'{"to": "+1"}',
    b'{"to": "x", "agent": {}}',
    b'{"to": "+15550100100", "agent": "nobody"}',
    b'{"name": "\\ud800"}',
    b"[" * 10_000,
    b"\xff\xfe\x00",
)
BAD_CSV: Final = (
    b"",
    b"phone\n",
    b"name,company\nSam,Acme\n",
    b'phone,name\n"+12125550123,Sam\n',
    b"\xff\xfe\x00\xd8,\n",
    b"\0" * 500,
    b"phone,phone\n1,2\n",
    b'"' * 1_000,
)
API: Final = ("calls", "campaigns", "lists", "suppressions", "webhooks", "tokens", "erasures")


class Stranger:
    """Who sends it, to one server."""

    def __init__(self, url: str, token: str, seed: int) -> None:
        self._url = url
        self._dice = random.Random(seed)
        self._http = httpx.AsyncClient(base_url=url, timeout=PATIENCE_S)
        self._api = {"Authorization": f"Bearer {token}"}
        self.records_away = False  # then doors answer 503, as they should
        self.sent: Counter[str] = Counter()  # by door
        self.wrong: list[str] = []

    async def run(self) -> None:
        """Send one thing after another, for ever."""
        doors: list[tuple[str, Callable[[], Awaitable[str]]]] = [
            ("webhook without signature", self._webhook),
            ("API, broken JSON", self._json),
            ("API, broken CSV", self._csv),
            ("API, no such path", self._path),
            ("/ws", self._page),
            ("/twilio/media without signature", self._stream),
            ("/twilio/media signed", self._signed_stream),
            ("no HTTP at all", self._raw),
        ]
        while True:
            await asyncio.sleep(EVERY_S)
            door, sends = self._dice.choice(doors)
            away = self.records_away
            try:
                why = await asyncio.wait_for(sends(), 2 * PATIENCE_S)
            except (httpx.HTTPError, TimeoutError, OSError) as error:
                why = f"{type(error).__name__} {error}"
            self.sent[door] += 1
            excused = (away or self.records_away) and why == "503"
            if why and not excused:
                self.wrong.append(f"{door}: {why}")

    async def close(self) -> None:
        await self._http.aclose()

    def _bytes(self, most: int = 400) -> bytes:
        return self._dice.randbytes(self._dice.randrange(1, most))

    async def _webhook(self) -> str:
        path = self._dice.choice(["/twilio/voice", "/twilio/status", "/twilio/amd"])
        signed = {"X-Twilio-Signature": "AAAA"} if self._dice.random() < 0.5 else {}
        form = {"Content-Type": "application/x-www-form-urlencoded", **signed}
        answer = await self._http.post(path, content=self._bytes(), headers=form)
        return "" if answer.status_code == 403 else str(answer.status_code)

    async def _json(self) -> str:
        path = f"/api/v1/{self._dice.choice(API)}"
        headers = {**self._api, "Content-Type": "application/json"}
        content = self._dice.choice([*BAD_JSON, self._bytes()])
        return _refused(await self._http.post(path, content=content, headers=headers))

    async def _csv(self) -> str:
        name = f"bad-{self._dice.randrange(10**9)}"
        path = self._dice.choice([f"/api/v1/lists?name={name}", "/api/v1/suppressions/import"])
        headers = {**self._api, "Content-Type": "text/csv"}
        content = self._dice.choice([*BAD_CSV, self._bytes(), b"phone\n" + self._bytes()])
        answer = await self._http.post(path, content=content, headers=headers)
        # A file of which no line is good may be taken, with its bad lines told.
        return str(answer.status_code) if answer.status_code >= 500 else ""

    async def _path(self) -> str:
        method = self._dice.choice(["GET", "POST", "PUT", "DELETE", "PATCH"])
        path = f"/api/v1/calls/{self._bytes(20).hex()}/{self._dice.choice(API)}"
        return _refused(await self._http.request(method, path, headers=self._api))

    async def _page(self) -> str:
        return await self._frames("/ws", {})

    async def _stream(self) -> str:
        return await self._frames("/twilio/media", {})

    async def _signed_stream(self) -> str:
        """As from the carrier, which would never send that."""
        address = f"ws://{urlsplit(self._url).netloc}/twilio/media"
        signature = RequestValidator(ONE_ACCOUNT.token).compute_signature(address, {})
        return await self._frames("/twilio/media", {"X-Twilio-Signature": signature})

    async def _frames(self, path: str, headers: dict[str, str]) -> str:
        url = f"ws://{urlsplit(self._url).netloc}{path}"
        try:
            async with connect(url, additional_headers=headers, open_timeout=PATIENCE_S) as socket:
                for _ in range(self._dice.randrange(1, 8)):
                    await socket.send(self._frame())
                with suppress(TimeoutError):
                    await asyncio.wait_for(socket.recv(), 0.05)
                await socket.close()
        except InvalidHandshake as error:
            status = getattr(getattr(error, "response", None), "status_code", 0)
            return "" if 400 <= status < 500 else f"handshake {error}"
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 0
            return f"closed with {code}" if code == OUR_FAULT else ""
        return "closed with 1011" if socket.close_code == OUR_FAULT else ""

    def _frame(self) -> str | bytes:
        start = {"event": "start", "streamSid": "MZ", "start": {"callSid": "CA", "tracks": 7}}
        texts: list[str | bytes] = [
            "",
            "{",
            '{"event": "start"}',
            json.dumps(start),
            '{"event": 7}',
            "[1]",
        ]
        return self._dice.choice([*texts, self._bytes(), b"\xdf\xff\xff\xff\xff", b"\x91" * 5_000])

    async def _raw(self) -> str:
        at = urlsplit(self._url)
        reader, writer = await asyncio.open_connection(at.hostname, at.port)
        try:
            writer.write(self._bytes() + b"\r\n\r\n")
            writer.write_eof()
            head = await asyncio.wait_for(reader.read(12), PATIENCE_S)
        except ConnectionError:
            return ""
        finally:
            writer.close()
        return head.decode("ascii", "replace") if head.startswith(b"HTTP/1.1 5") else ""


def _refused(answer: httpx.Response) -> str:
    return "" if 400 <= answer.status_code < 500 else str(answer.status_code)
