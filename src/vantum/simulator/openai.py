"""OpenAI's chat completions, played: who may ask, and when each part of an answer is sent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from vantum.simulator import openai_refusals as refusals
from vantum.simulator.faults import Armed, Fault
from vantum.simulator.openai_answers import Model, Reply, Wording, event
from vantum.simulator.openai_requests import read_request
from vantum.simulator.stage import Stage
from vantum.wire.openai import ChatRequest

MODELS: Final = ("gpt-6-luna", "gpt-6-sol", "gpt-5.6-luna", "gpt-4o-mini")
WRITE_EVERY_S: Final = 0.02  # tokens made within this time go out in one write
SLOW_S: Final = 12.0  # the field's p99 of the first token

_STREAM_FAULTS: Final[tuple[Fault, ...]] = (
    "stall_first",
    "stall_middle",
    "drop",
    "not_json",
    "unknown_type",
    "slow_first_token",
    "cut_stream",
    "error_event",
)
_HEADERS: Final = {
    "openai-organization": "org-simulated",
    "openai-version": "2020-10-01",
    "openai-processing-ms": "1",
    "x-ratelimit-limit-requests": "500",
    "x-ratelimit-limit-tokens": "200000",
    "x-ratelimit-remaining-requests": "499",
    "x-ratelimit-remaining-tokens": "199000",
    "x-ratelimit-reset-requests": "120ms",
    "x-ratelimit-reset-tokens": "300ms",
}
_SERVER_ERROR: Final = (
    b'{"error":{"message":"The server had an error while processing your request. Sorry about '
    b'that!","type":"server_error","param":null,"code":null}}'
)


def routes(stage: Stage) -> list[BaseRoute]:
    """OpenAI's part of the port."""
    service = _Service(stage)
    return [
        Route("/v1/chat/completions", service.complete, methods=["POST"]),
        Route("/v1/models", service.models, methods=["GET"]),
    ]


class _Service:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._model = Model(one_answer=stage.profile.one_answer)

    async def models(self, request: Request) -> Response:
        """GET /v1/models."""
        if not self._admits(request):
            return self._signed(refusals.unknown_key())
        data = [
            {"id": name, "object": "model", "created": 1_790_000_000, "owned_by": "openai"}
            for name in MODELS
        ]
        return self._signed(refusals.json_response(200, {"object": "list", "data": data}))

    async def complete(self, request: Request) -> Response:
        """POST /v1/chat/completions."""
        stage = self._stage
        stage.count("openai", "requests")
        stage.mark("answer_asked")
        body = await request.body()
        if stage.faults.strikes("openai", "refused"):
            await self._vanish(request)
        fault = stage.faults.strikes("openai", *refusals.REQUEST_FAULTS)
        asked = read_request(body)
        if isinstance(asked, ChatRequest):
            stage.understood("openai", asked)
        if fault is not None:
            model = asked.model if isinstance(asked, ChatRequest) else "unknown"
            return self._signed(refusals.refused_by(fault, model))
        if not self._admits(request):
            return self._signed(refusals.unknown_key())
        if isinstance(asked, Response):
            return self._signed(asked)
        return self._signed(self._answer(request, asked))

    def _answer(self, request: Request, asked: ChatRequest) -> Response:
        stage = self._stage
        fault = stage.faults.strikes("openai", *_STREAM_FAULTS)
        wording = Wording(
            asked,
            answer_id=f"chatcmpl-{stage.dice.randbytes(12).hex()}",
            created=int(time.time()),
            dice=stage.dice,
        )
        sending = _Sending(stage, request, self._model.reply(asked), wording, fault)
        # Both kinds are streamed, since only then does the web server tell when the client leaves.
        if asked.stream is True:
            return StreamingResponse(sending.stream(), media_type="text/event-stream")
        return StreamingResponse(sending.whole(), media_type="application/json")

    def _admits(self, request: Request) -> bool:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        return self._stage.knows(key.strip() if scheme.lower() == "bearer" else "")

    def _signed(self, response: Response) -> Response:
        response.headers["x-request-id"] = f"req_{self._stage.dice.randbytes(16).hex()}"
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    async def _vanish(self, request: Request) -> None:
        self._stage.cut(request)
        while (await request.receive())["type"] != "http.disconnect":
            pass


