"""What flows over one open WebSocket: whole messages in, in order and not too many; messages out.

Parsing and wording are picows', in C. A peer that sends faster than its messages are taken waits,
as its bytes are not read; who sends faster than the peer takes, waits in `flows`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import Struct
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSProtocolError, WSTransport

if TYPE_CHECKING:  # who talks to vendors alone needs no server
    from starlette.websockets import WebSocket

NO_NEWS: Final = logging.getLogger("vantum.peers")  # what peers do wrong is told in `Gone`
NO_NEWS.setLevel(logging.CRITICAL)
BUFFER_BYTES: Final = 4_096  # of a connection, to begin with; it grows with what comes

_MOST: Final = 64  # messages that wait to be taken, or as much as the largest; then the peer waits
_FEW: Final = 16
_TEXT, _BINARY = WSMsgType.TEXT, WSMsgType.BINARY
_ANSWER_S: Final = 10.0  # for the peer to answer a close
# RFC 6455 §7.4.1
_OK, _WRONG, _NO_STATUS, LOST = 1000, 1002, 1005, 1006
_NO_TEXT, _TOO_BIG, _FAILED = 1007, 1009, 1011


DIRECT: Final = "vantum.frames"  # under which a scope's extensions have its `Frames`


class Gone(Struct, frozen=True):
    """In the place of a message: there will be no more, and why (RFC 6455 §7.4)."""

    code: int
    reason: str = ""

    @property
    def orderly(self) -> bool:
        """Nothing went wrong."""
        return self.code in {_OK, _NO_STATUS}


class Frames(WSListener):
    """One connection's messages, from the upgrade on."""

    def __init__(
        self,
        message_bytes: int,
        lost: Callable[[], None] | None = None,
        *,
        answer_s: float = _ANSWER_S,
    ) -> None:
        self.gone: Gone | None = None
        self._loop = asyncio.get_running_loop()
        self._parts = _Parts(message_bytes)
        self._lost = lost
        self._answer_s = answer_s
        self._transport: WSTransport | None = None
        self._waiting = _Waiting(message_bytes)
        self._taker: asyncio.Future[None] | None = None
        self._reads = True
        self._way = _Way()
        self._closing: asyncio.TimerHandle | None = None
        self.take_at_once: Callable[[bytes | str], bool] | None = None  # False: it is to be queued

    @property
    def opened(self) -> bool:
        """The upgrade was answered with yes."""
        return self._transport is not None

    # -- for the application -------------------------------------------------------------------

    async def receive(self) -> bytes | str | None:
        """The next message, None once there are no more."""
        message = await self.take()
        return None if isinstance(message, Gone) else message

    async def take(self) -> bytes | str | Gone:
        """The next message; once there are no more, why."""
        while not self._waiting.messages:
            if self.gone is not None:
                return self.gone
            self._taker = self._loop.create_future()
            await self._taker
        message = self._waiting.take()
        if not self._reads and self._waiting.are_few:
            self._read(on=True)
        return message

    @property
    def flows(self) -> bool:
        """What is sent now need not wait."""
        return self._way.is_free and self._transport is not None and self.gone is None

    def send_at_once(self, message: bytes | str) -> bool:
        """Send one; False where nobody is there, or it has to wait, be it for others that do."""
        return self._way.is_free and self._sent(message)

    async def send(self, message: bytes | str) -> bool:
        """Send one, once those before it are under way; False when nobody is there any more."""
        await self._way.freed()
        return self._sent(message)

    def close(self, code: int = _OK, reason: str = "") -> None:
        """Say goodbye; the connection ends when the peer does too, or after a while."""
        transport = self._transport
        if transport is None or self.gone is not None:
            return
        self._end(Gone(code, reason))
        transport.send_close(cast("WSCloseCode", code), reason.encode())
        self._read(on=True)
        self._closing = self._loop.call_later(self._answer_s, self.give_up)

    def give_up(self) -> None:
        """End the connection at once: a goodbye may take as long as the peer likes."""
        self._end(Gone(LOST))
        if self._transport is not None:
            self._transport.disconnect(graceful=False)

    def hang_up(self) -> None:
        """End the connection, unless a goodbye is under way."""
        if self._transport is not None and self._closing is None:
            self._transport.disconnect()

    # -- for picows ----------------------------------------------------------------------------

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The upgrade was answered."""
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """A frame has come."""
        kind = frame.msg_type
        if frame.rsv1 or frame.rsv2 or frame.rsv3:
            raise WSProtocolError(_WRONG, "no extension was agreed upon")
        if kind is WSMsgType.CLOSE:
            self._closed(transport, frame)
        elif kind is not WSMsgType.PONG:
            message = self._parts.whole(kind, frame)
            if message is not None:
                self._came(message)

    def on_ws_disconnected(self, transport: WSTransport) -> None:  # noqa: ARG002 - picows' own
        """The connection is over."""
        self.over()

    def over(self) -> None:
        """The connection is over, or never was upgraded."""
        self._end(Gone(LOST))
        lost, self._lost = self._lost, None
        if lost is not None:
            lost()

    def pause_writing(self) -> None:
        """More waits to be sent than should."""
        self._way.block()

    def resume_writing(self) -> None:
        """The peer has taken it."""
        self._way.free()

    # ------------------------------------------------------------------------------------------

    def _sent(self, message: bytes | str) -> bool:
        if self._transport is None or self.gone is not None:
            return False
        self._transport.send(_TEXT if isinstance(message, str) else _BINARY, message)
        return True

    def _came(self, message: bytes | str) -> None:
        taker, direct = self._taker, self.take_at_once
        if self.gone is not None:
            return
        if direct is not None and taker is not None and self._is_taken(message, direct):
            return
        self._waiting.put(message)
        if taker is not None:
            self._taker = None
            if not taker.done():
                taker.set_result(None)
        if self._reads and self._waiting.are_many:
            self._read(on=False)

    def _is_taken(self, message: bytes | str, direct: Callable[[bytes | str], bool]) -> bool:
        try:
            return direct(message)
        except Exception as error:  # noqa: BLE001 - else picows has it, and tells nobody
            what = "a message could not be taken at once"
            self._loop.call_exception_handler({"message": what, "exception": error})
            self.close(_FAILED)
            return True

    def _closed(self, transport: WSTransport, frame: WSFrame) -> None:
        if self.gone is None:
            code = cast("int", frame.get_close_code()) or _NO_STATUS
            self._end(Gone(code, frame.get_close_reason() or ""))
            transport.send_close(cast("WSCloseCode", _OK if code == _NO_STATUS else code))
        transport.disconnect()

    def _end(self, gone: Gone) -> None:
        if self.gone is None:
            self.gone = gone
        if self._closing is not None:
            self._closing.cancel()
        self._way.free()  # who waits learns that nobody is there
        if self._taker is not None and not self._taker.done():
            self._taker.set_result(None)

    def _read(self, *, on: bool) -> None:
        transport: Any = self._transport and self._transport.underlying_transport
        if on != self._reads and transport is not None and not transport.is_closing():
            self._reads = on
            if on:
                transport.resume_reading()
            else:
                transport.pause_reading()


class _CalledOff(WSListener):
    """Stands in for who asked for a connection and went before it was answered."""

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The vendor answered after all."""
        transport.disconnect(graceful=False)


