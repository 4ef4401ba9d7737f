"""Our side of the carrier for tests: TwiML, callbacks, and a media socket that can be watched."""

from __future__ import annotations

import asyncio
import json
import socket
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

import httpx
import uvicorn
from simulated import Simulator, simulating
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from vantum.simulator.latency import PROFILES, Profile
from vantum.simulator.talent import Talent
from vantum.web.server import listening_sockets

US = "+15550001000"
PATIENCE_S = 20.0


class MediaSocket:
    """One accepted stream."""

    def __init__(self, raw: WebSocket) -> None:
        self._raw = raw
        self.messages: list[dict[str, Any]] = []
        self.sid = ""
        self.query = raw.url.query
        self.closed = False

    async def read(self) -> None:
        try:
            while True:
                message = json.loads(await self._raw.receive_text())
                self.sid = message.get("streamSid", self.sid)
                self.messages.append(message)
        except WebSocketDisconnect:
            self.closed = True

    @property
    def sound(self) -> list[dict[str, Any]]:
        """The sound alone."""
        return [one["media"] for one in self.messages if one["event"] == "media"]

    def events(self) -> list[str]:
        """Without the sound."""
        return [one["event"] for one in self.messages if one["event"] != "media"]

    def marks(self) -> list[str]:
        return [one["mark"]["name"] for one in self.messages if one["event"] == "mark"]

    def frames_before(self, mark: str) -> int:
        """How many frames of sound had come when this mark did."""
        frames = 0
        for one in self.messages:
            if one["event"] == "mark" and one["mark"]["name"] == mark:
                break
            frames += one["event"] == "media"
        return frames

    async def send(self, message: dict[str, Any]) -> None:
        await self._raw.send_text(json.dumps({"streamSid": self.sid, **message}))

    async def send_text(self, text: str) -> None:
        await self._raw.send_text(text)

    async def send_bytes(self, data: bytes) -> None:
        await self._raw.send_bytes(data)

    async def plays(self, mulaw: bytes, mark: str = "") -> None:
        await self.send({"event": "media", "media": {"payload": b64encode(mulaw).decode()}})
        if mark:
            await self.send({"event": "mark", "mark": {"name": mark}})

    async def clears(self) -> None:
        await self.send({"event": "clear"})

    async def close(self) -> None:
        await self._raw.close()


class OurSide:
    """What the carrier asked us, each request checked by the vendor's own validator."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.ws_url = url.replace("http", "ws", 1)
        self.validator = RequestValidator(token)
        self.twiml: dict[str, str] = {}  # by path
        self.asked: list[tuple[str, dict[str, str]]] = []  # path, form
        self.unsigned: list[str] = []
        self.sockets: list[MediaSocket] = []
        self.answers: dict[str, Response] = {}  # by path, in place of TwiML

    async def answer(self, request: Request) -> Response:
        path = request.url.path
        body = (await request.body()).decode()
        form = dict(parse_qsl(body, keep_blank_values=True))
        url = self.url + path + (f"?{request.url.query}" if request.url.query else "")
        signed = request.headers.get("x-twilio-signature", "")
        if not self.validator.validate(url, form, signed):
            self.unsigned.append(path)
        self.asked.append((path, {**dict(request.query_params), **form}))
        if path in self.answers:
            return self.answers[path]
        if path in self.twiml:
            return Response(self.twiml[path], media_type="text/xml")
        return Response(status_code=204)

    async def media(self, raw: WebSocket) -> None:
        signed = raw.headers.get("x-twilio-signature", "")
        if not self.validator.validate(self.ws_url + raw.url.path, {}, signed):
            self.unsigned.append(raw.url.path)
        await raw.accept()
        media = MediaSocket(raw)
        self.sockets.append(media)
        await media.read()

    def connects(self, after: str = "", **parameters: str) -> str:
        """TwiML that brings the sound here."""
        inner = "".join(
            f'<Parameter name="{name}" value="{value}"/>' for name, value in parameters.items()
        )
        stream = f'<Stream url="{self.ws_url}/media">{inner}</Stream>'
        return f"<Response><Connect>{stream}</Connect>{after}</Response>"

    def told(self, path: str = "/status") -> list[dict[str, str]]:
        return [form for asked, form in self.asked if asked == path]

    def statuses(self) -> list[str]:
        return [form["CallStatus"] for form in self.told()]

    async def stream(self, number: int = 0) -> MediaSocket:
        """A stream, once its start was read."""
        await eventually(lambda: len(self.sockets) > number and bool(self.sockets[number].sid))
        return self.sockets[number]


async def eventually(holds: Callable[[], Any], patience_s: float = PATIENCE_S) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(patience_s):
        while not holds():  # noqa: ASYNC110 - sets no event
            await asyncio.sleep(0.005)


@asynccontextmanager
async def listening(token: str = "simulated") -> AsyncIterator[OurSide]:
    sockets: list[socket.socket] = listening_sockets("127.0.0.1", 0)
    us = OurSide(f"http://127.0.0.1:{sockets[0].getsockname()[1]}", token)
    routes = [
        WebSocketRoute("/media", us.media),
        Route("/{path:path}", us.answer, methods=["GET", "POST"]),
    ]
    app = Starlette(routes=routes)
    config = uvicorn.Config(
        app, ws="websockets-sansio", lifespan="off", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    task = asyncio.get_running_loop().create_task(server.serve(sockets), name="our-side")
    try:
        await eventually(lambda: server.started or task.done())
        yield us
    finally:
        server.should_exit = server.force_exit = True
        await task


class Rehearsal:
    """The simulator, our side, and the vendor's own client between them."""

    def __init__(self, simulator: Simulator, us: OurSide, client: Client) -> None:
        self.simulator = simulator
        self.us = us
        self.client = client
        self.call_sid = ""  # of the newest
        us.twiml["/voice"] = us.connects()

    async def calls(self, to: str, **how: Any) -> Any:
        """Place a call as our server would."""
        usual = {
            "url": f"{self.us.url}/voice",
            "status_callback": f"{self.us.url}/status",
            "status_callback_event": ["initiated", "ringing", "answered", "completed"],
        }
        call = await self.client.calls.create_async(to=to, from_=US, **{**usual, **how})
        self.call_sid = call.sid
        return call

    async def casts(self, **casting: Any) -> None:
        """Say who answers a number."""
        async with httpx.AsyncClient(base_url=self.simulator.url) as http:
            answer = await http.post("/simulator/callees", json=casting)
            assert answer.status_code == 204, answer.text

    async def report(self, sid: str) -> dict[str, Any]:
        """What the simulator tells of a call."""
        async with httpx.AsyncClient(base_url=self.simulator.url) as http:
            found: dict[str, Any] = (await http.get(f"/simulator/calls/{sid}")).json()
            return found

    async def ends(self, sid: str) -> None:
        """Wait for the last callback of a call."""
        await eventually(
            lambda: any(
                form["CallSid"] == sid and "CallDuration" in form for form in self.us.told()
            )
        )


@asynccontextmanager
async def rehearsing(
    profile: Profile = PROFILES["fast"], talent: Talent | None = None, seed: int = 0
) -> AsyncIterator[Rehearsal]:
    async with (
        simulating(profile=profile, talent=talent, seed=seed) as simulator,
        listening() as us,
    ):
        http = AsyncTwilioHttpClient()
        account = simulator.stage.account
        client = Client(account.sid, account.token, http_client=http)
        client.api.base_url = simulator.url
        try:
            yield Rehearsal(simulator, us, client)
            assert us.unsigned == []
        finally:
            await http.close()
