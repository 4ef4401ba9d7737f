"""Over which socket a context of Cartesia's is spoken, and how it learns of the socket's end.

Sockets outlive answers: opening one costs a caller 200 ms. A context belongs to one answer; what
arrives for a context that was released, such as sound that was under way when its answer was
interrupted, is dropped here and can reach nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final
from uuid import uuid4

from vantum.errors import ProviderError, ProviderUnavailable
from vantum.nobody import nobody
from vantum.providers.cartesia_trouble import refused
from vantum.providers.resources import Resources, Stoppable, Upkeep
from vantum.providers.vendor_socket import Refused, opened
from vantum.websocket import Frames, Gone
from vantum.wire import cartesia as wire

CONTEXTS_PER_SOCKET: Final = 8  # so many answers break off at most when a socket does
IDLE_S: Final = 240.0  # the vendor closes after 300 s, perhaps just when a call needs it
_MOST_OF: Final = 0.9  # who gave up waited that long since asking, or since the last sound
CLOSE_S: Final = 1.0  # for the closing handshake, which the end of the process waits for

Heard = wire.ServerMessage | ProviderError
Hear = Callable[["Context", Heard], None]


class Context:
    """One answer's place on a socket. After its release it hears nothing more."""

    def __init__(self, socket: Socket, hear: Hear) -> None:
        self.id = uuid4().hex
        self._socket = socket
        self._hear = hear

    async def send(self, message: wire.GenerationRequest) -> None:
        """Raises ProviderError when the socket could not be opened, or is lost."""
        await self._socket.send(message)

    def hear(self, heard: Heard) -> None:
        """Pass on what the service said, or that the socket is lost."""
        self._hear(self, heard)

    def release(self, *, cancel: bool, owed: bool = False) -> None:
        """Leave; `cancel` stops what the service has not begun, without waiting for it.

        `owed`: sound was being waited for, so a socket that is silent may be dead.
        """
        self._hear = nobody  # may hold this place, and what it has not taken yet
        if owed:
            self._socket.look_alive()
        self._socket.release(self, cancel=cancel)


