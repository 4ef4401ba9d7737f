"""How Deepgram is played over sockets: who may enter, what is sent when, and every fault."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from vantum.simulator.faults import Armed, Fault
from vantum.simulator.flux import Flux
from vantum.simulator.hearing import Closing, Recogniser, Speech, Steps
from vantum.simulator.nova import Nova
from vantum.simulator.stage import Stage
from vantum.wire import deepgram as nova
from vantum.wire import deepgram_flux as flux

_RETRY_AFTER_S: Final = 1.0
_BURST_S: Final = 0.5  # of sound may come at once where the pace is limited
_QUICK_S: Final = 0.02  # a talent that needs less is asked as often as the recogniser wants
_REST: Final = 2.0  # between two hearings of a growing utterance, in times of what one took

# Refusals of the handshake: status, error code, what is said.
_REFUSALS: Final[Mapping[Fault, tuple[int, str, str]]] = {
    "unauthorized": (401, "INVALID_AUTH", "Invalid credentials."),
    "payment_required": (402, "ASR_PAYMENT_REQUIRED", "Project does not have enough credits."),
    "forbidden": (403, "INSUFFICIENT_PERMISSIONS", "Project does not have access to the model."),
    "throttled": (429, "TOO_MANY_REQUESTS", "Too many requests. Please try again later."),
    "unavailable": (503, "SERVICE_UNAVAILABLE", "The service is temporarily unavailable."),
}

Build = Callable[[list[tuple[str, str]], str], Recogniser]  # from the query and the request's id


def routes(stage: Stage) -> list[BaseRoute]:
    """Where Deepgram's recognisers are found."""

    def new_nova(pairs: list[tuple[str, str]], request_id: str) -> Nova:
        created = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        query = nova.read_query(pairs)
        stage.understood("deepgram", query)
        return Nova(query, stage.profile, request_id=request_id, created=created)

    def new_flux(pairs: list[tuple[str, str]], request_id: str) -> Flux:
        query = flux.read_query(pairs)
        stage.understood("deepgram", query)
        end_s = partial(stage.profile.flux_end.drawn, stage.dice)
        return Flux(query, end_s, request_id=request_id)

    async def listen_v1(socket: WebSocket) -> None:
        await _listen(stage, socket, new_nova, idle_s=stage.profile.idle_s)

    async def listen_v2(socket: WebSocket) -> None:
        # Flux is kept open by pings, which the web server answers.
        await _listen(stage, socket, new_flux, idle_s=None)

    return [
        WebSocketRoute("/v1/listen", listen_v1),
        WebSocketRoute("/v2/listen", listen_v2),
    ]


async def _listen(stage: Stage, socket: WebSocket, build: Build, *, idle_s: float | None) -> None:
    stage.mark("stream_asked")
    await stage.takes(stage.profile.handshake)
    request_id = str(UUID(int=stage.dice.getrandbits(128), version=4))
    struck = stage.faults.strikes("deepgram", "refused", *_REFUSALS)
    if struck and struck.fault == "refused":
        stage.cut(socket)
        await socket.receive()  # the request
        await socket.receive()  # and its end
        return
    if struck:
        await _refuse(socket, request_id, _Refusal(*_REFUSALS[struck.fault], struck.seconds))
        return
    if not stage.knows(_key(socket)):
        await _refuse(socket, request_id, _Refusal(*_REFUSALS["unauthorized"]))
        return
    try:
        recogniser = build(socket.query_params.multi_items(), request_id)
    except msgspec.ValidationError as error:
        refusal = _Refusal(400, "INVALID_QUERY_PARAMETER", f"Bad Request: {error}")
        await _refuse(socket, request_id, refusal)
        return
    stage.count("deepgram", "streams")
    subprotocol = "token" if "token" in socket.scope["subprotocols"] else None
    await socket.accept(subprotocol, headers=[(b"dg-request-id", request_id.encode())])
    try:
        await _Stream(stage, socket, recogniser, idle_s).run()
    except WebSocketDisconnect:
        stage.count("deepgram", "hangups")
    finally:
        stage.count("deepgram", "ends")


class _Refusal(Struct, frozen=True):
    """Why the handshake is refused."""

    status: int
    code: str
    text: str
    retry_after_s: float | None = None


async def _refuse(socket: WebSocket, request_id: str, refusal: _Refusal) -> None:
    headers = {"dg-request-id": request_id, "dg-error": refusal.text}
    if refusal.status == 429:
        headers["retry-after"] = f"{refusal.retry_after_s or _RETRY_AFTER_S:g}"
    body = {"err_code": refusal.code, "err_msg": refusal.text, "request_id": request_id}
    await socket.receive()
    response = JSONResponse(body, status_code=refusal.status, headers=headers)
    await socket.send_denial_response(response)


def _key(socket: WebSocket) -> str:
    """The key that a client shows, as a header or, from a browser, as a subprotocol."""
    offered: list[str] = socket.scope["subprotocols"]
    if len(offered) == 2 and offered[0].lower() in {"token", "bearer"}:
        return offered[1]
    scheme, _, key = socket.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() in {"token", "bearer"} else ""


