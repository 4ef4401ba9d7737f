"""How the simulated Cartesia behaves on one speech socket: many contexts, each in its own order."""

from __future__ import annotations

import asyncio
from typing import Final

from msgspec import Struct
from msgspec.structs import replace
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from vantum.simulator import cartesia_refusals as refusals
from vantum.simulator.cartesia_sound import Part, performed
from vantum.simulator.contexts import Context, Flush, Say
from vantum.simulator.faults import Armed, Fault
from vantum.simulator.stage import Stage
from vantum.wire import cartesia as wire

LATE_CHUNKS: Final = 3
_LATE: Final = bytes(range(256)) * 8  # anything but silence: it must be noticed where it is heard


class Terms(Struct, frozen=True, kw_only=True):
    """What the service allows a client."""

    expires_after_s: float = 1.0  # of a context, after its last sound was sent
    idle_s: float = 300.0  # of a socket
    contexts: int = 1_000  # at once; the vendor's plans allow 2 to 15 and, by contract, any number


class Service(Struct):
    """What all sockets share."""

    stage: Stage
    terms: Terms
    active: int = 0


class _Live(Struct):
    """A context and what keeps it going."""

    context: Context
    changed: asyncio.Event
    idle: bool = False
    task: asyncio.Task[None] | None = None