class Socket:
    """One connection and the contexts on it."""

    def __init__(self, resources: Resources, gone: Callable[[Socket], None]) -> None:
        self.contexts: dict[str, Context] = {}
        self.settled = asyncio.Event()  # it is open, or it never will be
        self._resources = resources
        self._gone = gone
        self._connection: Frames | None = None
        self.lost: ProviderError | None = None  # why nothing can be sent any more
        self._now = asyncio.get_running_loop().time  # to ask which loop runs costs a system call
        self._too_old_at = self._now() + resources.settings.tts_session_timeout_s
        self._heard_at = self._asked_at = self._now()
        self._retirement: asyncio.TimerHandle | None = None
        self._task: Stoppable = resources.upkeep.start("cartesia-socket", self._run())

    @property
    def has_room(self) -> bool:
        """One more context may begin here."""
        young = self._now() < self._too_old_at
        return self.lost is None and young and len(self.contexts) < CONTEXTS_PER_SOCKET

    def join(self, hear: Hear) -> Context:
        """Begin a context."""
        context = Context(self, hear)
        self.contexts[context.id] = context
        if self._retirement is not None:
            self._retirement.cancel()
        return context

    def release(self, context: Context, *, cancel: bool) -> None:
        """End a context here; the service is told in its own time."""
        if self.contexts.pop(context.id, None) is None:
            return
        if cancel:
            telling = self._tell(wire.Cancel(context.id))
            self._resources.upkeep.start("cartesia-cancel", telling)
        self._rest()

    def look_alive(self) -> None:
        """Begin nothing more here if nothing was heard for as long as callers are patient."""
        now, budgets = self._now(), self._resources.budgets
        patience_s = min(budgets.tts_first_audio_s, budgets.tts_pause_s)
        if now - max(self._heard_at, self._asked_at) > _MOST_OF * patience_s:
            self._too_old_at = now

    async def send(self, message: wire.GenerationRequest | wire.Cancel) -> None:
        """Send once the socket is open, which connecting has a deadline for."""
        await self.settled.wait()
        self._asked_at = self._now()
        if self._connection is None or self.lost is not None:
            raise self.lost or _lost()
        try:
            async with asyncio.timeout(self._resources.budgets.tts_connect_s):
                sent = await self._connection.send(wire.encoded(message).decode())
        except TimeoutError as error:
            raise _lost() from error
        if not sent:
            raise _lost()

    async def _tell(self, message: wire.Cancel) -> None:
        with suppress(ProviderError):  # with the socket the context is gone as well
            await self.send(message)

    async def _run(self) -> None:
        lost = _lost()
        try:
            self._connection = connection = await self._opened()
            connection.take_at_once = self._route
            self.settled.set()
            self._rest()
            while not isinstance(frame := await connection.take(), Gone):
                self._route(frame)
        except Refused as answer:
            lost = refused(
                wire.refusal(answer.body),
                status=answer.status,
                retry_after=answer.headers.get("Retry-After", ""),
            )
        except OSError as error:
            lost = ProviderUnavailable("Cartesia cannot be reached", service="tts")
            lost.__cause__ = error
        finally:
            if self._connection is not None:
                self._connection.take_at_once = None
                self._connection.close()
            self._end(lost)

    async def _opened(self) -> Frames:
        settings, budgets = self._resources.settings, self._resources.budgets
        key = settings.cartesia_api_key
        return await opened(
            f"{settings.cartesia_base_url.rstrip('/')}/tts/websocket",
            {
                "Authorization": f"Bearer {key.get_secret_value() if key else ''}",
                "Cartesia-Version": wire.VERSION,
            },
            open_s=budgets.tts_connect_s,
            close_s=CLOSE_S,
            ping_s=budgets.tts_keepalive_s,
        )

    def _route(self, frame: str | bytes) -> bool:
        self._heard_at = self._now()
        message = wire.server_message(frame)
        if message is None:
            return True
        if message.context_id is not None:
            context = self.contexts.get(message.context_id)
        else:  # an error that names no context: it can be told where there is but one
            [context] = self.contexts.values() if len(self.contexts) == 1 else [None]
        if context is not None:
            context.hear(message)
        return True

    def _rest(self) -> None:
        """Close in a while, unless somebody joins."""
        if self.contexts or self.lost is not None:
            return
        if self._retirement is not None:
            self._retirement.cancel()
        idle_s = min(IDLE_S, self._resources.settings.tts_session_idle_timeout_s)
        self._retirement = asyncio.get_running_loop().call_later(idle_s, self._retire)

    def _retire(self) -> None:
        self._gone(self)
        self._task.cancel()

    def _end(self, lost: ProviderError) -> None:
        self.lost = lost
        self._gone(self)
        self.settled.set()
        if self._retirement is not None:
            self._retirement.cancel()
        contexts = tuple(self.contexts.values())
        self.contexts.clear()
        for context in contexts:
            context.hear(lost)


class Sockets:
    """The sockets of a process. Once one was needed there is always one that has room."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._sockets: list[Socket] = []

    def context(self, hear: Hear) -> Context:
        """A new context. Raises ProviderError when there are as many as are permitted."""
        active = sum(len(socket.contexts) for socket in self._sockets)
        if active >= self._resources.settings.tts_max_concurrent_sessions:
            raise ProviderError(
                "as many answers are being spoken as TTS_MAX_CONCURRENT_SESSIONS allows",
                service="tts",
                trouble="throttled",
            )
        context = self._with_room().join(hear)
        self._with_room()
        return context

    async def prewarm(self) -> None:
        """Have a socket with room. Raises ProviderError where it cannot be opened."""
        socket = self._with_room()
        await socket.settled.wait()  # which connecting has a deadline for
        if socket.lost is not None:
            raise socket.lost

    def _with_room(self) -> Socket:
        for socket in self._sockets:
            if socket.has_room:
                return socket
        socket = Socket(self._resources, self._forget)
        self._sockets.append(socket)
        return socket

    def _forget(self, socket: Socket) -> None:
        if socket in self._sockets:
            self._sockets.remove(socket)


# Every agent has a provider of its own, but a process has one account to be careful with.
_SHARED: Final[dict[Upkeep, Sockets]] = {}


def shared_sockets(resources: Resources) -> Sockets:
    """The sockets of this process, which end with its upkeep."""
    upkeep = resources.upkeep
    if upkeep not in _SHARED:
        _SHARED[upkeep] = Sockets(resources)

        async def forget() -> None:
            del _SHARED[upkeep]

        upkeep.at_end(forget)
    return _SHARED[upkeep]


def _lost() -> ProviderError:
    return ProviderError("the connection to Cartesia was lost", service="tts")