class _Sending:
    """One answer on its way to a client, and the fault that befalls it."""

    def __init__(
        self,
        stage: Stage,
        request: Request,
        reply: Reply,
        wording: Wording,
        fault: Armed | None,
    ) -> None:
        self._stage = stage
        self._request = request
        self._reply = reply
        self._wording = wording
        self._fault = fault
        self._making = 0  # tokens of the next write

    async def stream(self) -> AsyncIterator[bytes]:
        """The events of the answer, each write when its time has come."""
        left = True
        try:
            async with aclosing(self._written()) as writes:
                async for written in writes:
                    for part in self._torn(written):
                        yield part
                        await asyncio.sleep(0)  # else both parts leave in one packet
            left = False
        finally:
            if left:
                self._stage.count("openai", "clients_gone")
                self._stage.counts["openai.tokens_wasted"] += self._making

    async def whole(self) -> AsyncIterator[bytes]:
        """The answer in one piece, after the time that a stream would take."""
        await self._begin()
        await asyncio.sleep(len(self._reply.tokens) / self._stage.profile.tokens_per_s)
        if self._happens("drop"):
            self._stage.cut(self._request)
            await _forever()
        self._stage.counts["openai.tokens_sent"] += len(self._reply.tokens)
        yield self._wording.whole(self._reply)

    async def _written(self) -> AsyncGenerator[bytes, None]:
        wording, reply = self._wording, self._reply
        await self._begin()
        if start := wording.start():
            yield start
        batches = list(_batches(reply.tokens, self._stage.profile.tokens_per_s))
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        for number, tokens in enumerate(batches):
            if number == (len(batches) + 1) // 2:
                async for odd in self._befall():
                    yield odd
                if self._happens("cut_stream", "error_event"):
                    return
            self._making = len(tokens)
            await asyncio.sleep(max(0.0, due_s - loop.time()))
            self._stage.mark("tokens_written")
            yield b"".join(wording.token(one, declined=reply.declined) for one in tokens)
            self._stage.counts["openai.tokens_sent"] += len(tokens)
            due_s += len(tokens) / self._stage.profile.tokens_per_s
        self._making = 0
        for piece in wording.call(reply.call) if reply.call else ():
            yield piece
        yield wording.end(reply)

    async def _begin(self) -> None:
        fault = self._fault
        if fault is not None and self._happens("stall_first"):
            await _forever(fault.seconds)
        if fault is not None and self._happens("slow_first_token"):
            await asyncio.sleep(SLOW_S if fault.seconds is None else fault.seconds)
        else:
            await self._stage.takes(self._stage.profile.first_token)

    async def _befall(self) -> AsyncIterator[bytes]:
        """What goes wrong in the middle."""
        match self._fault:
            case Armed(fault="stall_middle", seconds=seconds):
                await _forever(seconds)
            case Armed(fault="drop"):
                self._stage.cut(self._request)
                await _forever()
            case Armed(fault="not_json"):
                yield event(b'{"id":"chatcmpl-')
            case Armed(fault="unknown_type"):
                yield event(b'{"object":"chat.completion.novelty","novelty":{"choices":1}}')
            case Armed(fault="error_event"):
                yield event(_SERVER_ERROR)

    def _happens(self, *faults: Fault) -> bool:
        return self._fault is not None and self._fault.fault in faults

    def _torn(self, written: bytes) -> Iterator[bytes]:
        """A write as the network delivers it: cut anywhere, best inside a character."""
        if self._stage.profile.one_answer or len(written) < 2:
            yield written
            return
        inside = next((at for at, byte in enumerate(written, 1) if byte >= 0x80), 0)
        at = inside or self._stage.dice.randrange(1, len(written))
        yield written[:at]
        yield written[at:]


def _batches(tokens: tuple[str, ...], tokens_per_s: float) -> Iterator[tuple[str, ...]]:
    size = max(1, round(tokens_per_s * WRITE_EVERY_S))
    for at in range(0, len(tokens), size):
        yield tokens[at : at + size]


async def _forever(seconds: float | None = None) -> None:
    """Nothing, until the client leaves or the fault has lasted so long."""
    if seconds is not None:
        await asyncio.sleep(seconds)
    else:
        await asyncio.Event().wait()