class SpeechSocket:
    """One accepted socket."""

    def __init__(self, service: Service, socket: WebSocket, version: str) -> None:
        self._service = service
        self._stage = service.stage
        self._socket = socket
        self._version = version
        self._live: dict[str, _Live] = {}
        self._expired: set[str] = set()
        self._late: list[str] = []  # contexts whose sound goes on after they are over

    async def run(self) -> None:
        """Serve until the client goes, or says nothing for too long."""
        async with asyncio.TaskGroup() as group:
            try:
                while (frame := await self._heard()) is not None:
                    await self._take(frame, group)
            finally:
                for live in self._live.values():
                    if live.task is not None:
                        live.task.cancel()
                self._service.active -= len(self._live)

    async def _heard(self) -> str | bytes | None:
        while True:
            try:
                async with asyncio.timeout(self._service.terms.idle_s):
                    event = await self._socket.receive()
            except TimeoutError:
                if self._live:
                    continue
                await self._socket.close(1000, "connection idle timeout")
                return None
            if event["type"] != "websocket.receive":
                return None
            frame: str | bytes = event.get("text") or event.get("bytes") or b""
            return frame

    async def _take(self, frame: str | bytes, group: asyncio.TaskGroup) -> None:
        try:
            asked = wire.client_message(frame)
        except ValueError as error:
            await self._refuse(None, refusals.unreadable(str(error)))
            return
        if isinstance(asked, wire.Cancel):
            await self._cancel(asked.context_id)
            return
        self._stage.understood("cartesia", asked)
        if refusal := self._objection(asked):
            await self._refuse(asked.context_id, refusal)
            return
        now = asyncio.get_running_loop().time()
        live = self._live.get(asked.context_id)
        if live is None:
            live = self._begin(asked, group)
        if asked.transcript:
            self._stage.mark("sound_asked")
        live.context.add(asked, now)
        live.changed.set()
        self._stage.counts["cartesia.characters"] += len(asked.transcript)

    def _objection(self, asked: wire.GenerationRequest) -> refusals.Refusal | None:
        if not asked.context_id:
            return refusals.unreadable("context_id is missing")
        live = self._live.get(asked.context_id)
        if live is not None and live.idle and asked.transcript and self._strikes("context_expired"):
            self._end(asked.context_id, expired=True)
        if asked.context_id in self._expired:
            return refusals.EXPIRED
        if live is not None:
            return None if live.context.takes(asked) else refusals.CHANGED
        if self._service.active >= self._service.terms.contexts:
            return refusals.CROWDED
        if struck := self._strikes("rate_limit", "quota"):
            return refusals.CROWDED if struck.fault == "rate_limit" else refusals.QUOTA
        return refusals.objection(asked)

    def _begin(self, asked: wire.GenerationRequest, group: asyncio.TaskGroup) -> _Live:
        context = Context(asked, expires_after_s=self._service.terms.expires_after_s)
        live = self._live[asked.context_id] = _Live(context, asyncio.Event())
        self._service.active += 1
        self._stage.count("cartesia", "contexts")
        live.task = group.create_task(self._perform(asked.context_id, live), name="context")
        return live

    def _end(self, context_id: str, *, expired: bool = False) -> None:
        live = self._live.pop(context_id)
        self._service.active -= 1
        if live.task is not None and live.task is not asyncio.current_task():
            live.task.cancel()
        if expired:
            self._expired.add(context_id)

    async def _cancel(self, context_id: str) -> None:
        self._stage.count("cartesia", "cancels")
        if live := self._live.get(context_id):
            live.context.cancel()
            live.changed.set()
            if self._strikes("late_chunks"):
                self._late.append(context_id)
                await self._send_late(context_id)

    async def _perform(self, context_id: str, live: _Live) -> None:
        """Do what the context has to do, in order, until it is over."""
        context, loop = live.context, asyncio.get_running_loop()
        while not context.ended:
            if not context.jobs:
                await _change(live)
                context.wake(loop.time())
                continue
            job = context.jobs.popleft()
            if isinstance(job, Flush):
                await self._send(wire.FlushDone(context_id, job.flush_id))
            elif not await self._say(context_id, context, job):
                self._end(context_id)
                return
        self._end(context_id, expired=context.expired)
        await self._send(wire.Done(context_id))
        for late in self._late:
            await self._send_late(late)

    async def _say(self, context_id: str, context: Context, job: Say) -> bool:
        """Whether the context is still good afterwards."""
        if struck := self._strikes("stall_first"):
            await _stall(struck)
        output, begun_s = context.terms.output_format, context.sounded_s
        first = True
        async for part in performed(self._stage, job.text, output, since=job.at_s):
            if first:
                self._stage.mark("sound_begun")
            await self._sound(context_id, context, job, part, begun_s)
            if first and not await self._survives(context_id):
                return False
            first = False
        return True

    async def _sound(
        self, context_id: str, context: Context, job: Say, part: Part, begun_s: float
    ) -> None:
        loop = asyncio.get_running_loop()
        if context.terms.add_timestamps and part.words.words:
            words = replace(
                part.words,
                start=tuple(begun_s + at for at in part.words.start),
                end=tuple(begun_s + at for at in part.words.end),
            )
            await self._send(wire.Timestamps(context_id, words, job.flush_id))
        step_ms = (loop.time() - job.at_s) * 1_000
        await self._send(wire.Chunk(context_id, part.data, job.flush_id, step_ms))
        context.sounded(part.seconds, loop.time())

    async def _survives(self, context_id: str) -> bool:
        """Let faults strike in the middle of some text."""
        struck = self._strikes("stall_middle", "drop", "not_json", "unknown_type", "error_event")
        if struck is None:
            return True
        match struck.fault:
            case "stall_middle":
                await _stall(struck)
            case "drop":
                await self._socket.close(1011, "internal error")
            case "not_json":
                await self._send_text("<html>502 Bad Gateway</html>")
            case "unknown_type":
                await self._send_text(f'{{"type":"novelty","context_id":"{context_id}"}}')
            case _:
                await self._refuse(context_id, refusals.BROKEN)
                return False
        return True

    async def _send_late(self, context_id: str) -> None:
        for _ in range(LATE_CHUNKS):
            await self._send(wire.Chunk(context_id, _LATE, 1))
        self._stage.count("cartesia", "late")

    async def _refuse(self, context_id: str | None, refusal: refusals.Refusal) -> None:
        self._stage.count("cartesia", "refusals")
        await self._send(refusal.worded(self._version, context_id))

    async def _send(self, message: wire.ServerMessage) -> None:
        await self._send_text(wire.encoded(message).decode())

    async def _send_text(self, text: str) -> None:
        if self._socket.application_state is not WebSocketState.CONNECTED:
            return
        try:
            await self._socket.send_text(text)
        except WebSocketDisconnect:
            return  # the reader will notice it too

    def _strikes(self, *occasion: Fault) -> Armed | None:
        return self._stage.faults.strikes("cartesia", *occasion)


async def _change(live: _Live) -> None:
    """Wait until there is more to do, or until it is time for something."""
    loop, at = asyncio.get_running_loop(), live.context.wakes_at()
    timer = None if at is None else loop.call_at(at, live.changed.set)
    live.idle = True
    try:
        await live.changed.wait()
    finally:
        live.idle = False
        live.changed.clear()
        if timer is not None:
            timer.cancel()


async def _stall(struck: Armed) -> None:
    await asyncio.sleep(struck.seconds if struck.seconds is not None else 3_600.0)
