"""How a call's sound and notices are worded for a browser, in either vocabulary."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from vantum import limits
from vantum.audio.pcm import Encoding
from vantum.audio.playout import OnHold
from vantum.conversation import effects as do
from vantum.conversation.events import EndReason
from vantum.conversation.states import State
from vantum.errors import Service
from vantum.transports.ids import Ids
from vantum.wire import payloads as p
from vantum.wire.events import EVENTS, EXTENSIONS
from vantum.wire.frames import event_frame

SOUND_HZ: Final = 48_000  # spec §5: what browsers play
FRAME_S: Final = 0.1  # spec §8: 100 ms pieces; smaller ones only cost frames, the lead is 200 ms

# RFC 6455 §7.4.1; 1013 is registered with IANA as "try again later".
_CLOSE_CODES: Final[dict[EndReason, int]] = {"shutdown": 1001, "faults": 1011, "setup_failed": 1011}

# Providers' own messages hold addresses, and some a part of the key: they are for the log alone.
# What failed, in the event of its domain where there is one, and which service is down.
_FAILED: Final = {
    "stt": (EVENTS.transcript.error.STT_FAILED, "Speech recognition does not work now"),
    "llm": (EVENTS.conversation.error.LLM_FAILED, "The answer could not be written"),
}
LOW_CONFIDENCE: Final = 0.5  # spec §6: below, it is worth asking again
_UNAVAILABLE: Final[dict[Service, tuple[str, str]]] = {
    "stt": (EVENTS.error.service.STT_UNAVAILABLE, "Speech recognition"),
    "llm": (EVENTS.error.service.LLM_UNAVAILABLE, "The language model"),
    "tts": (EVENTS.error.service.TTS_UNAVAILABLE, "The voice"),
}


class Closing(Struct, frozen=True):
    """Close the socket with this code once everything before it was sent."""

    code: int
    reason: str


class BrowserOutlet:
    """The way to one browser: frames wait in a bounded queue for the socket's writer."""

    encoding: Encoding = "s16le"
    rate_hz = SOUND_HZ
    frame_s = FRAME_S

    def __init__(self, session_id: str, ids: Ids, *, v2: bool) -> None:
        self.on_hold: OnHold = "pauses" if v2 else "plays_on"
        self.frames: asyncio.Queue[bytes | Closing] = asyncio.Queue(limits.OUTPUT_FRAMES)
        self.on_input_closed: Callable[[], None] | None = None
        self._session_id = session_id
        self._ids = ids
        self._v2 = v2
        self._utterances: dict[int, str] = {}  # utterance id of the turn being answered

    def utterance(self, turn: int) -> str:
        """The id under which the client knows the turn's answer."""
        if turn not in self._utterances:
            self._utterances = {turn: self._ids.new()}
        return self._utterances[turn]

    def turn_of(self, utterance_id: str) -> int | None:
        """The turn that the client means."""
        return next((t for t, known in self._utterances.items() if known == utterance_id), None)

    def event(self, name: str, payload: Struct) -> None:
        """Send a server event, if the client's vocabulary has it."""
        frame = event_frame(
            name,
            payload,
            event_id=self._ids.new(),
            session_id=self._session_id,
            v2=self._v2,
        )
        if frame is not None:
            self.put(frame)

    def put(self, frame: bytes | Closing) -> None:
        """Queue a frame; a peer that has left the queue full is dead and is dropped."""
        try:
            self.frames.put_nowait(frame)
        except asyncio.QueueFull:
            while not self.frames.empty():
                self.frames.get_nowait()
            self.frames.put_nowait(Closing(1008, "the client does not read"))

    # -- sound ---------------------------------------------------------------------------------

    def begin(self, turn: int) -> None:
        """Sound of a new utterance follows."""
        payload = p.AudioOutputStart(
            self.utterance(turn), timestamp=self._ids.now_ms(), sampling_rate=SOUND_HZ
        )
        self.event(EVENTS.audio.output.START, payload)

    def send(self, turn: int, pcm: bytes) -> None:
        """Send one frame of sound."""
        payload = p.AudioOutputChunk(pcm, self.utterance(turn), SOUND_HZ)
        self.event(EVENTS.audio.output.CHUNK, payload)

    def complete(self, turn: int, sound_s: float) -> None:
        """All sound of the utterance was sent."""
        payload = p.AudioOutputComplete(self.utterance(turn), duration=round(sound_s * 1000))
        self.event(EVENTS.audio.output.COMPLETE, payload)

    def hold(self, turn: int) -> None:
        """Fall silent now; a legacy client is only sent no more."""
        payload = p.AudioOutputHold(self.utterance(turn), timestamp=self._ids.now_ms())
        self.event(EXTENSIONS.audio.output.PAUSE, payload)

    def resume(self, turn: int, sent_s: float) -> None:  # noqa: ARG002 - the page has it all
        """Go on."""
        payload = p.AudioOutputHold(self.utterance(turn), timestamp=self._ids.now_ms())
        self.event(EXTENSIONS.audio.output.RESUME, payload)

    def cancel(self, turn: int, *, interrupted: bool) -> None:
        """Drop all sound of the utterance."""
        payload = p.AudioOutputCancel(
            "interrupt" if interrupted else "stop",
            self.utterance(turn),
            timestamp=self._ids.now_ms(),
        )
        self.event(EVENTS.audio.output.CANCEL, payload)

    def press(self, digits: str) -> None:
        """A browser's call has no pickup, so nobody presses keys in it."""

    def transfer(self, order: do.Transfer) -> None:
        """Nor is anybody put through."""

    # -- notices -------------------------------------------------------------------------------

    def tell(self, notice: do.Notice) -> None:
        """Tell the client."""
        _WORDING[type(notice)](self, notice)

    def _state(self, notice: do.StateChanged) -> None:
        payload = p.StateChanged(notice.before.value, notice.after.value, self._ids.now_ms())
        self.event(EVENTS.conversation.state.CHANGED, payload)
        if notice.after is State.LISTENING and notice.before is State.INITIALIZING:
            self.event(EVENTS.system.status.READY, p.Moment(self._ids.now_ms()))

    def _recognised(self, notice: do.Recognised) -> None:
        confidence = min(1.0, max(0.0, notice.confidence))
        if not notice.final:
            interim = p.InterimResult(notice.text, confidence, is_final=False)
            self.event(EVENTS.transcript.interim.RESULT, interim)
            return
        final = p.FinalResult(
            notice.text,
            confidence,
            is_final=True,
            duration=round(notice.duration_s * 1000),
            timestamp=self._ids.now_ms(),
        )
        self.event(EVENTS.transcript.final.RESULT, final)
        if notice.text and confidence < LOW_CONFIDENCE:
            doubt = p.LowConfidence("The words are uncertain", confidence)
            self.event(EVENTS.transcript.error.LOW_CONFIDENCE, doubt)

    def _input_closed(self, _notice: do.InputClosed | None = None) -> None:
        if self.on_input_closed is not None:
            self.on_input_closed()

    def _answer_started(self, notice: do.AnswerStarted) -> None:
        waited_ms = None if notice.waited_s is None else round(notice.waited_s * 1000)
        payload = p.ResponseStart(
            self._ids.now_ms(), utterance_id=self.utterance(notice.turn), waited_ms=waited_ms
        )
        self.event(EVENTS.conversation.response.START, payload)

    def _answer_token(self, notice: do.AnswerToken) -> None:
        payload = p.ResponseToken(notice.text, notice.index)
        self.event(EVENTS.conversation.response.TOKEN, payload)

    def _answer_completed(self, notice: do.AnswerCompleted) -> None:
        payload = p.ResponseComplete(notice.text, notice.tokens, round(notice.sound_s * 1000))
        self.event(EVENTS.conversation.response.COMPLETE, payload)

    def _answer_interrupted(self, notice: do.AnswerInterrupted) -> None:
        payload = p.StateInterrupted(notice.heard, self._ids.now_ms())
        self.event(EVENTS.conversation.state.INTERRUPTED, payload)

    def _fault(self, notice: do.Fault) -> None:
        if notice.service == "setup":
            text = "The call cannot go on"
            self.event(EVENTS.error.general.INTERNAL_SERVER_ERROR, p.Problem(text))
            return
        if notice.service in _FAILED and not notice.passing:
            name, text = _FAILED[notice.service]
            self.event(name, p.Problem(text))
        name, part = _UNAVAILABLE[notice.service]
        if notice.trouble == "throttled":
            warning = p.RateLimitWarning(notice.service, remaining_quota=0)
            self.event(EVENTS.system.notification.RATE_LIMIT_WARNING, warning)
        elif notice.trouble == "quota":
            self.event(EVENTS.system.notification.QUOTA_EXCEEDED, p.QuotaExceeded(notice.service))
        how = "stumbled and is being mended" if notice.passing else "does not work now"
        self.event(name, p.Problem(f"{part} {how}"))

    def _answerer_known(self, notice: do.AnswererKnown) -> None:
        """Whoever opened the page."""

    def _opted_out(self, notice: do.OptedOut) -> None:
        """They called us, and will not be called."""

    def _greeted(self, notice: do.Greeted) -> None:
        """Nobody picks a page up."""

    def stopping(self, within_s: float) -> None:
        """Say that the server is about to stop."""
        notice = p.Maintenance(estimated_downtime=round(within_s * 1000))
        self.event(EVENTS.system.status.MAINTENANCE, notice)

    def close(self, reason: EndReason) -> None:
        """Say why, then close."""
        self._input_closed()  # an end that still waits for its words is answered now
        if reason == "expired":
            text = "The session was idle, or open, for too long"
            self.event(EVENTS.connection.error.TIMEOUT, p.Problem(text))
        code = _CLOSE_CODES.get(reason, 1000)
        self.event(EVENTS.connection.lifecycle.DISCONNECT, p.Disconnect(reason, code))
        self.put(Closing(code, reason))


_WORDING: Final[dict[type, Callable[..., None]]] = {
    do.StateChanged: BrowserOutlet._state,
    do.Recognised: BrowserOutlet._recognised,
    do.InputClosed: BrowserOutlet._input_closed,
    do.AnswerStarted: BrowserOutlet._answer_started,
    do.AnswerToken: BrowserOutlet._answer_token,
    do.AnswerCompleted: BrowserOutlet._answer_completed,
    do.AnswerInterrupted: BrowserOutlet._answer_interrupted,
    do.Fault: BrowserOutlet._fault,
    do.AnswererKnown: BrowserOutlet._answerer_known,
    do.OptedOut: BrowserOutlet._opted_out,
    do.Greeted: BrowserOutlet._greeted,
}
