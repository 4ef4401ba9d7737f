"""What a phone's messages do to its call: the one reader of a media stream."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from vantum.audio.arrivals import FRAME_SAMPLES, Arrivals
from vantum.audio.beep import BeepEar
from vantum.call import Call
from vantum.conversation.events import Answered, Beeped, Keyed
from vantum.providers.base import ListenOptions
from vantum.recording.recorder import Recorder
from vantum.telemetry import Log
from vantum.transports.twilio_outlet import TwilioOutlet
from vantum.wire import twilio as wire

KEYS_S: Final = 2.0  # a pause after which no further digit belongs to those before it


class TwilioCall:
    """Reads one stream and carries it to its call."""

    def __init__(
        self,
        call: Call,
        outlet: TwilioOutlet,
        log: Log,
        *,
        answered: Answered,
        recorder: Recorder | None = None,
    ) -> None:
        self.stopped = False  # the carrier ended the stream: the leg is over, or elsewhere
        self._call = call
        self._outlet = outlet
        self._log = log
        self._answered = answered
        self._recorder = recorder
        self._arrivals = Arrivals()
        self._beep = BeepEar()
        self._keys = ""
        self._keys_due: asyncio.TimerHandle | None = None
        self._now = asyncio.get_running_loop().time  # to ask which loop runs costs a system call
        outlet.on_heard = call.confirm_heard

    async def listen(self, receive: Callable[[], Awaitable[bytes | str | None]]) -> None:
        """Take messages until the stream stops or the socket closes (None)."""
        self._begin()
        try:
            while not self.stopped and (text := await receive()) is not None:
                self._call.session.touch(self._now())
                await self._read(text)
        finally:
            self._outlet.on_heard = None
            if self._keys_due is not None:
                self._keys_due.cancel()

    def take_at_once(self, text: bytes | str) -> bool:
        """Take a frame of sound, or a mark, without waiting; False: `listen` is to get it.

        A task that is woken for each frame costs as much as all else that is done with it.
        """
        if not self._call.can_hear:
            return False
        try:
            message = wire.from_carrier(text)
        except wire.MessageError:
            return False
        if not isinstance(message, wire.Media | wire.Mark):
            return False
        now = self._now()
        self._call.session.touch(now)
        if isinstance(message, wire.Mark):
            self._outlet.marked(message.mark.name)
        elif heard := self._heard(message.media):
            self._call.hear_now(heard, now)
            self._listen_for_beep(heard)
        return True

    async def _read(self, text: bytes | str) -> None:
        try:
            message = wire.from_carrier(text)
        except wire.MessageError as error:
            self._log.warning("carrier_not_understood", why=str(error)[:200])
        else:
            await self._take(message)

    def _begin(self) -> None:
        session = self._call.session
        session.state = "active"
        session.rate_hz = wire.RATE_HZ
        session.language = self._call.cast.language
        session.voice_id = self._call.cast.voice_id
        options = ListenOptions(
            wire.RATE_HZ, session.language, session.session_id, encoding="mulaw"
        )
        self._call.open_input(options, automatic=True, greets=True)
        self._call.post(self._answered)

    async def _take(self, message: wire.FromCarrier | None) -> None:
        if isinstance(message, wire.Media):
            await self._hear(message.media)
        elif isinstance(message, wire.Mark):
            self._outlet.marked(message.mark.name)
        elif isinstance(message, wire.Dtmf):
            self._press(message.dtmf.digit)
        elif isinstance(message, wire.Stop):
            self.stopped = True

    async def _hear(self, sound: wire.InboundSound) -> None:
        if heard := self._heard(sound):
            await self._call.hear(heard)
            self._listen_for_beep(heard)

    def _heard(self, sound: wire.InboundSound) -> bytes:
        """What of a frame is to be heard, and is recorded."""
        at_ms = wire.count(sound.timestamp)
        if at_ms is None:
            return b""
        heard = self._arrivals.push(at_ms, sound.payload)
        if heard and self._recorder is not None:
            self._recorder.heard(heard, self._arrivals.position, self._now())
        return heard

    def _listen_for_beep(self, heard: bytes) -> None:
        # Until somebody is known to be there it may be a mailbox; nobody else is expected to call.
        if self._answered.inbound or self._outlet.answered_by == "person":
            return
        for at in range(0, len(heard), FRAME_SAMPLES):
            if self._beep.hear(heard[at : at + FRAME_SAMPLES]):
                self._call.post(Beeped(self._arrivals.position / wire.RATE_HZ))

    def _press(self, digit: str) -> None:
        """Digits follow each other; `#` or a pause ends them."""
        if self._keys_due is not None:
            self._keys_due.cancel()
        self._keys += digit
        if digit == "#":
            self._tell_keys()
        else:
            loop = asyncio.get_running_loop()
            self._keys_due = loop.call_later(KEYS_S, self._tell_keys)

    def _tell_keys(self) -> None:
        keys, self._keys = self._keys, ""
        self._call.post(Keyed(keys))
