"""How one reply is asked of the model and given to the voice, each with a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing

from vantum import limits
from vantum.alarm import Alarm, Patience
from vantum.conversation import events as ev
from vantum.conversation.segments import spoken_text
from vantum.errors import ProviderError
from vantum.providers.base import (
    Action,
    LanguageModel,
    Prompt,
    Spoken,
    TextToSpeech,
    Usage,
    VoiceOptions,
)

Post = Callable[[ev.Event], None]


class Saying:
    """The pieces of one reply on their way to the voice, and the tasks that work on it."""

    def __init__(self, turn: int, reply: int, *, released: bool = True) -> None:
        self.turn = turn
        self.reply = reply
        self.released = asyncio.Event()  # the answer counts; a guess may only be made so far ahead
        if released:
            self.released.set()
        self.tasks: list[asyncio.Task[None]] = []
        # Bounded by the longest answer (500 tokens); a model that exceeds it loses its voice.
        self._pieces: asyncio.Queue[str | None] = asyncio.Queue(limits.PIECES)
        self._watch = _Watch()
        self._made_s = 0.0

    def give(self, text: str | None) -> None:
        """Add a piece; None ends the reply."""
        self._pieces.put_nowait(text)
        if text is not None:
            self._watch.given()

    def cancel(self) -> None:
        """Stop model and voice. A task that was stopped holds its trace, and that holds this."""
        for task in self.tasks:
            task.cancel()
        self.tasks.clear()
        self._watch.close()

    async def ask(
        self, model: LanguageModel, prompt: Prompt, post: Post, spent: Callable[[Usage], None]
    ) -> None:
        """Post the model's answer as it is written."""
        turn, reply, patience = self.turn, self.reply, Patience()
        try:
            async with aclosing(model.reply(prompt)) as answer:
                while True:
                    waiting = anext(answer, None)
                    item = await patience.within(limits.MODEL_DEADLINE_S, waiting)
                    if item is None:
                        break
                    if isinstance(item, Action):
                        post(ev.ActionAsked(turn, reply, item.name, item.argument))
                    elif isinstance(item, ev.Setback):
                        post(item)
                    elif isinstance(item, Usage):
                        spent(item)
                    else:
                        post(ev.Token(turn, reply, item))
            post(ev.ReplyWritten(turn, reply))
        except TimeoutError:
            post(ev.ReplyFailed(turn, reply, "the model did not answer in time"))
        except ProviderError as error:
            post(ev.ReplyFailed(turn, reply, str(error), error.trouble))
        finally:
            patience.close()

    async def voice(
        self,
        voice: TextToSpeech,
        options: VoiceOptions,
        post: Post,
        room: Callable[[], Awaitable[None]],
    ) -> None:
        """Post the sound of each piece as it is made, waiting for `room` before each part."""
        turn, reply, watch = self.turn, self.reply, self._watch
        try:
            async with (
                asyncio.timeout(None) as watch.limit,  # in no variable: its task holds this frame
                aclosing(voice.speak(self._given(), options)) as sounds,
            ):
                watch.rearm()
                try:
                    async for sound in sounds:
                        watch.rest()
                        await room()
                        await self._report(sound, post)
                        watch.rearm()
                finally:
                    watch.close()
        except TimeoutError:
            post(ev.VoiceFailed(turn, reply, "the voice did not answer in time"))
        except ProviderError as error:
            post(ev.VoiceFailed(turn, reply, str(error), error.trouble))

    async def _report(self, sound: Spoken | ev.Setback, post: Post) -> None:
        if isinstance(sound, ev.Setback):
            post(sound)
            return
        if self._made_s > limits.AHEAD_S:
            await self.released.wait()
        ids = (self.turn, self.reply, sound.piece)
        speech = ev.Speech(*ids, sound.pcm, sound.rate_hz, sound.words, sound.encoding)
        made_s, self._made_s = self._made_s, self._made_s + speech.lasts_s
        if int(made_s) < int(self._made_s):  # what is known by heart waits for nothing
            await asyncio.sleep(0)
        if sound.pcm or sound.words:
            post(speech)
        if sound.last:
            self._watch.finished()
            post(ev.PieceVoiced(*ids))

    async def _given(self) -> AsyncIterator[str]:
        while (text := await self._pieces.get()) is not None:
            yield spoken_text(text)[: limits.SPEECH_CHARS]


class _Watch:
    """Lets the voice's time run only while it owes sound, taken up by it or not."""

    def __init__(self) -> None:
        self.limit: asyncio.Timeout | None = None  # of the voice at work
        self._owed = 0
        self._alarm = Alarm(self._ring)

    def given(self) -> None:
        self._owed += 1
        if self._owed == 1:
            self.rearm()

    def finished(self) -> None:
        self._owed -= 1

    def rest(self) -> None:
        self._alarm.rest()

    def rearm(self) -> None:
        if self._owed and self.limit is not None:
            self._alarm.set(limits.SYNTHESIS_DEADLINE_S)
        else:
            self._alarm.rest()

    def close(self) -> None:
        self.limit = None
        self._alarm.close()

    def _ring(self) -> None:
        if self.limit is not None and not self.limit.expired():
            self.limit.reschedule(0.0)  # over
