"""How a WebSocket on the one port is let in: uvicorn's request, the application's answer.

uvicorn hands over the request of an upgrade, and the application (ASGI) decides. From then on
picows parses and words the frames, in C: uvicorn's own protocol takes twice the time for them, and
both directions flow fifty times a second with every phone call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final, cast
from urllib.parse import unquote

from msgspec import Struct
from picows import (
    WSAutoPingStrategy,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
)
from picows.picows import WSProtocol  # type: ignore[attr-defined]
from starlette.types import Message, Scope
from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected, get_local_addr, get_remote_addr
from uvicorn.server import ServerState

from vantum import limits
from vantum.telemetry import server_log
from vantum.websocket import BUFFER_BYTES, DIRECT, NO_NEWS, Frames, Gone

_LOOKED_AT: Final = (b"sec-websocket-key", b"sec-websocket-version")
_RESTARTS: Final = 1012  # RFC 6455 §7.4.1, as registered since
_Headers = Iterable[tuple[bytes, bytes]]


class _Manners(Struct, frozen=True):
    """When a silent peer counts as gone, and what counts as too much."""

    ping_s: float
    pong_s: float  # at most `ping_s`
    message_bytes: int


class Bridge:
    """One connection from the request of its upgrade on; a protocol as uvicorn makes them."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: Mapping[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._config = config
        self._server = server_state
        self._app_state = app_state
        # uvicorn allows None for "never"; Vantum's own setting does not.
        self._manners = _Manners(
            ping_s=config.ws_ping_interval or limits.PING_INTERVAL_S,
            pong_s=config.ws_ping_timeout or limits.PING_TIMEOUT_S,
            message_bytes=config.ws_max_size,
        )
        self.transport: Any = None  # uvloop's has no type
        self.client: tuple[str, int] | None = None
        self._request = b""
        self._told = False  # the application knows of the connection
        self._answer: WSUpgradeResponse | None = None  # what was replied
        self._refused: WSUpgradeResponse | None = None  # what will be, once it has its body
        self._frames = Frames(config.ws_max_size, self._forgotten)

    # -- as uvicorn calls it -------------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:
        """The HTTP protocol hands its connection over."""
        self.transport, self.client = transport, get_remote_addr(transport)
        self._server.connections.add(self)  # type: ignore[arg-type]

    def data_received(self, data: bytes) -> None:
        """The request. A peer that goes on before it was answered breaks RFC 6455 §4.1."""
        if self._request:
            self.transport.abort()
            return
        self._request = data
        task = asyncio.get_running_loop().create_task(self._serve(), name="websocket")
        self._server.tasks.add(task)
        task.add_done_callback(self._served)

    def eof_received(self) -> None:
        """The peer hangs up before it was answered."""

    def pause_writing(self) -> None:
        """Before the answer nothing is written."""

    def resume_writing(self) -> None:
        """As above."""

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's own
        """The peer hung up before it was answered."""
        self._frames.over()

    def shutdown(self) -> None:
        """The server stops."""
        self._frames.close(_RESTARTS)
        self._reply(_refusal(HTTPStatus.SERVICE_UNAVAILABLE))
        self.transport.close()

    def _served(self, task: asyncio.Task[None]) -> None:
        self._server.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            server_log().error("websocket_failed", exc_info=error)

    def _forgotten(self) -> None:
        self._server.connections.discard(self)

    # -- as the application calls it -----------------------------------------------------------

    async def _serve(self) -> None:
        try:
            scope = _scope_of(self._request, self.transport, self._config, self._app_state)
            scope["extensions"][DIRECT] = self._frames
            await self._config.loaded_app(scope, self._receive, self._send)
        except ClientDisconnected:
            pass
        finally:
            self._reply(_refusal(HTTPStatus.INTERNAL_SERVER_ERROR))
            self._frames.hang_up()

    async def _receive(self) -> Message:
        if not self._told:
            self._told = True
            return {"type": "websocket.connect"}
        message = await self._frames.take()
        if isinstance(message, Gone):
            code, reason = message.code, message.reason
            return {"type": "websocket.disconnect", "code": code, "reason": reason}
        key = "text" if isinstance(message, str) else "bytes"
        return {"type": "websocket.receive", key: message}

    async def _send(self, message: Message) -> None:
        match message["type"]:
            case "websocket.send":
                data = message.get("bytes")
                if not await self._frames.send(message["text"] if data is None else data):
                    raise ClientDisconnected
            case "websocket.accept":
                self._accept(message)
            case "websocket.close" if self._answer is None:
                self._reply(_refusal(HTTPStatus.FORBIDDEN))
            case "websocket.close":
                self._frames.close(message.get("code", 1000), message.get("reason") or "")
            case "websocket.http.response.start":
                self._refused = _refusal(message["status"], message.get("headers", ()))
            case "websocket.http.response.body":
                self._explain(message.get("body", b""), more=message.get("more_body", False))

    def _accept(self, message: Message) -> None:
        headers = [*self._server.default_headers, *message.get("headers", ())]
        if message.get("subprotocol"):
            headers.append((b"sec-websocket-protocol", message["subprotocol"].encode()))
        self._reply(WSUpgradeResponse.create_101_response(_worded(headers)))
        if not self._frames.opened:  # picows found the request to be none
            raise ClientDisconnected

    def _explain(self, text: bytes, *, more: bool) -> None:
        if self._refused is not None:
            self._refused.body = (self._refused.body or b"") + text
            if not more:
                self._reply(self._refused)

    def _reply(self, answer: WSUpgradeResponse) -> None:
        """Have picows answer and take over; there is one answer to a request."""
        if self._answer is not None or self.transport.is_closing():
            return
        self._answer = answer
        try:
            protocol = _speaks(self._frames, answer, self._manners)
            protocol.connection_made(self.transport)
            self.transport.set_protocol(protocol)
            asked = _upgrade(self._request)
            protocol.get_buffer(-1)[: len(asked)] = asked
            protocol.buffer_updated(len(asked))
        finally:
            if not self._frames.opened:  # refused, by picows too, which tells nobody of its end
                self.transport.close()
                self._frames.over()