class _Stream:
    """One accepted connection."""

    def __init__(
        self, stage: Stage, socket: WebSocket, recogniser: Recogniser, idle_s: float | None
    ) -> None:
        self._stage = stage
        self._socket = socket
        self._recogniser = recogniser
        self._idle_s = idle_s
        self._began_s = self._alive_s = _now_s()
        self._mute_until_s = 0.0
        self._number, self._words = -1, ""  # the utterance that was heard last
        self._rest_until_s = 0.0
        self._over = False

    async def run(self) -> None:
        """Serve until either side closes. Raises WebSocketDisconnect when the client does."""
        if struck := self._stage.faults.strikes("deepgram", "stall_first"):
            self._fall_silent(struck)
        await self._play(self._recogniser.greet())
        while True:
            try:
                async with asyncio.timeout_at(self._idle_s and self._alive_s + self._idle_s):
                    message = await self._socket.receive()
            except TimeoutError:
                why = f"NET-0001: neither audio nor KeepAlive within {self._idle_s:g} s"
                self._idle_s = None
                await self._end(Closing(1011, why))
                continue
            if message["type"] == "websocket.disconnect":
                if self._over:
                    return
                raise WebSocketDisconnect(message["code"])
            if self._over:
                continue  # until the client has closed as well
            if (audio := message.get("bytes")) is not None:
                self._alive_s = _now_s()
                await self._play(self._recogniser.hear(audio))
                await self._keep_pace()
            else:
                await self._obey(message["text"])

    async def _obey(self, text: str) -> None:
        order = nova.read_order(text) or flux.read_order(text)
        name = type(order).__name__ if order else "unknown"
        self._stage.count("deepgram", name)
        if isinstance(order, nova.KeepAlive):
            self._alive_s = _now_s()
        await self._play(self._recogniser.obey(text))

    async def _play(self, steps: Steps) -> None:
        answer: str | None = None
        while not self._over:
            try:
                step = steps.send(answer)  # type: ignore[arg-type]  # None begins, and follows a message
            except StopIteration:
                return
            answer = None
            if isinstance(step, Speech):
                answer = await self._heard(step)
            elif isinstance(step, Closing):
                await self._end(step)
            else:
                await self._say(step)

    async def _heard(self, speech: Speech) -> str:
        """The words; a slow talent hears a growing utterance less often than it is asked to.

        Not before its first words, with which a fault strikes: on a stalled machine all are slow.
        """
        known = self._words if speech.number == self._number else ""
        if known and not speech.whole and _now_s() < self._rest_until_s:
            return known
        began_s = _now_s()
        self._words = await self._stage.talent.words(speech.pcm, speech.rate_hz, speech.number)
        self._number = speech.number
        if (took_s := _now_s() - began_s) > _QUICK_S:
            self._rest_until_s = _now_s() + _REST * took_s
        if self._words and not known:
            await self._strike()
        return self._words

    async def _strike(self) -> None:
        """Something may happen in the middle of each utterance, once its first words are known."""
        struck = self._stage.faults.strikes(
            "deepgram", "stall_middle", "drop", "not_json", "unknown_type", "error_event"
        )
        if struck is None:
            return
        if struck.fault == "stall_middle":
            self._fall_silent(struck)
        elif struck.fault == "drop":
            await self._end(Closing(1011, "NET-0000: internal error"))
        elif struck.fault == "not_json":
            await self._socket.send_text("<html>502 Bad Gateway</html>")
        elif struck.fault == "unknown_type":
            await self._socket.send_text('{"type":"SomethingNew","channel":[0,1]}')
        else:
            await self._say(self._recogniser.failure())
            await self._end(Closing(1011, "NET-0000: internal error"))

    def _fall_silent(self, struck: Armed) -> None:
        self._mute_until_s = _now_s() + (3_600 if struck.seconds is None else struck.seconds)

    async def _say(self, message: nova.ServerMessage | flux.ServerMessage) -> None:
        if isinstance(message, nova.Results) and message.is_final and message.best.transcript:
            await self._stage.takes(self._stage.profile.final)
        if _ends_turn(message):
            self._stage.mark("turn_ended")
        if _now_s() >= self._mute_until_s:
            await self._socket.send_text(nova.encode(message))

    async def _end(self, closing: Closing) -> None:
        if _now_s() >= self._mute_until_s:
            self._over, self._idle_s = True, None
            await self._socket.close(closing.code, closing.reason)

    async def _keep_pace(self) -> None:
        """Take sound no faster than the vendor does."""
        pace = self._stage.profile.ingest_pace
        if pace is not None:
            due_s = self._began_s + (self._recogniser.now_s - _BURST_S) / pace
            await asyncio.sleep(max(0.0, due_s - _now_s()))


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _ends_turn(message: nova.ServerMessage | flux.ServerMessage) -> bool:
    if isinstance(message, nova.Results):
        return bool(message.speech_final and message.best.transcript)
    return isinstance(message, flux.TurnInfo) and message.event == "EndOfTurn"