CALLED_OFF: Final = _CalledOff()


def frames_of(socket: WebSocket) -> Frames:
    """The messages of a WebSocket that `web.bridge` has let in."""
    frames: Frames = socket.scope["extensions"][DIRECT]
    return frames


class _Waiting:
    """Messages that nobody has taken yet."""

    def __init__(self, most_bytes: int) -> None:
        self.messages: deque[bytes | str] = deque()
        self._most_bytes = most_bytes
        self._bytes = 0  # of text, characters: there are no more of them

    def put(self, message: bytes | str) -> None:
        """One has come."""
        self.messages.append(message)
        self._bytes += len(message)

    def take(self) -> bytes | str:
        """The first one."""
        message = self.messages.popleft()
        self._bytes -= len(message)
        return message

    @property
    def are_many(self) -> bool:
        """No more should come."""
        return len(self.messages) >= _MOST or self._bytes > self._most_bytes

    @property
    def are_few(self) -> bool:
        """More may come again."""
        return len(self.messages) <= _FEW and self._bytes <= self._most_bytes


class _Way:
    """The way to the peer: who finds it blocked waits, and goes before who comes later."""

    def __init__(self) -> None:
        self._flows = asyncio.Event()
        self._flows.set()
        self._waiting = 0

    @property
    def is_free(self) -> bool:
        """A message may be sent now, and none waits that has to go before it."""
        return not self._waiting and self._flows.is_set()

    async def freed(self) -> None:
        """Wait until it is."""
        self._waiting += 1
        try:
            while not self._flows.is_set():  # who waited too may have blocked it again
                await self._flows.wait()
        finally:
            self._waiting -= 1

    def block(self) -> None:
        """More waits to be read by the peer than should."""
        self._flows.clear()

    def free(self) -> None:
        """The peer has read it, or is gone."""
        self._flows.set()


class _Parts:
    """A message may come in parts, which no other message's come between (RFC 6455 §5.4)."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes  # of one part, picows sees to it
        self._kind: WSMsgType | None = None  # of the message that has begun
        self._kept = bytearray()

    def whole(self, kind: WSMsgType, frame: WSFrame) -> bytes | str | None:
        """The message that ends with this frame. Raises WSProtocolError."""
        begun = self._kind
        if (kind is WSMsgType.CONTINUATION) != (begun is not None):
            raise WSProtocolError(_WRONG, "a part of no message, or a message between parts")
        try:
            if begun is None and frame.fin:
                is_text = kind is _TEXT
                return frame.get_payload_as_utf8_text() if is_text else frame.get_payload_as_bytes()
            if len(self._kept) + frame.payload_size > self._most_bytes:
                raise WSProtocolError(_TOO_BIG, "the message is too long")
            self._kept += frame.get_payload_as_memoryview()
            self._kind = begun or kind
            if not frame.fin:
                return None
            message, self._kept, self._kind = self._kept, bytearray(), None
            return message.decode() if begun is _TEXT else bytes(message)
        except UnicodeDecodeError:
            raise WSProtocolError(_NO_TEXT, "no UTF-8") from None
