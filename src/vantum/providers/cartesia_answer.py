"""How the pieces of one answer become contexts and requests, and what is heard becomes sound.

One context speaks a whole answer, for the sake of its melody, unless the model pauses for so long
that the service forgets it; then the next piece begins another one. Each piece is followed by a
flush, so that its end is told. With no buffering the service also flushes by itself, so a flush
that ends nothing is ignored: outputs of a context come in the order of its inputs.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from vantum.audio.pcm import Encoding
from vantum.conversation.events import SpokenWord
from vantum.errors import ProviderError, ProviderTimeout
from vantum.limits import Budgets
from vantum.mailbox import Mailbox
from vantum.providers.base import Spoken
from vantum.providers.cartesia_sockets import Context, Heard, Sockets
from vantum.providers.cartesia_trouble import refused
from vantum.providers.cartesia_voices import speakable, untagged
from vantum.wire import cartesia as wire

CONTEXT_REST_S: Final = 0.8  # a context is forgotten 1 s after its last sound; the way there is 0.1
# Pieces under way: the next one is there when the service comes to it. More would only be paid for
# in vain when the caller interrupts.
_UNDER_WAY: Final = 2
# Of what is heard: 5,000 characters, at which a piece is cut, are some 20,000 sounds of 20 ms.
# Who leaves more untaken has the socket closed.
_MOST: Final = 100_000


class _Piece(Struct):
    number: int
    text: str
    sounded: bool = False
    flush_id: int | None = None
    alarm: asyncio.TimerHandle | None = None  # while it is the one that is spoken


_Item = tuple[Context, Heard] | _Piece | BaseException | None
"""What was heard, what is late, what has failed; None for something else that is new."""


class _Line(Struct):
    """A context and how far it has sounded, in seconds."""

    context: Context
    heard_s: float = 0.0
    piece_from_s: float = 0.0
    quiet_since: float | None = None
    half_sample: bytes = b""

    def whole(self, sound: bytes, width: int) -> bytes:
        """As much as is whole samples of `width` bytes; the rest comes before the next sound."""
        sound = self.half_sample + sound  # copies nothing where one of them is empty
        over = len(sound) % width
        self.half_sample = sound[len(sound) - over :]
        return sound[:-over] if over else sound


class Answer:
    """One answer. `request` holds all that is the same for each of its pieces."""

    def __init__(
        self, sockets: Sockets, request: wire.GenerationRequest, budgets: Budgets, *, rest_s: float
    ) -> None:
        self._sockets = sockets
        self._request = request
        self._budgets = budgets
        self._rest_s = rest_s
        self._inbox: Mailbox[_Item] = Mailbox(_MOST)
        self._under_way: deque[_Piece] = deque()
        self._room = asyncio.Semaphore(_UNDER_WAY)
        self._in_order = asyncio.Lock()
        self._line: _Line | None = None
        self._fed = False
        self._input_ended = False
        self._loop = asyncio.get_running_loop()  # to ask which one costs a system call

    # -- towards the service -----------------------------------------------------------------------

    async def feed(self, pieces: AsyncIterator[str]) -> None:
        """Have all pieces spoken, in order."""
        number = 0
        async for text in pieces:
            await self._room.acquire()
            async with self._in_order:
                piece = _Piece(number, speakable(text, self._request.model_id))
                self._under_way.append(piece)
                if len(self._under_way) == 1:
                    self._watch(piece)
                self._inbox.put_nowait(None)
                await self._say(piece)
            number += 1
        async with self._in_order:
            self._input_ended = True
            with suppress(ProviderError):  # what is under way hears of a lost socket by itself
                await self._end_input()

    def fed(self, feeding: asyncio.Task[None]) -> None:
        """The feeding task has ended."""
        self._fed = True
        self._inbox.put_nowait(None if feeding.cancelled() else feeding.exception())

    def close(self) -> None:
        """Nobody listens any more."""
        owed = bool(self._under_way)
        if self._under_way and (alarm := self._under_way[0].alarm):
            alarm.cancel()
        if self._line is not None:
            self._line.context.release(cancel=owed or not self._input_ended, owed=owed)
            self._line = None

    async def _say(self, piece: _Piece) -> None:
        if not piece.text:
            return
        if self._is_expiring(piece):
            self._leave(cancel=True)
        if self._line is None:
            self._line = _Line(self._sockets.context(self._hear))
        await self._send(piece.text + " ")
        await self._send("", flush=True)

    def _is_expiring(self, piece: _Piece) -> bool:
        """The service may have forgotten the context when this piece arrives."""
        if self._line is None or self._line.quiet_since is None or self._under_way[0] is not piece:
            return False
        return self._loop.time() - self._line.quiet_since > self._rest_s

    async def _end_input(self) -> None:
        if self._line is not None:
            await self._send("", more=False)

    async def _send(self, transcript: str, *, flush: bool | None = None, more: bool = True) -> None:
        if self._line is None:  # lost while the message before this one was being sent
            return
        context = self._line.context
        await context.send(
            replace(
                self._request,
                context_id=context.id,
                transcript=transcript,
                continue_=more,
                flush=flush,
            )
        )

    async def _again(self) -> None:
        """Say what has not sounded yet in a new context."""
        async with self._in_order:
            for piece in tuple(self._under_way):
                await self._say(piece)
            if self._input_ended:
                await self._end_input()

    def _leave(self, *, cancel: bool) -> None:
        if self._line is not None:
            self._line.context.release(cancel=cancel)
            self._line = None

    # -- from the service --------------------------------------------------------------------------

    def _hear(self, context: Context, heard: Heard) -> None:
        self._inbox.put_nowait((context, heard))

    async def next(self) -> list[Spoken] | None:
        """What is heard next, perhaps nothing; None when all has been. Raises ProviderError."""
        if self._fed and not self._under_way:
            return None
        item = await self._inbox.get()
        if isinstance(item, BaseException):
            raise item
        if isinstance(item, _Piece):
            if self._under_way and self._under_way[0] is item:
                raise ProviderTimeout("Cartesia did not finish in time", service="tts")
            return []  # its end came before, and lay in the inbox
        spoken = []
        if item is not None and self._line is not None and item[0] is self._line.context:
            spoken = await self._take(self._line, item[1])
        while self._under_way and not self._under_way[0].text:
            spoken.append(self._end_piece())
        return spoken

    def _watch(self, piece: _Piece) -> None:
        """Have it told when the first piece is late; a timeout for each sound would cost more."""
        late_s = self._budgets.tts_request_s
        piece.alarm = self._loop.call_later(late_s, self._inbox.put_nowait, piece)

    async def _take(self, line: _Line, heard: Heard) -> list[Spoken]:
        match heard:
            case wire.Chunk():
                return self._sound(line, heard)
            case wire.Timestamps():
                return self._words(line, heard.word_timestamps)
            case wire.FlushDone():
                return [self._end_piece()] if self._head_sounded else []
            case wire.Done():
                return await self._over(line)
            case wire.Error():
                return await self._refused(line, refused(heard))
        if self._under_way:
            raise heard
        self._leave(cancel=False)  # a socket that is lost while it owes nothing is no failure
        return []

    @property
    def _head_sounded(self) -> bool:
        return bool(self._under_way) and self._under_way[0].sounded

    def _sound(self, line: _Line, chunk: wire.Chunk) -> list[Spoken]:
        spoken = []
        if self._belongs_to_next(chunk):
            spoken.append(self._end_piece())
        if not self._under_way:
            return spoken
        piece, output = self._under_way[0], self._request.output_format
        piece.sounded, piece.flush_id = True, chunk.flush_id
        width = wire.BYTES_PER_SAMPLE[output.encoding]
        line.heard_s += len(chunk.data) / (width * output.sample_rate)
        line.quiet_since = self._loop.time()
        if data := line.whole(chunk.data, width):
            spoken.append(self._spoken(data))
        return spoken

    def _belongs_to_next(self, chunk: wire.Chunk) -> bool:
        """The service has gone on without telling the end of a piece."""
        if len(self._under_way) < _UNDER_WAY or not self._head_sounded:
            return False
        return self._under_way[0].flush_id != chunk.flush_id

    def _words(self, line: _Line, timed: wire.WordTimestamps) -> list[Spoken]:
        from_s = line.piece_from_s
        words = tuple(
            SpokenWord(word, max(0.0, start_s - from_s), end_s - from_s)
            for text, start_s, end_s in zip(timed.words, timed.start, timed.end, strict=False)
            if (word := untagged(text)) and end_s > from_s
        )
        return [self._spoken(b"", words=words)] if words and self._under_way else []

    def _end_piece(self) -> Spoken:
        ended = self._spoken(b"", last=True)
        if alarm := self._under_way.popleft().alarm:
            alarm.cancel()
        self._room.release()
        if self._under_way:
            self._watch(self._under_way[0])
        if self._line is not None:
            self._line.piece_from_s = self._line.heard_s
            self._line.half_sample = b""
        return ended

    def _spoken(
        self, pcm: bytes, *, last: bool = False, words: tuple[SpokenWord, ...] = ()
    ) -> Spoken:
        output = self._request.output_format
        encoding: Encoding = "mulaw" if output.encoding == "pcm_mulaw" else "s16le"
        number = self._under_way[0].number
        return Spoken(number, pcm, output.sample_rate, last, encoding, words)

    async def _over(self, line: _Line) -> list[Spoken]:
        """The context has ended: as it was asked to, or because the model paused for too long."""
        ended = [self._end_piece()] if self._head_sounded else []
        self._leave(cancel=False)
        if line.heard_s:
            await self._again()
        else:  # a new context had no sound for it: there is none
            ended += [self._end_piece() for _ in tuple(self._under_way)]
        return ended

    async def _refused(self, line: _Line, error: ProviderError) -> list[Spoken]:
        owes_nothing = not self._under_way
        # A context that has spoken may have expired on the way; a new one is refused for a reason.
        may_be_expired = line.heard_s and not self._head_sounded and error.trouble == "fatal"
        if not owes_nothing and not may_be_expired:
            raise error
        self._leave(cancel=False)
        await self._again()
        return []