def _speaks(frames: Frames, answer: WSUpgradeResponse, manners: _Manners) -> Any:
    """The protocol of a connection whose request is answered so; for `frames` where with 101."""

    def answered(_: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
        return WSUpgradeResponseWithListener(answer, frames if answer.status == 101 else None)

    return WSProtocol(
        None,
        None,
        False,  # the server's side
        answered,
        NO_NEWS,
        True,  # an error of ours ends the connection
        None,  # the request is here already: nothing to wait for
        True,
        manners.ping_s,
        manners.pong_s,
        WSAutoPingStrategy.PING_PERIODICALLY,
        True,  # pings are answered
        manners.message_bytes,
        None,
        BUFFER_BYTES,
    )


def _upgrade(request: bytes) -> bytes:
    """The part of a request that picows looks at. It takes no `keep-alive, Upgrade` (Firefox).

    It has a buffer for so much, so of each name the first line counts; and it words what it refuses
    in UTF-8, so nothing but ASCII is left.
    """
    first, *lines = request.split(b"\r\n")
    method = first.partition(b" ")[0][:16]
    named = ((line.partition(b":")[0].lower(), line[:100]) for line in reversed(lines))
    kept = {name: line for name, line in named if name in _LOOKED_AT}
    begin = [method + b" / HTTP/1.1", b"host: x", b"upgrade: websocket", b"connection: upgrade"]
    asked = b"\r\n".join([*begin, *kept.values(), b"", b""])
    return asked.decode("ascii", "backslashreplace").encode()


def _scope_of(request: bytes, transport: Any, config: Config, state: Mapping[str, object]) -> Scope:
    """What ASGI tells of a connection; uvicorn has parsed the request and worded it anew."""
    first, *lines = request.removesuffix(b"\r\n\r\n").split(b"\r\n")
    path, _, query = first.split(b" ")[1].partition(b"?")
    headers = [(name.lower(), value) for name, _, value in (one.partition(b": ") for one in lines)]
    wanted = b",".join(value for name, value in headers if name == b"sec-websocket-protocol")
    return {
        "type": "websocket",
        "asgi": {"version": config.asgi_version, "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws",
        "server": get_local_addr(transport),
        "client": get_remote_addr(transport),
        "root_path": config.root_path,
        "path": config.root_path + unquote(path.decode("ascii", "replace")),
        "raw_path": config.root_path.encode() + path,
        "query_string": query,
        "headers": headers,
        "subprotocols": [one.strip() for one in wanted.decode("latin-1").split(",") if one.strip()],
        "state": dict(state),
        "extensions": {"websocket.http.response": {}},
    }


def _refusal(status: int, headers: _Headers = ()) -> WSUpgradeResponse:
    answer: WSUpgradeResponse = WSUpgradeResponse.create_error_response(
        status, b"", _worded(headers)
    )
    return answer


def _worded(headers: _Headers) -> list[tuple[str, str]]:
    """For picows, which counts a body itself."""
    texts = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
    return [(name, value) for name, value in texts if name.lower() != "content-length"]


BRIDGE: Final = cast("type[asyncio.Protocol]", Bridge)
"""As uvicorn's configuration wants it."""
