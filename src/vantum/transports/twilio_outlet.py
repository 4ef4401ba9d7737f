"""How a call's sound is worded for Twilio: frames, marks that prove what was heard, and clears."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from vantum import limits
from vantum.audio.dtmf import keyed
from vantum.audio.pcm import Encoding
from vantum.audio.playout import OnHold
from vantum.conversation.effects import AnswererKnown, Greeted, Notice, OptedOut, Transfer
from vantum.conversation.events import EndReason, Kind
from vantum.recording.recorder import Recorder
from vantum.transports.base import Confirm
from vantum.wire import twilio as wire

MARK_EVERY: Final = round(0.4 * wire.RATE_HZ)  # samples; a word or two may be in doubt


class HangUp(Struct, frozen=True):
    """Close the stream once everything before it was sent."""

    reason: EndReason


class Outbox:
    """Messages on their way to a peer, in order: at once where it keeps up, else from a queue.

    A task that is woken for each frame costs as much as the sending.
    """

    def __init__(self, most: int) -> None:
        self.send_at_once: Callable[[str], bool] | None = None  # False: it has to wait
        self._queue: asyncio.Queue[str | HangUp] = asyncio.Queue(most)

    def put(self, message: str | HangUp) -> None:
        """Send it, or have it wait. Raises asyncio.QueueFull."""
        direct = self.send_at_once if self._queue.empty() else None
        if direct is None or isinstance(message, HangUp) or not direct(message):
            self._queue.put_nowait(message)

    def drop(self) -> None:
        """Forget what waits."""
        while not self._queue.empty():
            self._queue.get_nowait()

    async def get(self) -> str | HangUp:
        """What waits."""
        return await self._queue.get()


class TwilioOutlet:
    """The way to one phone: messages wait in a bounded queue for the socket's writer.

    Marks are named `generation:position`. A generation is what was sent between two clears, of one
    utterance: a clear sends all marks back at once, and those of an older generation prove nothing.
    """

    encoding: Encoding = "mulaw"
    rate_hz = wire.RATE_HZ
    frame_s = limits.FRAME_S
    on_hold: OnHold = "clears"

    def __init__(self, stream_sid: str, recorder: Recorder | None = None) -> None:
        self.messages = Outbox(limits.OUTPUT_FRAMES)
        self.on_heard: Confirm | None = None  # told the turn and how much of it was heard
        self.on_transfer: Callable[[Transfer], None] | None = None
        self.on_news: Callable[[OptedOut | Greeted], None] | None = None
        self.answerers: list[Kind] = []  # as they were taken for, in order
        self.pressed: list[str] = []
        self._stream_sid = stream_sid
        self._recorder = recorder
        self._generation = 0
        self._turn = 0
        self._position = 0  # samples of the utterance sent
        self._marked = 0  # position of the newest mark

    @property
    def answered_by(self) -> str:
        """Who it is by all that is known; "" before anything is."""
        return self.answerers[-1] if self.answerers else ""

    def _put(self, message: str | HangUp) -> None:
        """Send a message, or queue it; a carrier that has left the queue full is gone."""
        try:
            self.messages.put(message)
        except asyncio.QueueFull:
            self.messages.drop()
            self.messages.put(HangUp("faults"))

    # -- sound ---------------------------------------------------------------------------------

    def begin(self, turn: int) -> None:
        """Sound of a new utterance follows."""
        self._turn = turn
        self._generation += 1
        self._position = self._marked = 0
        if self._recorder is not None:
            self._recorder.begins(turn, _now())

    def send(self, turn: int, pcm: bytes) -> None:  # noqa: ARG002 - the turn that has begun
        """Send one frame of sound, with a mark behind it now and then."""
        self._play(pcm)
        self._position += len(pcm)
        if self._position - self._marked >= MARK_EVERY:
            self._mark()

    def _play(self, mulaw: bytes) -> None:
        self._put(wire.written(wire.Play(self._stream_sid, wire.OutboundSound(mulaw))))
        if self._recorder is not None:
            self._recorder.plays(mulaw, _now())

    def _mark(self) -> None:
        self._marked = self._position
        self._label(f"{self._generation}:{self._position}")

    def _label(self, name: str) -> None:
        self._put(wire.written(wire.Label(self._stream_sid, wire.Name(name))))
        if self._recorder is not None:
            self._recorder.marked(name, _now())

    def complete(self, turn: int, sound_s: float) -> None:  # noqa: ARG002 - as above
        """All sound of the utterance was sent."""
        if self._marked < self._position:
            self._mark()

    def hold(self, turn: int) -> None:  # noqa: ARG002 - as above
        """Fall silent now; what the carrier throws away is sent again on resuming."""
        self._clear()

    def resume(self, turn: int, sent_s: float) -> None:  # noqa: ARG002 - as above
        """Go on from `sent_s` of the utterance."""
        self._position = self._marked = round(sent_s * wire.RATE_HZ)

    def cancel(self, turn: int, *, interrupted: bool) -> None:  # noqa: ARG002 - as above
        """Drop all sound of the utterance."""
        self._clear()

    def _clear(self) -> None:
        self._generation += 1
        self.messages.drop()  # nothing may be sent behind the clear
        self._put(wire.written(wire.Clear(self._stream_sid)))
        if self._recorder is not None:
            self._recorder.cleared(_now())
        self._label(f"{self._generation}:clear")  # proves no sound, but when the clear was done

    def marked(self, name: str) -> None:
        """The carrier sends a mark back: its sound was heard, unless it was cleared."""
        if self._recorder is not None:
            self._recorder.echoed(name, _now())
        generation, _, told = name.partition(":")
        position = wire.count(told)
        if generation == str(self._generation) and position is not None and self.on_heard:
            self.on_heard(self._turn, position / wire.RATE_HZ)

    def press(self, digits: str) -> None:
        """Play the keys' tones into the stream: the carrier has no message for them."""
        self.pressed.append(digits)
        sound = keyed(digits)
        frame = round(self.frame_s * self.rate_hz)
        for at in range(0, len(sound), frame):
            self._play(sound[at : at + frame])
        self._label(f"{self._generation}:keys")  # proves no speech, but that this was all

    def transfer(self, order: Transfer) -> None:
        """Put the caller through to somebody else, which ends the stream."""
        if self.on_transfer is not None:
            self.on_transfer(order)

    # -- notices -------------------------------------------------------------------------------

    def tell(self, notice: Notice) -> None:
        """A phone shows nothing; who has answered and what they want is for the records."""
        if isinstance(notice, AnswererKnown):
            self.answerers.append(notice.kind)
        elif isinstance(notice, OptedOut | Greeted) and self.on_news is not None:
            self.on_news(notice)

    def stopping(self, within_s: float) -> None:
        """Nor does it say that the server is about to stop: the agent finishes its call."""

    def close(self, reason: EndReason) -> None:
        """End the stream, once everything before it was sent."""
        self._put(HangUp(reason))


def _now() -> float:
    return asyncio.get_running_loop().time()
