"""Which doors the simulated Cartesia has, and who is let in by them."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from typing import Final

import msgspec
from msgspec import Struct
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from vantum.providers.cartesia_voices import VOICES
from vantum.simulator import cartesia_refusals as refusals
from vantum.simulator.cartesia_socket import Service, SpeechSocket, Terms
from vantum.simulator.cartesia_sound import Part, performed
from vantum.simulator.faults import Fault
from vantum.simulator.stage import Stage
from vantum.wire import cartesia as wire

RETRY_AFTER_S: Final = 1
VOICES_A_PAGE: Final = 10
TOKEN: Final = "simulated-access-token"  # what everybody gets who asks for one
_AT_THE_DOOR: Final[dict[Fault, refusals.Refusal]] = {
    "unauthorized": refusals.UNAUTHORIZED,
    "payment_required": refusals.QUOTA,
    "forbidden": refusals.FORBIDDEN,
    "throttled": refusals.THROTTLED,
    "unavailable": refusals.UNAVAILABLE,
}
_WAV_FORMAT: Final[dict[wire.Encoding, int]] = {
    "pcm_s16le": 1,
    "pcm_f32le": 3,
    "pcm_alaw": 6,
    "pcm_mulaw": 7,
}


class _Listed(Struct, frozen=True, kw_only=True):
    """A voice as the catalogue has it."""

    id: str
    name: str
    description: str = "Simulated."
    tagline: str = ""
    language: str = "en"
    locales: tuple[str, ...] = ()
    gender: str = "gender_neutral"
    access: str = "public"
    visibility: str = "all"
    is_owner: bool = False
    created_at: str = "2026-01-01T00:00:00Z"


def cartesia_routes(stage: Stage, terms: Terms | None = None) -> list[BaseRoute]:
    """The routes of the vendor."""
    doors = _Doors(Service(stage, terms or Terms()))
    return [
        Route("/", doors.status, methods=["GET"]),
        Route("/access-token", doors.access_token, methods=["POST"]),
        Route("/voices", doors.voices, methods=["GET"]),
        Route("/tts/bytes", doors.recording, methods=["POST"]),
        Route("/tts/sse", doors.events, methods=["POST"]),
        WebSocketRoute("/tts/websocket", doors.socket),
    ]


class _Doors:
    def __init__(self, service: Service) -> None:
        self._service = service
        self._stage = service.stage

    async def status(self, _request: Request) -> JSONResponse:
        return JSONResponse({"ok": True, "version": "simulated"})

    async def access_token(self, request: Request) -> Response:
        return await self._refused(request) or JSONResponse({"token": TOKEN})

    async def voices(self, request: Request) -> Response:
        if refused := await self._refused(request):
            return refused
        asked = request.query_params
        named = [voice for voice in VOICES if asked.get("q", "").lower() in voice.name.lower()]
        ids = [voice.id for voice in named]
        after = asked.get("starting_after")
        begin = ids.index(after) + 1 if after in ids else 0
        limit = asked.get("limit", "")
        end = begin + (max(1, int(limit)) if limit.isdecimal() else VOICES_A_PAGE)
        page = [_Listed(id=voice.id, name=voice.name) for voice in named[begin:end]]
        body = {"data": msgspec.to_builtins(page), "has_more": end < len(named)}
        return JSONResponse(body)

    async def recording(self, request: Request) -> Response:
        asked = await self._asked(request, container="wav")
        if isinstance(asked, Response):
            return asked
        output, parts = asked.output_format, self._parts(asked)
        if output.container == "raw":
            return StreamingResponse((part.data async for part in parts), media_type="audio/raw")
        data = b"".join([part.data async for part in parts])
        return Response(_wav_header(output, len(data)) + data, media_type="audio/wav")

    async def events(self, request: Request) -> Response:
        asked = await self._asked(request, container="raw")
        if isinstance(asked, Response):
            return asked
        return StreamingResponse(self._told(asked), media_type="text/event-stream")

    async def _told(self, asked: wire.GenerationRequest) -> AsyncIterator[bytes]:
        async for part in self._parts(asked):
            if asked.add_timestamps and part.words.words:
                yield _event("timestamps", wire.Timestamps(asked.context_id, part.words))
            yield _event("chunk", wire.Chunk(asked.context_id, part.data))
        yield _event("done", wire.Done(asked.context_id))

    def _parts(self, asked: wire.GenerationRequest) -> AsyncIterator[Part]:
        now = asyncio.get_running_loop().time()
        return performed(self._stage, asked.transcript, asked.output_format, since=now)

    async def _asked(
        self, request: Request, *, container: str
    ) -> wire.GenerationRequest | Response:
        """The request, or why it is refused."""
        if refused := await self._refused(request):
            return refused
        try:
            asked = wire.client_message(await request.body())
        except ValueError as error:
            return _denial(refusals.unreadable(str(error)), _version(request))
        if isinstance(asked, wire.Cancel):
            return _denial(refusals.unreadable("nothing to cancel here"), _version(request))
        refusal = refusals.objection(asked, container=container)
        return asked if refusal is None else _denial(refusal, _version(request))

    async def socket(self, socket: WebSocket) -> None:
        self._stage.mark("socket_asked")
        await self._stage.takes(self._stage.profile.handshake)
        if refused := await self._refused(socket):
            await socket.send_denial_response(refused)
            return
        await socket.accept()
        self._stage.count("cartesia", "sockets")
        await SpeechSocket(self._service, socket, _version(socket)).run()

    async def _refused(self, peer: HTTPConnection) -> Response | None:
        struck = self._stage.faults.strikes("cartesia", "refused", *_AT_THE_DOOR)
        if struck is not None and struck.fault == "refused":
            self._stage.cut(peer)
            return Response(status_code=500)
        if struck is not None:
            return _denial(_AT_THE_DOOR[struck.fault], _version(peer))
        if not self._knows(peer):
            return _denial(refusals.UNAUTHORIZED, _version(peer))
        return None

    def _knows(self, peer: HTTPConnection) -> bool:
        bearer = peer.headers.get("authorization", "").removeprefix("Bearer ")
        asked = peer.query_params
        key = (
            bearer
            or peer.headers.get("x-api-key")
            or asked.get("api_key")
            or asked.get("access_token")
            or ""
        )
        return key == TOKEN or self._stage.knows(key)


def _version(peer: HTTPConnection) -> str:
    """Of the API; a client that names none is an old one."""
    header = peer.headers.get("cartesia-version", "")
    return peer.query_params.get("cartesia_version", header)


def _denial(refusal: refusals.Refusal, version: str) -> Response:
    headers = {"retry-after": str(RETRY_AFTER_S)} if refusal.status in {429, 503} else {}
    told: dict[str, object] = msgspec.to_builtins(refusal.worded(version))
    body = {name: value for name, value in told.items() if name not in {"type", "done"}}
    return JSONResponse(body, refusal.status, headers)


def _event(name: str, message: wire.ServerMessage) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), wire.encoded(message))


def _wav_header(output: wire.OutputFormat, size: int) -> bytes:
    width, rate_hz = wire.BYTES_PER_SAMPLE[output.encoding], output.sample_rate
    form = (_WAV_FORMAT[output.encoding], 1, rate_hz, rate_hz * width, width, width * 8)
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", size + 36, b"WAVE", b"fmt ", 16, *form, b"data", size
    )
