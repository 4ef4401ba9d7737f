"""What a browser's requests do to its call: the one reader of a `/ws` connection."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

from msgspec import Struct

from vantum import limits
from vantum.audio.pcm import even
from vantum.call import Call
from vantum.conversation.events import EndAsked, InterruptAsked, MuteChanged
from vantum.errors import CapacityError, RequestError
from vantum.providers.base import ListenOptions
from vantum.session import Session
from vantum.telemetry import Log
from vantum.transports.browser_outlet import BrowserOutlet
from vantum.transports.ids import Ids
from vantum.wire import payloads as p
from vantum.wire.browser import BadFrame, Request, decode
from vantum.wire.events import EVENTS, EXTENSIONS
from vantum.wire.frames import ack, error_for


class Host(Struct, frozen=True):
    """What a browser's call asks of the house; each raises CapacityError or RequestError."""

    admit_recording: Callable[[Call, BrowserOutlet, p.AudioInputStart], None]
    default_automatic: bool | None  # the TURN_DETECTION setting
    log: Log


class BrowserCall:
    """Reads one browser's requests and carries them out on its call."""

    def __init__(self, call: Call, outlet: BrowserOutlet, ids: Ids, host: Host, *, v2: bool):
        self._call = call
        self._session: Session = call.session
        self._outlet = outlet
        self._ids = ids
        self._host = host
        self._v2 = v2
        self._recording: p.AudioInputStart | None = None
        self._muted = False
        self._unanswered: list[Request] = []  # ends of recordings that are still transcribed
        self._transcribed = asyncio.Event()
        self._transcribed.set()
        self._arrivals: deque[float] = deque(maxlen=limits.MESSAGES_PER_S)
        self._warned_at = float("-inf")
        outlet.on_input_closed = self._answer_ends

    async def listen(self, receive: Callable[[], Awaitable[bytes | str | None]]) -> None:
        """Take messages until the socket closes (None)."""
        try:
            await self._listen(receive)
        finally:
            self._outlet.on_input_closed = None

    async def _listen(self, receive: Callable[[], Awaitable[bytes | str | None]]) -> None:
        while (message := await receive()) is not None:
            now = asyncio.get_running_loop().time()
            self._session.touch(now)
            await self._keep_pace(now)
            if isinstance(message, str):
                self._refuse(RequestError("Text frames are not understood; send MessagePack"), None)
                continue
            try:
                request = decode(message)
            except BadFrame as bad:
                self._refuse(bad, bad.request_type, bad.event_id)
                continue
            try:
                await self._carry_out(request)
            except RequestError as error:
                self._refuse(error, request.event_type, request.event_id)
            except CapacityError as error:
                refusal = RequestError(str(error), code="CONNECTION_ERROR")
                self._refuse(refusal, request.event_type, request.event_id)

    async def _keep_pace(self, now: float) -> None:
        """Slow down, once told, a client that sends more than its share; nothing is lost."""
        arrivals = self._arrivals
        if len(arrivals) == arrivals.maxlen and (early_s := arrivals[0] + 1.0 - now) > 0:
            if now - self._warned_at >= 1.0:
                self._warned_at = now
                text = f"More than {limits.MESSAGES_PER_S} messages in a second; slowing down"
                self._refuse(RequestError(text, code="CONNECTION_ERROR"), None)
            await asyncio.sleep(early_s)
            now += early_s
        arrivals.append(now)

    def _refuse(
        self, error: RequestError, request_type: str | None, event_id: str | None = None
    ) -> None:
        frame = error_for(
            error,
            request_type,
            event_id=event_id or self._ids.new(),
            session_id=self._session.session_id,
            v2=self._v2,
        )
        self._outlet.put(frame)

    def _ack(self, request: Request) -> None:
        self._outlet.put(ack(request, v2=self._v2))

    async def _carry_out(self, request: Request) -> None:
        if request.session_id != self._session.session_id:
            raise RequestError(
                f"{request.event_type}: sessionId is not this connection's", code="SESSION_ERROR"
            )
        if isinstance(request.payload, p.AudioInputChunk):
            await self._take_chunk(request.payload)
            return
        if isinstance(request.payload, p.AudioInputStart):
            await self._transcribed.wait()  # else the last words of the former recording are lost
        _ACTIONS[request.name](self, request)

    async def _take_chunk(self, chunk: p.AudioInputChunk) -> None:
        # The original page starts its microphone before it asks to; sound of no recording is lost.
        if self._recording is None or self._muted or chunk.is_muted:
            return
        if pcm := even(chunk.audio):
            await self._call.hear(pcm)

    def _start(self, request: Request) -> None:
        start = cast(p.AudioInputStart, request.payload)
        running = self._recording
        if running is not None:
            if start.sampling_rate != running.sampling_rate:
                raise RequestError(
                    f"{request.event_type}: a recording at {running.sampling_rate} Hz is running;"
                    " end it before starting one at another rate",
                    code="UNSUPPORTED_RATE",
                )
            self._ack(request)
            return
        self._host.admit_recording(self._call, self._outlet, start)
        self._recording = start
        session = self._session
        session.state = "active"
        session.rate_hz = start.sampling_rate
        session.language = start.language or self._call.cast.language
        session.voice_id = start.voice_id or self._call.cast.voice_id
        self._ack(request)
        automatic = self._is_automatic(start)
        options = ListenOptions(
            start.sampling_rate, session.language, session.session_id, automatic=automatic
        )
        self._call.open_input(options, automatic=automatic, greets=automatic and self._v2)

    def _is_automatic(self, start: p.AudioInputStart) -> bool:
        if start.turn_detection is not None:
            return start.turn_detection == "automatic"
        if self._host.default_automatic is not None:
            return self._host.default_automatic
        return self._v2

    def _stop(self, request: Request) -> None:
        if self._recording is None:
            self._ack(request)
            return
        self._recording = None
        self._session.state = "ended"
        self._unanswered.append(request)
        self._transcribed.clear()
        self._call.close_input()

    def _answer_ends(self) -> None:
        for request in self._unanswered:
            self._ack(request)
        self._unanswered.clear()
        self._transcribed.set()

    def _interrupt(self, request: Request) -> None:
        self._ack(request)
        self._call.post(InterruptAsked())

    def _end(self, request: Request) -> None:
        self._ack(request)
        self._call.post(EndAsked("caller_ended"))

    def _mute(self, request: Request) -> None:
        self._muted = request.name == EVENTS.user.action.MUTE
        self._ack(request)
        self._call.post(MuteChanged(self._muted))

    def _rate(self, request: Request) -> None:
        feedback = cast(p.Feedback, request.payload)
        self._host.log.info("feedback", sentiment=feedback.sentiment)
        self._ack(request)

    def _beat(self, request: Request) -> None:
        self._outlet.event(request.name, p.Moment(self._ids.now_ms()))

    def _progress(self, request: Request) -> None:
        progress = cast(p.AudioOutputProgress, request.payload)
        turn = self._outlet.turn_of(progress.utterance_id)
        if turn is not None:
            self._call.confirm_heard(turn, progress.played_ms / 1000)


_ACTIONS: Final[dict[str, Callable[[BrowserCall, Request], Any]]] = {
    EVENTS.audio.input.START: BrowserCall._start,
    EVENTS.audio.input.STOP: BrowserCall._stop,
    EVENTS.user.action.INTERRUPT: BrowserCall._interrupt,
    EVENTS.user.action.END_CALL: BrowserCall._end,
    EVENTS.user.action.MUTE: BrowserCall._mute,
    EVENTS.user.action.UNMUTE: BrowserCall._mute,
    EVENTS.user.feedback.SENTIMENT: BrowserCall._rate,
    EVENTS.connection.lifecycle.HEARTBEAT: BrowserCall._beat,
    EVENTS.connection.lifecycle.DISCONNECT: BrowserCall._end,
    EXTENSIONS.audio.output.PROGRESS: BrowserCall._progress,
}
