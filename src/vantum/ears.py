"""How one recording of the caller reaches a recogniser, and its findings the call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from functools import partial

from vantum import limits
from vantum.alarm import Alarm
from vantum.audio.pcm import silence
from vantum.conversation.events import Event, HearingFailed
from vantum.errors import ProviderError, ProviderTimeout
from vantum.mailbox import Mailbox
from vantum.providers.base import FINALISE, Finalise, ListenOptions, Pieces, SpeechToText, Take

Post = Callable[[Event], None]


class _Stalled:
    """In the place of sound: none came."""


_Item = bytes | Finalise | _Stalled | None


class Ears:
    """One recording: chunks go in, events come out until it is closed."""

    def __init__(self, recogniser: SpeechToText, options: ListenOptions) -> None:
        self.options = options
        self._recogniser = recogniser
        # Bounded; when full, `hear` waits, which slows the sender's socket and loses nothing.
        self._audio: Mailbox[_Item] = Mailbox(limits.INPUT_CHUNKS)
        self._recording = _Recording(self._audio, options)
        self.heard_s = 0.0  # of sound taken
        self.closing = False  # the client ended the recording; later chunks are not part of it
        self.over = False  # nobody takes chunks any more

    @property
    def has_room(self) -> bool:
        """Sound can be taken without waiting; where nobody takes any, it is dropped."""
        return self.over or self.closing or not self._audio.full

    def hear_now(self, pcm: bytes) -> bool:
        """Take sound of the caller at once; False, and none is taken, where that has to wait."""
        if self.over or self.closing:
            return True
        if self._audio.full:
            return False
        self.heard_s += len(pcm) / self.options.bytes_per_s
        self._audio.put_nowait(pcm)
        return True

    async def hear(self, pcm: bytes) -> None:
        """Take sound of the caller. Raises ProviderTimeout when none is taken for too long."""
        if self.hear_now(pcm):
            return
        self.heard_s += len(pcm) / self.options.bytes_per_s
        try:
            async with asyncio.timeout(limits.FINALISE_DEADLINE_S):
                await self._audio.put(pcm)
        except TimeoutError:
            self.leave()
            text = "speech recognition does not keep up"
            raise ProviderTimeout(text, service="stt") from None

    def flush(self) -> None:
        """Have the words of what was said so far delivered; the recording goes on.

        Recognisers that are so far behind that nothing more is taken deliver all they can already.
        """
        if not self._audio.full:
            self._audio.put_nowait(FINALISE)

    async def close(self) -> None:
        """The recording is complete: have the last words delivered, then end."""
        if not self.closing:
            self.closing = True
            await self._audio.put(FINALISE)
            await self._audio.put(None)

    async def listen(self, post: Post) -> None:
        """Report what is heard until the recording is closed or cancelled."""
        try:
            async with aclosing(self._recogniser.listen(self._recording, self.options)) as findings:
                async for finding in findings:
                    post(finding)
                    if self.over:  # by this; who waits for something now may hide the cancellation
                        return
        except ProviderError as error:
            if self.over:  # nobody listens to this recording any more
                return
            self.leave()
            post(HearingFailed(str(error), error.trouble))
        finally:
            self.leave()

    def leave(self) -> None:
        """The recording is given up. Whoever waits for room is let go: there will be none."""
        self.over = True
        self._audio.clear()
        self._recording.close()


class _Recording(Pieces):
    """What was sent, and silence where a muted or stalled client sends nothing.

    Without it the caller's last word would never end: recognisers count silence in audio.
    """

    def __init__(self, audio: Mailbox[_Item], options: ListenOptions) -> None:
        self._audio = audio
        self._options = options
        self._filled_s = limits.STALL_FILL_S  # nothing to fill before the first sound
        self._alarm = Alarm(self._stalled)

    async def get(self) -> bytes | Finalise | None:
        """The next piece; None at the end. A wait that is cancelled loses nothing."""
        chunk = await self._audio.get()
        if isinstance(chunk, bytes):
            self._came()
            return chunk
        if isinstance(chunk, _Stalled):
            self._filled_s += limits.STALL_S
            if self._filled_s < limits.STALL_FILL_S:
                self._alarm.set(limits.STALL_S)
            options = self._options
            return silence(limits.STALL_S, options.rate_hz, options.encoding)
        self._filled_s = limits.STALL_FILL_S
        self._alarm.rest()
        return chunk

    def hand_to(self, take: Take | None) -> None:
        """Let `take` have at once what comes while a `get` waits; False: it is to be got."""
        self._audio.hand_to(None if take is None else partial(self._taken, take))

    def _taken(self, take: Take, chunk: _Item) -> bool:
        if not isinstance(chunk, bytes) or not take(chunk):
            return False
        self._came()
        return True

    def _came(self) -> None:
        self._filled_s = 0.0
        self._alarm.set(limits.STALL_S)

    def close(self) -> None:
        """Nobody asks for more."""
        self._audio.hand_to(None)
        self._alarm.close()

    def _stalled(self) -> None:
        if self._audio.empty:  # else the reader is behind, not the sound
            self._audio.put_nowait(_Stalled())
